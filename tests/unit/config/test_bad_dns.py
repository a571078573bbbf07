"""Each mistake in the sections `dns` and `status` is told as those in the others are."""

from .conftest import Read
from .test_bad_configs import MEND_DURATION, placed, table, told

MEND_LISTEN = 'write for example 192.0.2.53:53 or "[2001:db8::53]:53", or 0.0.0.0 and :: for all'

DNS = {
    "one address in place of a list": (
        "listen: 127.0.0.1:53",
        "2:15: '127.0.0.1:53' stands where a list belongs;"
        ' write for example listen: ["127.0.0.1:5353", "[::1]:5353"]',
    ),
    "no address": (
        "listen: []",
        '2:15: a list is empty; write for example listen: ["127.0.0.1:5353", "[::1]:5353"]',
    ),
    "a host name to listen on": (
        "listen: [localhost:53]",
        f"2:16: 'localhost:53' does not begin with an IP address; {MEND_LISTEN}",
    ),
    "a port to listen on": (
        "listen: [53]",
        f"2:16: '53' does not begin with an IP address; {MEND_LISTEN}",
    ),
    "an open bracket": (
        "listen: ['[::1:53']",
        f"2:16: '[::1:53' does not begin with an IP address; {MEND_LISTEN}",
    ),
    "a port too large": (
        "listen: [127.0.0.1:65536]",
        "2:16: '65536' in '127.0.0.1:65536' is not a port; write 0 to 65535",
    ),
    "a port that is no number": (
        "listen: ['[::1]:dns']",
        "2:16: 'dns' in '[::1]:dns' is not a port; write 0 to 65535",
    ),
    "one address twice": (
        "listen: [127.0.0.1, '127.0.0.1:53']",
        "2:27: '127.0.0.1:53' is listed twice; remove it",
    ),
    "an unknown key": (
        "tpc: {}",
        "2:7: unknown key 'tpc'; did you mean 'tcp'?",
    ),
    "no worker": (
        "workers: 0",
        "2:16: 0 is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "too many workers": (
        "workers: 65",
        "2:16: 65 is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "workers that are a word": (
        "workers: all",
        "2:16: 'all' is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "workers that are true": (
        "workers: true",
        "2:16: true is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "workers in quotes": (
        "workers: '2'",
        "2:16: '2' is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "workers without a value": (
        "workers: ",
        "2:7: an empty value is neither 'auto' nor a number from 1 to 64; write auto, or 1 to 64",
    ),
    "an unknown player": (
        "player: pyhton",
        "2:15: 'pyhton' is none of auto, c, python; did you mean 'python'?",
    ),
    "an unknown player like no other": (
        "player: xdp",
        "2:15: 'xdp' is none of auto, c, python; choose one of these",
    ),
    "a list of players": (
        "player: [c, python]",
        "2:15: a list is none of auto, c, python; choose one of these",
    ),
    "cookies that are neither": (
        "cookies: on",
        "2:16: 'on' is neither true nor false; write true or false",
    ),
    "an unknown key for tcp": (
        "tcp: {idel: 3s}",
        "2:13: unknown key 'idel'; did you mean 'idle'?",
    ),
    "a number of minutes and seconds": (
        "tcp: {idle: 1:30}",
        f"2:19: '1:30' is not a duration; {MEND_DURATION}",
    ),
    "a hexadecimal number": (
        "tcp: {connections: 0x10}",
        "2:26: '0x10' is not a whole number; write 1 to 1000000",
    ),
    "an octal number": (
        "tcp: {per_client: 0777}",
        "2:25: '0777' is text; write 1 to 1000000 without quotes or leading zeros",
    ),
    "no connection": (
        "tcp: {connections: 0}",
        "2:26: 0 is out of range; write 1 to 1000000",
    ),
    "an unknown part of the identity": (
        "identity: {name: ns1}",
        "2:18: unknown key 'name'; did you mean 'hostname'?",
    ),
    "too long an NSID": (
        f"identity: {{nsid: {'ü' * 33}}}",
        "2:24: the text has 66 octets; write at most 64",
    ),
    "too long a version": (
        f"identity: {{version: {'x' * 256}}}",
        "2:27: the text has 256 octets; write at most 255",
    ),
    "a line end in a host name": (
        'identity: {hostname: "a\\nb"}',
        "2:28: 'a\\nb' holds a control character; remove it",
    ),
}


@table(DNS)
def test_the_dns_section(read: Read, written: str, expected: list[str]) -> None:
    assert told(read, f"zones: {{a: z}}\ndns: {{{written}}}\n") == placed(expected)


def test_the_status_section(read: Read) -> None:
    assert told(read, "zones: {a: z}\nstatus: {listen: localhost, token: x}\n") == [
        f"rrdns.yaml:2:18: 'localhost' does not begin with an IP address; {MEND_LISTEN}",
        "rrdns.yaml:2:29: unknown key 'token'; the keys here are listen",
    ]
