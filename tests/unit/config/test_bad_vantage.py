"""Each mistake in the section `vantage` is told as those in the others are."""

from .conftest import Read
from .test_bad_configs import MEND_DURATION, placed, table, told

EXAMPLE = 'write for example anchors: ["192.0.2.254"]'

VANTAGE = {
    "a vantage without anchors": ("{}", f"2:1: 'vantage' has no 'anchors'; {EXAMPLE}"),
    "a vantage that is one address": (
        "192.0.2.254",
        "2:10: '192.0.2.254' stands where keys belong; write some of anchors, interval, timeout",
    ),
    "no anchor": ("{anchors: []}", f"2:20: a list is empty; {EXAMPLE}"),
    "an anchor in place of a list": (
        "{anchors: 192.0.2.254}",
        f"2:20: '192.0.2.254' stands where a list belongs; {EXAMPLE}",
    ),
    "an anchor that is a name": (
        "{anchors: [gateway]}",
        "2:21: 'gateway' is not an IP address; write for example 192.0.2.1 or 2001:db8::1",
    ),
    "an anchor twice": (
        "{anchors: ['2001:db8::1', '2001:db8:0::1']}",
        "2:36: '2001:db8::1' is listed twice; remove it",
    ),
    "an anchor on a link": (
        "{anchors: ['fe80::1%eth0']}",
        "2:21: 'fe80::1%eth0' is an address of one link only;"
        " write an address that stands without '%'",
    ),
    "anchors asked too often": (
        "{anchors: [192.0.2.254], interval: 10ms}",
        "2:45: '10ms' is out of range; write 100ms to 1m",
    ),
    "a patience of words": (
        "{anchors: [192.0.2.254], timeout: long}",
        f"2:44: 'long' is not a duration; {MEND_DURATION}",
    ),
    "an unknown key": (
        "{anchors: [192.0.2.254], intervall: 1s}",
        "2:35: unknown key 'intervall'; did you mean 'interval'?",
    ),
}


@table(VANTAGE)
def test_the_vantage_section(read: Read, written: str, expected: list[str]) -> None:
    assert told(read, f"zones: {{a: z}}\nvantage: {written}\n") == placed(expected)
