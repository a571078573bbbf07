"""Each mistake in the section `takeover` is told as those in the others are, and no password with
it.
"""

import pytest

from rrdns.config.schema import MOST_AGENTS

from .conftest import Read
from .test_bad_configs import MEND_DURATION, placed, table, told

EXAMPLE = 'write for example status: ["http://192.0.2.1:8056/", "http://192.0.2.2:8056/"]'
MEND = "write for example http://192.0.2.1:8056/"
MANY = ", ".join(f"http://192.0.2.{number}/" for number in range(MOST_AGENTS + 1))

AGENTS = {
    "a takeover without agents": ("{}", f"2:1: 'takeover' has no 'status'; {EXAMPLE}"),
    "a takeover that is one URL": (
        "http://192.0.2.1/",
        "2:11: 'http://192.0.2.1/' stands where keys belong;"
        " write some of status, interval, timeout",
    ),
    "no agent": ("{status: []}", f"2:20: a list is empty; {EXAMPLE}"),
    "an agent in place of a list": (
        "{status: 'http://192.0.2.1/'}",
        f"2:20: 'http://192.0.2.1/' stands where a list belongs; {EXAMPLE}",
    ),
    "too many agents": (
        f"{{status: [{MANY}]}}",
        f"2:20: {MOST_AGENTS + 1} are too many; write {MOST_AGENTS} at most",
    ),
    "a number for a URL": ("{status: [8056]}", f"2:21: 8056 is not a URL; {MEND}"),
    "a URL with a blank": (
        "{status: ['http://192.0.2.1/ ']}",
        f"2:21: 'http://192.0.2.1/ ' is not a URL; {MEND}",
    ),
    "a URL of another scheme": (
        "{status: ['ftp://192.0.2.1/']}",
        f"2:21: 'ftp://192.0.2.1/' begins with neither http:// nor https://; {MEND}",
    ),
    "an address for a URL": (
        "{status: ['192.0.2.1:8056']}",
        f"2:21: '192.0.2.1:8056' begins with neither http:// nor https://; {MEND}",
    ),
    "a URL without a host": (
        "{status: ['http:///status']}",
        f"2:21: 'http:///status' has no host; {MEND}",
    ),
    "a URL with a name for a host": (
        "{status: ['http://marconi:8056/']}",
        f"2:21: the host of this URL: 'marconi' is not an IP address; {MEND}",
    ),
    "a URL of one link": (
        "{status: ['http://[fe80::1%25eth0]:8056/']}",
        f"2:21: the host of this URL: 'fe80::1%25eth0' is an address of one link only; {MEND}",
    ),
    "a URL with an open bracket": (
        "{status: ['http://[2001:db8::1/']}",
        f"2:21: this URL has no valid host or port; {MEND}",
    ),
    "a URL with too large a port": (
        "{status: ['http://192.0.2.1:80560/']}",
        f"2:21: this URL has no valid host or port; {MEND}",
    ),
    "a URL with port 0": (
        "{status: ['http://192.0.2.1:0/']}",
        "2:21: 'http://192.0.2.1:0/' has port 0; write 1 to 65535",
    ),
    "a URL with a password": (
        "{status: ['http://root:secret@192.0.2.1/']}",
        "2:21: this URL has credentials in it; remove all that stands before the '@'",
    ),
    "a URL with a fragment": (
        "{status: ['http://192.0.2.1/#top']}",
        "2:21: 'http://192.0.2.1/#top' has a fragment; remove it, from the '#' on",
    ),
    "an agent twice": (
        "{status: ['http://192.0.2.1', 'HTTP://192.0.2.1/']}",
        "2:41: 'http://192.0.2.1/' is listed twice; remove it",
    ),
    "agents asked too often": (
        "{status: ['http://192.0.2.1/'], interval: 10ms}",
        "2:53: '10ms' is out of range; write 100ms to 10s",
    ),
    "a patience of words": (
        "{status: ['http://192.0.2.1/'], timeout: long}",
        f"2:52: 'long' is not a duration; {MEND_DURATION}",
    ),
    "an unknown key": (
        "{status: ['http://192.0.2.1/'], agents: []}",
        "2:43: unknown key 'agents'; the keys here are status, interval, timeout",
    ),
}


@table(AGENTS)
def test_the_takeover_section(read: Read, written: str, expected: list[str]) -> None:
    assert told(read, f"zones: {{a: z}}\ntakeover: {written}\n") == placed(expected)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("http://192.0.2.1", "http://192.0.2.1/"),
        ("HTTPS://192.0.2.1:443/", "https://192.0.2.1:443/"),
        ("http://[2001:DB8:0::1]:8056", "http://[2001:db8::1]:8056/"),
        ("http://192.0.2.1:8056/status?all=1", "http://192.0.2.1:8056/status?all=1"),
    ],
)
def test_a_url_is_asked_in_its_usual_form(read: Read, written: str, asked: str) -> None:
    source = f"zones: {{a: a}}\ntakeover: {{status: ['{written}']}}"
    assert read(source).takeover.status == (asked,)
