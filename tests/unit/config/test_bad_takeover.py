"""Each mistake in takeover.yaml is told at its place, with how to mend it, and all at once."""

from pathlib import Path

import pytest

from rrdns.config.takeover_read import MAX_FILE_OCTETS, read_plan
from rrdns.errors import BadInputError

from .conftest import ReadPlan
from .test_bad_configs import MEND_DURATION, table

HOSTS = "{marconi: 192.0.2.1, hertz: {address: 192.0.2.2, interface: eth1}}"
VIPS = "{192.0.2.127: {owner: marconi, candidates: [hertz]}}"
FILE = f"""\
hosts: {HOSTS}
interface: eth0
witnesses: [192.0.2.254]
vips: {VIPS}
"""
MEND_ADDRESS = "write for example 192.0.2.1 or 2001:db8::1"
MEND_UNICAST = "write an address by which other hosts reach it, such as 192.0.2.1"
MEND_INTERFACE = "write for example eth0, without '/', ':' or blank"
MEND_HOSTS = 'write for example hosts: {"marconi": "192.0.2.1"}'
MEND_VIPS = 'write for example vips: {"192.0.2.127": {"owner": "marconi", "candidates": ["hertz"]}}'
MEND_FILE = "name the configuration file, for example /etc/rrdns/takeover.yaml"

# What stands for `hosts`, on line 1.
BAD_HOSTS = {
    "no entry": ("{}", f"1:8: a mapping is empty; {MEND_HOSTS}"),
    "hosts without a value": (
        "",
        f"1:1: an empty value stands where entries belong; {MEND_HOSTS}",
    ),
    "a list of hosts": (
        "[192.0.2.1]",
        f"1:8: a list stands where entries belong; {MEND_HOSTS}",
    ),
    "a host without a value": (
        "{marconi: , hertz: 192.0.2.2}",
        "1:9: an empty value stands where keys belong; write some of address, interface, agent",
    ),
    "a list for a host": (
        "{marconi: [192.0.2.1], hertz: 192.0.2.2}",
        "1:18: a list stands where keys belong; write some of address, interface, agent",
    ),
    "a host by name": (
        "{marconi: marconi.example, hertz: 192.0.2.2}",
        f"1:18: 'marconi.example' is not an IP address; {MEND_ADDRESS}",
    ),
    "a host by number": (
        "{marconi: 1, hertz: 192.0.2.2}",
        f"1:18: '1' is not an IP address; {MEND_ADDRESS}",
    ),
    "a host that is true": (
        "{marconi: true, hertz: 192.0.2.2}",
        f"1:18: 'true' is not an IP address; {MEND_ADDRESS}",
    ),
    "a bad address among keys": (
        "{marconi: {address: 192.0.2.300}, hertz: 192.0.2.2}",
        f"1:28: '192.0.2.300' is not an IP address; {MEND_ADDRESS}",
    ),
    "a host without an address": (
        "{marconi: {interface: eth0}, hertz: 192.0.2.2}",
        "1:9: 'marconi' has no 'address'; write for example address: \"192.0.2.2\"",
    ),
    "an unknown key of a host": (
        "{marconi: {address: 192.0.2.1, iface: eth0}, hertz: 192.0.2.2}",
        "1:39: unknown key 'iface'; did you mean 'interface'?",
    ),
    "an agent that is neither": (
        "{marconi: {address: 192.0.2.1, agent: no}, hertz: 192.0.2.2}",
        "1:46: 'no' is neither true nor false; write true or false",
    ),
    "a loopback address": (
        "{marconi: 127.0.0.1, hertz: 192.0.2.2}",
        f"1:18: '127.0.0.1' is a loopback address; {MEND_UNICAST}",
    ),
    "a host that can not be named so": (
        f"{{marconi: 192.0.2.1, hertz: 192.0.2.2, {'x' * 64}: 192.0.2.3}}",
        f"1:47: '{'x' * 57}...' can not name a host; write 1 to 63 printable characters",
    ),
    "two hosts of one address": (
        "{marconi: '2001:db8::1', hertz: {address: '2001:DB8:0::1'}, popov: '2001:db8::1'}",
        "1:50: '2001:db8::1' is the main address of 'marconi' already;"
        " write an address that this host alone has",
        "1:75: '2001:db8::1' is the main address of 'marconi' already;"
        " write an address that this host alone has",
    ),
    "a host that is a witness": (
        "{marconi: 192.0.2.1, hertz: 192.0.2.254}",
        "3:13: '192.0.2.254' is the main address of 'hertz', which can not be its own witness;"
        " name an address of another machine, such as the gateway's",
    ),
    "an interface of two words": (
        "{marconi: {address: 192.0.2.1, interface: eth 0}, hertz: 192.0.2.2}",
        f"1:50: 'eth 0' is not the name of an interface; {MEND_INTERFACE}",
    ),
    "an interface that is an alias": (
        "{marconi: {address: 192.0.2.1, interface: 'eth0:marc'}, hertz: 192.0.2.2}",
        f"1:50: 'eth0:marc' is not the name of an interface; {MEND_INTERFACE}",
    ),
    "an interface that is a path": (
        "{marconi: {address: 192.0.2.1, interface: eth0/1}, hertz: 192.0.2.2}",
        f"1:50: 'eth0/1' is not the name of an interface; {MEND_INTERFACE}",
    ),
    "an interface that is a folder": (
        "{marconi: {address: 192.0.2.1, interface: ..}, hertz: 192.0.2.2}",
        f"1:50: '..' is not the name of an interface; {MEND_INTERFACE}",
    ),
    "an interface without a name": (
        "{marconi: {address: 192.0.2.1, interface: ''}, hertz: 192.0.2.2}",
        "1:50: the text is empty; write something, or remove the key",
    ),
    "an interface too long": (
        "{marconi: {address: 192.0.2.1, interface: enp0s31f6np0abcd}, hertz: 192.0.2.2}",
        "1:50: the text has 16 octets; write at most 15",
    ),
}

# What follows the four lines, from line 5 on.
BAD_REST = {
    "an unknown section": ("vip: {}", "5:1: unknown key 'vip'; did you mean 'vips'?"),
    "more than there are witnesses": (
        "quorum: 2",
        "5:9: 2 witnesses can not answer where there are 1;"
        " write at most 1, or name more witnesses",
    ),
    "a quorum below zero": ("quorum: -1", "5:9: -1 is out of range; write 0 to 100"),
    "an unknown profile": (
        "profile: defautl",
        "5:10: 'defautl' is none of seed, default, fast; did you mean 'default'?",
    ),
    "an unknown way to exit": (
        "on_exit: release",
        "5:10: 'release' is none of hand-over, lease; did you mean 'lease'?",
    ),
    "an unknown timer": ("timers: {fal: 3}", "5:10: unknown key 'fal'; did you mean 'fall'?"),
    "a timer with its unit": (
        "timers: {lease_s: 30}",
        "5:10: unknown key 'lease_s'; did you mean 'lease'?",
    ),
    "a timer that is no duration": (
        "timers: {interval: often}",
        f"5:20: 'often' is not a duration; {MEND_DURATION}",
    ),
    "a timer without a value": (
        "timers: {fall: }",
        "5:10: an empty value is not a whole number; write 1 to 100",
    ),
    "pings too often": (
        "timers: {interval: 10ms, fast_interval: 10ms}",
        "5:20: '10ms' is out of range; write 50ms to 1m",
    ),
    "a fast interval that is slower": (
        "timers: {fast_interval: 2s}",
        "5:25: 2 s is longer than the interval, 1 s; write at most the interval",
    ),
    "a fast interval slower than the profile's": (
        "profile: fast\ntimers: {fast_interval: 200ms}",
        "6:25: 0.2 s is longer than the interval, 0.1 s; write at most the interval",
    ),
    "a lease too short to renew": (
        "timers: {lease: 1s}",
        "5:17: '1s' is out of range; write 2s to 1h",
    ),
    "a lease of half a second": (
        "timers: {lease: 2.5s}",
        "5:17: '2.5s' is not a whole number of seconds; round it",
    ),
    "a proof that is over at once": (
        "timers: {asks: 1, ask_gap: 10ms}",
        "5:16: a proof takes (asks + 1) x ask_gap, 0.02 s; have it take 0.05 to 10 s",
    ),
    "a proof without end": (
        "timers: {asks: 20, ask_gap: 1s, stagger: 1m}",
        "5:16: a proof takes (asks + 1) x ask_gap, 21 s; have it take 0.05 to 10 s",
    ),
    "a stagger shorter than a proof": (
        "timers: {stagger: 200ms}",
        "5:19: a proof takes (asks + 1) x ask_gap, 0.27 s,"
        " and the next candidate waits 0.2 s for it; write for example stagger: 0.27",
    ),
    "a stagger shorter than the interval": (
        "timers: {stagger: 800ms}",
        "5:19: 0.8 s is shorter than the interval, 1 s, so that the next candidate may be the first"
        " to notice; write more than the interval, or remove it",
    ),
    "an unknown type of check": (
        "checks: {web: {type: htp}}",
        "5:22: 'htp' is not a type of check; did you mean 'http'?",
    ),
    "a check without keys": (
        "checks: {web: }",
        "5:10: an empty value stands where keys belong; write for example {type: icmp}",
    ),
    "an unknown key of a check": (
        "checks: {web: {type: tcp, prot: 80}}",
        "5:10: 'web' has no 'port'; write for example port: 22",
        "5:27: unknown key 'prot'; did you mean 'port'?",
    ),
    "a check that can not be named so": (
        'checks: {"a\\nb": {type: icmp}}',
        "5:10: 'a\\nb' can not name a check; write 1 to 63 printable characters",
    ),
    "a check that is not there": (
        "checks: {web: {type: http}}\nready: {checks: [wbe]}",
        "6:18: there is no check named 'wbe'; did you mean 'web'?",
    ),
    "a check where there is none": (
        "ready: {checks: [web]}",
        "5:18: there is no check named 'web'; add it to 'checks'",
    ),
    "a command in one text": (
        "ready: {command: in-sync -q}",
        "5:18: 'in-sync -q' stands where a list belongs;"
        ' write for example command: ["/usr/local/bin/in-sync"]',
    ),
    "a command of nothing": (
        "hooks: {claimed: []}",
        '5:18: a list is empty; write for example claimed: ["./claimed"]',
    ),
    "an unknown hook": (
        "hooks: {claim: [a]}",
        "5:9: unknown key 'claim'; did you mean 'claimed'?",
    ),
    "a hook that takes its time": (
        "hooks: {timeout: 2m}",
        "5:18: '2m' is out of range; write 100ms to 1m",
    ),
    "port zero": ("port: 0", "5:7: 0 is out of range; write 1 to 65535"),
    "a status port in quotes": (
        "status_port: '8056'",
        "5:14: '8056' is text; write 1 to 65535 without quotes or leading zeros",
    ),
    "a path too long for a socket": (
        f"control: /{'x' * 107}",
        "5:10: the text has 108 octets; write at most 107",
    ),
    "a host that is not there": (
        "host: hetrz",
        "5:7: there is no host named 'hetrz'; did you mean 'hertz'?",
    ),
}


def told(read_takeover: ReadPlan, source: str, **where: str) -> list[str]:
    with pytest.raises(BadInputError) as refused:
        read_takeover(source, **where)
    return [str(problem).removeprefix("takeover.yaml:") for problem in refused.value.problems]


@table(BAD_HOSTS)
def test_hosts(read_takeover: ReadPlan, written: str, expected: list[str]) -> None:
    problems = told(read_takeover, FILE.replace(HOSTS, written))
    assert [line for line in problems if "there is no host named" not in line] == expected


@table(BAD_REST)
def test_the_rest(read_takeover: ReadPlan, written: str, expected: list[str]) -> None:
    assert told(read_takeover, f"{FILE}{written}\n") == expected


def test_an_empty_file(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, "") == [
        f" the file has no 'hosts'; {MEND_HOSTS}",
        f" the file has no 'vips'; {MEND_VIPS}",
        " there are no 'witnesses', without which a host that is cut off can not know it;"
        ' write for example witnesses: ["192.0.2.254"], or quorum: 0 to do without',
    ]


def test_a_list_for_a_file(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, "- hosts") == [
        " a list stands where keys belong; write some of hosts, interface, witnesses, quorum,"
        " profile, timers, vips, on_exit, checks, ready, hooks, port, ..."
    ]


@pytest.mark.parametrize(
    ("witnesses", "place"), [("", ""), ("witnesses: []", "3:1:"), ("quorum: 2", "")]
)
def test_nobody_to_tell_a_host_that_it_is_cut_off(
    read_takeover: ReadPlan, witnesses: str, place: str
) -> None:
    assert told(read_takeover, FILE.replace("witnesses: [192.0.2.254]", witnesses)) == [
        f"{place} there are no 'witnesses', without which a host that is cut off can not know it;"
        ' write for example witnesses: ["192.0.2.254"], or quorum: 0 to do without'
    ]


@pytest.mark.parametrize(
    ("witnesses", "expected"),
    [
        ("[gateway]", f"3:13: 'gateway' is not an IP address; {MEND_ADDRESS}"),
        ("['::1']", f"3:13: '::1' is a loopback address; {MEND_UNICAST}"),
        (
            "[192.0.2.254, 192.0.2.254]",
            "3:26: '192.0.2.254' is listed twice; remove it",
        ),
        (
            "192.0.2.254",
            "3:12: '192.0.2.254' stands where a list belongs;"
            ' write for example witnesses: ["192.0.2.254"]',
        ),
    ],
)
def test_witnesses(read_takeover: ReadPlan, witnesses: str, expected: str) -> None:
    assert told(read_takeover, FILE.replace("[192.0.2.254]", witnesses)) == [expected]


def test_an_interface_for_nobody(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, FILE.replace("interface: eth0", "")) == [
        "1:9: 'marconi' has no 'interface', nor has the file one for all hosts;"
        " write for example interface: eth0 at the top of the file"
    ]


def test_a_bad_interface_for_all(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, FILE.replace("interface: eth0", "interface: eth0:1")) == [
        f"2:12: 'eth0:1' is not the name of an interface; {MEND_INTERFACE}"
    ]


def test_an_interface_as_long_as_can_be_leaves_no_room_for_a_label(
    read_takeover: ReadPlan,
) -> None:
    source = FILE.replace("interface: eth0", "interface: abcdefghijklmno")
    assert told(read_takeover, source.replace("[hertz]", "[hertz], label: m")) == [
        "4:66: 'abcdefghijklmno:m' has 17 characters; remove it"
    ]


def test_a_candidate_without_an_agent(read_takeover: ReadPlan) -> None:
    source = FILE.replace("interface: eth1", "interface: eth1, agent: false")
    assert told(read_takeover, source) == [
        "4:51: 'hertz' has 'agent: false', so that it can only own;"
        " name another host, or run the agent there"
    ]


def test_a_machine_that_is_none_of_the_hosts(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, FILE, at="192.0.2.77") == [
        "1:1: this machine has no host's main address;"
        " looked for 192.0.2.1 (marconi), 192.0.2.2 (hertz);"
        " write 'host: NAME', or run it on one of them"
    ]


def test_a_machine_that_is_two_of_the_hosts(read_takeover: ReadPlan) -> None:
    plan = read_takeover(FILE)
    with pytest.raises(BadInputError) as refused:
        read_plan(plan.path, [host.address for host in plan.hosts.values()])
    assert str(refused.value) == (
        "takeover.yaml:1:1: this machine has the main addresses of marconi, hertz;"
        " write 'host: NAME' with the one that it is"
    )


def test_a_name_that_no_host_has(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, FILE, host="popov") == [
        " there is no host named 'popov'; the hosts are marconi, hertz"
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nothing.yaml"
    with pytest.raises(BadInputError) as refused:
        read_plan(path, [])
    assert str(refused.value) == (
        f"{path}: the file can not be read: No such file or directory; {MEND_FILE}"
    )


def test_a_file_that_grows_without_end(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, "#" * (MAX_FILE_OCTETS + 1)) == [
        f" the file has more than {MAX_FILE_OCTETS} octets; {MEND_FILE}"
    ]


def test_nesting_is_told_of_this_file(read_takeover: ReadPlan) -> None:
    assert told(read_takeover, "{a: " * 20) == [
        "1:65: lists and mappings are nested more than 16 deep;"
        " no key of takeover.yaml needs that; look for a stray bracket"
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(read_takeover: ReadPlan) -> None:
    source = """\
hosts:
  marconi: 192.0.2.300
  hertz: {adress: 192.0.2.2}
  tesla: {address: 192.0.2.9, agent: false}
  popov: 192.0.2.9
witnesses: [192.0.2.9]
quorum: 3
vips:
  192.0.2.9: {owner: macroni, candidates: [tesla, popov]}
  fe80::1: {owner: popov, candidates: [tesla], label: x}
  <<: {}
checks: {web: {type: http}}
ready: {checks: [wbe]}
timers: {interval: 100ms, fast_interval: 200ms, stagger: 50ms}
host: z
hooks: {claimed: true}
"""
    assert [line.partition("; ")[0] for line in told(read_takeover, source)] == [
        "2:12: '192.0.2.300' is not an IP address",
        "3:3: 'hertz' has no 'address'",
        "3:11: unknown key 'adress'",
        "4:3: 'tesla' has no 'interface', nor has the file one for all hosts",
        "5:3: 'popov' has no 'interface', nor has the file one for all hosts",
        "5:10: '192.0.2.9' is the main address of 'tesla' already",
        "6:13: '192.0.2.9' is the main address of 'tesla', which can not be its own witness",
        "7:9: 3 witnesses can not answer where there are 1",
        "9:3: '192.0.2.9' is the main address of 'tesla'",
        "9:22: there is no host named 'macroni'",
        "10:3: 'fe80::1' is an address of one link only",
        "10:40: 'tesla' has 'agent: false', so that it can only own",
        "11:3: merge keys (<<) are not understood",
        "13:18: there is no check named 'wbe'",
        "14:42: 0.2 s is longer than the interval, 0.1 s",
        "14:58: a proof takes (asks + 1) x ask_gap, 0.27 s,"
        " and the next candidate waits 0.05 s for it",
        "15:7: there is no host named 'z'",
        "16:18: true stands where a list belongs",
    ]
