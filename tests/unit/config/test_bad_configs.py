"""Each mistake is told at its place, with what is wrong and how to mend it, and all at once."""

import pytest

from rrdns.errors import BadInputError

from .conftest import Read

MEND_NAME = "write for example www.linux.example"
MEND_DURATION = "write 500ms, 2s, 1m, 1h or a number of seconds"
MEND_TEXT = "write text, in quotes if need be"
MEND_STATUS = "write for example 200 or 200-399; each is 100 to 599"
MEND_PATH = "begin it with '/', and percent-encode blanks, '#' and non-ASCII"
ZONES = 'zones: {"linux.example": "linux.example.zone"}'

WHOLE_FILE = {
    "an empty file": ("", f"rrdns.yaml: the file has no 'zones'; write for example {ZONES}"),
    "only comments": (
        "# soon\n",
        f"rrdns.yaml: the file has no 'zones'; write for example {ZONES}",
    ),
    "a number for a file": (
        "5",
        "rrdns.yaml: 5 stands where keys belong; write some of dns, status, state, control, zones,"
        " checks, vantage, takeover, pools",
    ),
    "a list for a file": (
        "- zones",
        "rrdns.yaml: a list stands where keys belong;"
        " write some of dns, status, state, control, zones, checks, vantage, takeover,"
        " pools",
    ),
    "zones without a value": (
        "zones:",
        f"1:1: an empty value stands where entries belong; write for example {ZONES}",
    ),
    "zones without an entry": (
        "zones: {}",
        f"1:8: a mapping is empty; write for example {ZONES}",
    ),
    "a zone without a file": (
        "zones:\n  linux.example:\n",
        f"2:3: an empty value stands where text belongs; {MEND_TEXT}",
    ),
    "a zone whose file is empty text": (
        "zones:\n  linux.example: ''\n",
        "2:18: the text is empty; write something, or remove the key",
    ),
    "a file name with a NUL": (
        'zones: {a: "b\\0"}',
        "1:12: 'b\\x00' holds a control character; remove it",
    ),
    "two zones of one name": (
        "zones:\n  Linux.Example: a\n  linux.example.: b\n",
        "3:3: 'linux.example.' is the same as 'Linux.Example' on line 2; keep one of the two",
    ),
    "a zone with an empty label": (
        "zones: {a..b: z}",
        f"1:9: 'a..b' is not a domain name: A DNS label is empty; {MEND_NAME}",
    ),
    "a zone with too long a label": (
        f"zones: {{{'x' * 64}: z}}",
        f"1:9: '{'x' * 57}...' is not a domain name: A DNS label is > 63 octets long; {MEND_NAME}",
    ),
    "a zone named like an origin": (
        "zones: {'@': z}",
        f"1:9: '@' is not a domain name; {MEND_NAME}",
    ),
    "an unknown section": (
        "zones: {a: z}\npool: {}",
        "2:1: unknown key 'pool'; did you mean 'pools'?",
    ),
    "an unknown section like no other": (
        "zones: {a: z}\nviews: {}",
        "2:1: unknown key 'views'; the keys here are dns, status, state, control, zones, checks,"
        " vantage, takeover, pools",
    ),
}

CHECKS = {
    "a check without a value": (
        "",
        "3:3: an empty value stands where keys belong; write for example {type: icmp}",
    ),
    "a check without keys": (
        "{}",
        "3:3: 'it' has no 'type'; choose icmp, tcp, http, https, command",
    ),
    "a number for a check": (
        "5",
        "3:7: 5 stands where keys belong; write for example {type: icmp}",
    ),
    "an unknown type": ("{type: htp}", "3:14: 'htp' is not a type of check; did you mean 'http'?"),
    "an unknown type like no other": (
        "{type: smtp-over-dns}",
        "3:14: 'smtp-over-dns' is not a type of check; choose icmp, tcp, http, https, command",
    ),
    "a list of types": (
        "{type: [http]}",
        "3:14: a list is not a type of check; choose icmp, tcp, http, https, command",
    ),
    "an unknown key": (
        "{type: http, intervall: 2s}",
        "3:20: unknown key 'intervall'; did you mean 'interval'?",
    ),
    "a key of another type": (
        "{type: icmp, port: 80}",
        "3:20: unknown key 'port';"
        " the keys here are interval, timeout, fast_interval, down_interval, fall, rise,"
        " flap_window, rise_cap, type",
    ),
    "a key named as the type is": (
        "{type: tcp, port: 0, tcp: 1}",
        "3:25: 0 is out of range; write 1 to 65535",
        "3:28: unknown key 'tcp';"
        " the keys here are interval, timeout, fast_interval, down_interval, fall, rise,"
        " flap_window, rise_cap, tripwire, type, port",
    ),
    "tcp without a port": ("{type: tcp}", "3:3: 'it' has no 'port'; write for example port: 22"),
    "an interval that is a word": (
        "{type: icmp, interval: yes}",
        f"3:30: 'yes' is not a duration; {MEND_DURATION}",
    ),
    "an interval that is true": (
        "{type: icmp, interval: true}",
        f"3:30: true is not a duration; {MEND_DURATION}",
    ),
    "an interval without a value": (
        "{type: icmp, interval: }",
        f"3:20: an empty value is not a duration; {MEND_DURATION}",
    ),
    "an unknown unit": (
        "{type: icmp, interval: 2w}",
        f"3:30: '2w' is not a duration; {MEND_DURATION}",
    ),
    "an interval below zero": (
        "{type: icmp, interval: -1}",
        f"3:30: -1 is not a duration; {MEND_DURATION}",
    ),
    "an interval too short": (
        "{type: icmp, interval: 50ms}",
        "3:30: '50ms' is out of range; write 100ms to 1h",
    ),
    "an interval too long": (
        "{type: icmp, interval: 3601}",
        "3:30: 3601 is out of range; write 100ms to 1h",
    ),
    "a fast interval too short": (
        "{type: icmp, fast_interval: 10ms}",
        "3:35: '10ms' is out of range; write 20ms to 1h",
    ),
    "a timeout too long": (
        "{type: icmp, timeout: 90s}",
        "3:29: '90s' is out of range; write 10ms to 1m",
    ),
    "a fast interval that is slower": (
        "{type: icmp, interval: 1s, fast_interval: 2s}",
        "3:49: 2 s is longer than the interval, 1 s; write at most the interval",
    ),
    "a count in quotes": (
        "{type: icmp, fall: '3'}",
        "3:26: '3' is text; write 1 to 100 without quotes or leading zeros",
    ),
    "a count of zero": ("{type: icmp, rise: 0}", "3:26: 0 is out of range; write 1 to 100"),
    "a flap window of two units": (
        "{type: icmp, flap_window: 2h30m}",
        f"3:33: '2h30m' is not a duration; {MEND_DURATION}",
    ),
    "a flap window longer than a day": (
        "{type: icmp, flap_window: 25h}",
        "3:33: '25h' is out of range; write 1s to 24h",
    ),
    "a rise cap too large": (
        "{type: icmp, rise_cap: 1001}",
        "3:30: 1001 is out of range; write 1 to 1000",
    ),
    "a broken count": (
        "{type: icmp, rise: 1.5}",
        "3:26: '1.5' is not a whole number; write 1 to 100",
    ),
    "a path without its slash": (
        "{type: http, path: ok}",
        f"3:26: 'ok' is not the path of a URL; {MEND_PATH}",
    ),
    "a path with a line end": (
        '{type: http, path: "/\\r\\nX: y"}',
        f"3:26: '/\\r\\nX: y' is not the path of a URL; {MEND_PATH}",
    ),
    "a host with a line end": (
        '{type: http, host: "a\\r\\nb"}',
        f"3:26: 'a\\r\\nb' is not a host name; {MEND_NAME}",
    ),
    "an empty host": (
        '{type: http, host: ""}',
        f"3:26: '' is not a domain name; {MEND_NAME}",
    ),
    "a status out of range": (
        "{type: http, status: [99]}",
        f"3:29: 99 is not an HTTP status, nor a range of them; {MEND_STATUS}",
    ),
    "a class of statuses": (
        "{type: http, status: [200, 3xx]}",
        f"3:34: '3xx' is not an HTTP status, nor a range of them; {MEND_STATUS}",
    ),
    "a range of statuses that runs backwards": (
        "{type: http, status: [399-200]}",
        "3:29: '399-200' runs backwards; write 200-399",
    ),
    "one status in place of a list": (
        "{type: http, status: 200}",
        '3:28: 200 stands where a list belongs; write for example status: ["200-399", 404]',
    ),
    "an empty body": (
        "{type: http, body: ''}",
        "3:26: the text is empty; write something, or remove the key",
    ),
    "a list for a body": (
        "{type: http, body: [a]}",
        f"3:26: a list stands where text belongs; {MEND_TEXT}",
    ),
    "a broken regular expression": (
        "{type: http, body_regex: '('}",
        "3:32: '(' is not a regular expression: missing ), unterminated subpattern at position 0;"
        " mend it, or use 'body' for plain text",
    ),
    "a regular expression that overflows": (
        "{type: http, body_regex: 'a{99999999999}'}",
        "3:32: 'a{99999999999}' is not a regular expression: the repetition number is too large;"
        " mend it, or use 'body' for plain text",
    ),
    "verify for http": (
        "{type: http, verify: true}",
        "3:20: unknown key 'verify'; the keys here are interval, timeout, fast_interval,"
        " down_interval, fall, rise, flap_window, rise_cap, tripwire, path, host, status, ...",
    ),
    "verify that is neither": (
        "{type: https, verify: no}",
        "3:29: 'no' is neither true nor false; write true or false",
    ),
    "a command in one text": (
        "{type: command, argv: judge it}",
        "3:29: 'judge it' stands where a list belongs;"
        ' write for example argv: ["./check-mirror", "{address}"]',
    ),
    "a command of nothing": (
        "{type: command, argv: []}",
        '3:29: a list is empty; write for example argv: ["./check-mirror", "{address}"]',
    ),
    "a mapping for an argument": (
        "{type: command, argv: [judge, {address}]}",
        f"3:37: a mapping stands where text belongs; {MEND_TEXT}",
    ),
}

POOLS = {
    "a number for a pool": (
        "5",
        "4:6: 5 stands where keys belong;"
        " write some of checks, require, order, hold, answers, all_down, last_good_age, min_up,"
        " ttl_floor, covered_weight, members",
    ),
    "an unknown check": (
        "{checks: [alice]}",
        "4:16: there is no check named 'alice'; did you mean 'alive'?",
    ),
    "an unknown check like no other": (
        "{checks: [https]}",
        "4:16: there is no check named 'https'; the checks are alive, web",
    ),
    "a check twice": ("{checks: [web, web]}", "4:21: 'web' is listed twice; remove it"),
    "one check in place of a list": (
        "{checks: web}",
        '4:15: \'web\' stands where a list belongs; write for example checks: ["alive", "web"]',
    ),
    "an unknown way to require": (
        "{require: most}",
        "4:16: 'most' is none of all, any; choose one of these",
    ),
    "an unknown order": (
        "{order: cyclical}",
        "4:14: 'cyclical' is none of cyclic, balanced, random, fixed; did you mean 'cyclic'?",
    ),
    "a hold of nothing": ("{hold: 0}", "4:13: 0 is out of range; write 1 to 1000000"),
    "no answers": (
        "{answers: 0}",
        "4:16: 0 is neither a number of addresses nor 'all'; write 1 or more, or all",
    ),
    "an unknown number of answers": (
        "{answers: many}",
        "4:16: 'many' is neither a number of addresses nor 'all'; write 1 or more, or all",
    ),
    "a ladder without a rung": (
        "{all_down: []}",
        '4:17: a list is empty; write for example all_down: ["last-good", "backup", "all"]',
    ),
    "a floor that is no whole number": (
        "{ttl_floor: 1500ms}",
        "4:18: '1500ms' is not a whole number of seconds; round it",
    ),
    "a floor of nothing": ("{ttl_floor: 0s}", "4:18: '0s' is out of range; write 1s to 1h"),
    "an unknown rung": (
        "{all_down: [last_good]}",
        "4:18: 'last_good' is none of last-good, backup, all, nodata; did you mean 'last-good'?",
    ),
    "a rung twice": (
        "{all_down: [last-good, last-good]}",
        "4:29: 'last-good' is listed twice; remove it",
    ),
    "a rung after one that always succeeds": (
        "{all_down: [all, nodata]}",
        "4:23: 'nodata' is never reached, as 'all' always succeeds; remove it, or write it earlier",
    ),
    "a rung of backups without a backup": (
        "{all_down: [last-good, backup], members: {192.0.2.1: {backup: false}}}",
        "4:29: the rung 'backup' has no member to hand out; write 'backup: true' at a member",
    ),
    "a member that is no address": (
        "{members: {marconi: {}}}",
        "4:17: 'marconi' is not an IP address; write for example 192.0.2.1 or 2001:db8::1",
    ),
    "an address of the source document": (
        "{members: {192.168.0.300: {}}}",
        "4:17: '192.168.0.300' is not an IP address; write for example 192.0.2.1 or 2001:db8::1",
    ),
    "an address twice": (
        "{members: {'2001:DB8::1': {}, '2001:db8:0::1': {}}}",
        "4:36: '2001:db8:0::1' is the same as '2001:DB8::1' on line 4; keep one of the two",
    ),
    "an unknown key for a member": (
        "{members: {192.0.2.1: {wieght: 2}}}",
        "4:29: unknown key 'wieght'; did you mean 'weight'?",
    ),
    "a weight out of range": (
        "{members: {192.0.2.1: {weight: 101}}}",
        "4:37: 101 is out of range; write 1 to 100",
    ),
    "weights without turns to weigh": (
        "{order: fixed, members: {192.0.2.1: {weight: 2}, 192.0.2.2: {weight: 1}}}",
        "4:51: a weight has no meaning with 'order: fixed'; remove it, or write 'order: cyclic'",
    ),
    "a weight of the covered out of range": (
        "{covered_weight: -1}",
        "4:23: -1 is out of range; write 0 to 100",
    ),
    "a weight of the covered without turns to weigh": (
        "{order: random, covered_weight: 5}",
        "4:38: a weight has no meaning with 'order: random'; remove it, or write 'order: cyclic'",
    ),
    "a number for a name": (
        "{members: {192.0.2.1: {name: [a]}}}",
        f"4:35: a list stands where text belongs; {MEND_TEXT}",
    ),
}


def table(cases: dict[str, tuple[str, ...]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("written", "expected"),
        [(written, expected) for written, *expected in cases.values()],
        ids=cases.keys(),
    )


def told(read: Read, source: str) -> list[str]:
    with pytest.raises(BadInputError) as refused:
        read(source)
    return [str(problem) for problem in refused.value.problems]


def placed(expected: list[str]) -> list[str]:
    return [line if line.startswith("rrdns.yaml") else f"rrdns.yaml:{line}" for line in expected]


@table(WHOLE_FILE)
def test_the_file_as_a_whole(read: Read, written: str, expected: list[str]) -> None:
    assert told(read, written) == placed(expected)


@table(CHECKS)
def test_a_check(read: Read, written: str, expected: list[str]) -> None:
    assert told(read, f"zones: {{a: z}}\nchecks:\n  it: {written}\n") == placed(expected)


def test_the_name_of_a_check(read: Read) -> None:
    assert told(read, f'zones: {{a: z}}\nchecks: {{"a\\nb": {{type: icmp}}, {"x" * 64}: 1}}\n') == [
        "rrdns.yaml:2:10: 'a\\nb' can not name a check; write 1 to 63 printable characters",
        f"rrdns.yaml:2:32: '{'x' * 57}...' can not name a check;"
        " write 1 to 63 printable characters",
        "rrdns.yaml:2:98: 1 stands where keys belong; write for example {type: icmp}",
    ]


@table(POOLS)
def test_a_pool(read: Read, written: str, expected: list[str]) -> None:
    checks = "checks: {alive: {type: icmp}, web: {type: http}}"
    source = f"zones: {{a: z}}\n{checks}\npools:\n  a: {written}\n"
    assert told(read, source) == placed(expected)


def test_two_pools_of_one_name(read: Read) -> None:
    assert told(read, "zones: {a: z}\npools:\n  bücher.a:\n  XN--BCHER-KVA.a.:\n") == [
        "rrdns.yaml:4:3: 'XN--BCHER-KVA.a.' is the same as 'bücher.a' on line 3;"
        " keep one of the two"
    ]


def test_a_pool_names_a_check_where_none_is_defined(read: Read) -> None:
    assert told(read, "zones: {a: z}\npools: {a: {checks: [web]}}\n") == [
        "rrdns.yaml:2:22: there is no check named 'web'; add it to 'checks'"
    ]


def test_a_check_with_a_mistake_is_still_known_to_the_pools(read: Read) -> None:
    source = "zones: {a: z}\nchecks: {web: {type: http, port: 0}}\npools: {a: {checks: [web]}}\n"
    assert told(read, source) == ["rrdns.yaml:2:34: 0 is out of range; write 1 to 65535"]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(read: Read) -> None:
    source = """\
dns: {listen: [nowhere]}
zones: {a..b: z, a: z, A: y}
checks:
  alive: {type: icmp, interval: 1s, interval: 2s, fast_interval: 3s}
  web: {type: tcp}
pools:
  a: {checks: [wbe], order: random, members: {192.0.2.1: {weight: 9}, x: }}
  A.:
  <<: {}
extra: !!str 1
"""
    assert [line.partition("; ")[0] for line in told(read, source)] == placed(
        [
            "1:16: 'nowhere' does not begin with an IP address",
            "2:9: 'a..b' is not a domain name: A DNS label is empty",
            "2:24: 'A' is the same as 'a' on line 2",
            "4:37: the key 'interval' stands on line 4 already",
            "4:66: 3 s is longer than the interval, 1 s",
            "5:3: 'web' has no 'port'",
            "7:16: there is no check named 'wbe'",
            "7:71: 'x' is not an IP address",
            "8:3: 'A.' is the same as 'a' on line 7",
            "9:3: merge keys (<<) are not understood",
            "10:1: unknown key 'extra'",
            "10:8: tags (!) are not understood here",
        ]
    )
