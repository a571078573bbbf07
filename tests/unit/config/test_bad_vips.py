"""Each mistake in the section `vips` of takeover.yaml is told as those in the others are."""

from .conftest import ReadPlan
from .test_bad_configs import MEND_TEXT, table
from .test_bad_takeover import FILE, MEND_ADDRESS, MEND_UNICAST, MEND_VIPS, VIPS, told

MEND_LABEL = "write for example marc, or eth0:marc, without '/' or blank"

# What stands for it, on line 4.
BAD_VIPS = {
    "no virtual address": ("{}", f"4:7: a mapping is empty; {MEND_VIPS}"),
    "one virtual address without more": (
        "192.0.2.127",
        f"4:7: '192.0.2.127' stands where entries belong; {MEND_VIPS}",
    ),
    "a virtual address without a value": (
        "{192.0.2.127: }",
        "4:8: an empty value stands where keys belong; write some of owner, candidates, label",
    ),
    "a name for a virtual address": (
        "{marc: {owner: marconi, candidates: [hertz]}}",
        f"4:8: 'marc' is not an IP address; {MEND_ADDRESS}",
    ),
    "a subnet for a virtual address": (
        "{192.0.2.127/24: {owner: marconi, candidates: [hertz]}}",
        f"4:8: '192.0.2.127/24' is not an IP address; {MEND_ADDRESS}",
    ),
    "nobody to own": (
        "{192.0.2.127: {candidates: [hertz]}}",
        "4:8: '192.0.2.127' has no 'owner'; write for example owner: \"marconi\"",
    ),
    "nobody to take over": (
        "{192.0.2.127: {owner: marconi}}",
        "4:8: '192.0.2.127' has no 'candidates'; write for example candidates: [\"hertz\"]",
    ),
    "an empty list to take over": (
        "{192.0.2.127: {owner: marconi, candidates: []}}",
        '4:50: a list is empty; write for example candidates: ["hertz"]',
    ),
    "one candidate in place of a list": (
        "{192.0.2.127: {owner: marconi, candidates: hertz}}",
        "4:50: 'hertz' stands where a list belongs; write for example candidates: [\"hertz\"]",
    ),
    "an unknown owner": (
        "{192.0.2.127: {owner: macroni, candidates: [hertz]}}",
        "4:29: there is no host named 'macroni'; did you mean 'marconi'?",
    ),
    "an unknown candidate": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz, tesla]}}",
        "4:58: there is no host named 'tesla'; the hosts are marconi, hertz",
    ),
    "an owner who is his own candidate": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz, marconi]}}",
        "4:58: 'marconi' is the owner already; name another host, or remove it",
    ),
    "a candidate twice": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz, hertz]}}",
        "4:58: 'hertz' is listed twice; remove it",
    ),
    "an unknown key of an address": (
        "{192.0.2.127: {owner: marconi, candidate: [hertz]}}",
        "4:8: '192.0.2.127' has no 'candidates'; write for example candidates: [\"hertz\"]",
        "4:38: unknown key 'candidate'; did you mean 'candidates'?",
    ),
    "a main address": (
        "{192.0.2.2: {owner: marconi, candidates: [hertz]}}",
        "4:8: '192.0.2.2' is the main address of 'hertz'; write another address",
    ),
    "the address of a witness": (
        "{192.0.2.254: {owner: marconi, candidates: [hertz]}}",
        "4:8: '192.0.2.254' is a witness; write another address",
    ),
    "one address in two spellings": (
        "{'2001:DB8::1': &v {owner: marconi, candidates: [hertz]}, '2001:db8:0::1': *v}",
        "4:65: '2001:db8:0::1' is the same as '2001:DB8::1' on line 4; keep one of the two",
    ),
    "addresses that other hosts can not reach": (
        "{127.0.0.5: &v {owner: marconi, candidates: [hertz]}, '::1': *v, 0.0.0.0: *v, '::': *v,\n"
        " 224.0.0.18: *v, 'ff02::12': *v, 169.254.1.1: *v, 'fe80::1': *v, 255.255.255.255: *v,\n"
        " '::ffff:192.0.2.9': *v, 'fe80::1%eth0': *v}",
        f"4:8: '127.0.0.5' is a loopback address; {MEND_UNICAST}",
        f"4:61: '::1' is a loopback address; {MEND_UNICAST}",
        f"4:72: '0.0.0.0' is no host's address; {MEND_UNICAST}",
        f"4:85: '::' is no host's address; {MEND_UNICAST}",
        f"5:2: '224.0.0.18' is a multicast address; {MEND_UNICAST}",
        f"5:18: 'ff02::12' is a multicast address; {MEND_UNICAST}",
        f"5:34: '169.254.1.1' is an address of one link only; {MEND_UNICAST}",
        f"5:51: 'fe80::1' is an address of one link only; {MEND_UNICAST}",
        f"5:66: '255.255.255.255' is the broadcast address; {MEND_UNICAST}",
        f"6:2: '::ffff:192.0.2.9' is an IPv4 address in the form of IPv6; {MEND_UNICAST}",
        "6:26: 'fe80::1%eth0' is an address of one link only;"
        " write an address that stands without '%'",
    ),
    "a label for IPv6": (
        "{'2001:db8::127': {owner: marconi, candidates: [hertz], label: marc}}",
        "4:70: an IPv6 address has no label; remove it",
    ),
    "a label of two words": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz], label: my marc}}",
        f"4:66: 'my marc' is not the alias of an interface; {MEND_LABEL}",
    ),
    "a label that is a list": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz], label: [marc]}}",
        f"4:66: a list stands where text belongs; {MEND_TEXT}",
    ),
    "a label too long for any interface": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz], label: marconis-address}}",
        "4:66: the text has 16 octets; write at most 15",
    ),
    "a label too long for this interface": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz], label: marconis-ip}}",
        "4:66: 'eth0:marconis-ip' has 16 characters; write a label of at most 10",
    ),
    "a label with another interface": (
        "{192.0.2.127: {owner: marconi, candidates: [hertz], label: 'eth0:marc'}}",
        "4:66: 'eth0:marc' is no alias of eth1, the interface of 'hertz';"
        " write marc, which each host puts behind its interface",
    ),
}


@table(BAD_VIPS)
def test_vips(read_takeover: ReadPlan, written: str, expected: list[str]) -> None:
    assert told(read_takeover, FILE.replace(VIPS, written)) == expected
