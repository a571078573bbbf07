"""What a simulation has found is shown whole, for people and for programs."""

import json
from dataclasses import replace
from ipaddress import ip_address

from rrdns.load import Loaded
from rrdns.pool.incidents import Incident
from rrdns.simulate.run import Simulated
from rrdns.simulate.show import render, report, speed
from rrdns.simulate.timeline import EPOCH, Entry, Kind
from rrdns.zone.name import from_text

from .conftest import played

WWW = from_text("www.linux.example.")
DIED = Incident(
    name="marconi",
    drill=False,
    reason="web: no answer within 1 s (2 of 2)",
    last_pass=EPOCH + 9.2,
    first_failure=EPOCH + 11.2,
    down_at=EPOCH + 12.7,
    left_at=EPOCH + 12.7,
    safe_at=EPOCH + 72.7,
    up_at=EPOCH + 22.2,
    budget_s=63.5,
)
ALONE = replace(DIED, name=None, drill=True, left_at=None, safe_at=None, up_at=None)
SIMULATED = Simulated(
    seconds=60.0,
    took_s=0.01,
    timeline=[
        Entry(0.0014, Kind.ANSWERS, "www.linux.example. A: 192.0.2.1, TTL 60"),
        Entry(12.7, Kind.LOG, "pool=www.linux.example. member=192.0.2.1 DOWN: \x1b[2J"),
        Entry(12.7, Kind.FALSE_DROP, "192.0.2.1: the trace has it passing all the time"),
        Entry(3600.0, Kind.REFUSED, "pool=www.linux.example. member=192.0.2.2 drain: no"),
    ],
    incidents=[
        ((WWW, ip_address("192.0.2.1")), DIED),
        ((WWW, ip_address("192.0.2.1")), replace(DIED, safe_at=EPOCH + 73.7)),
        ((WWW, ip_address("2001:db8::1")), ALONE),
    ],
    probes=12345,
    addresses=4,
    drops=2,
    false_drops=1,
)


def test_people_read_what_happened_when_and_what_it_cost() -> None:
    assert (
        render(report(SIMULATED))
        == """\
       0.001  www.linux.example. A: 192.0.2.1, TTL 60
      12.700  pool=www.linux.example. member=192.0.2.1 DOWN: ?[2J
      12.700  FALSE DROP: 192.0.2.1: the trace has it passing all the time
    3600.000  REFUSED: pool=www.linux.example. member=192.0.2.2 drain: no

incident: www.linux.example. 192.0.2.1 (marconi): web: no answer within 1 s (2 of 2)
    down at 12.7 s, up again at 22.2 s; out of all caches after 63.5 s, within the budget of 63.5 s
incident: www.linux.example. 192.0.2.1 (marconi): web: no answer within 1 s (2 of 2)
    down at 12.7 s, up again at 22.2 s; out of all caches after 64.5 s, OVER the budget of 63.5 s
incident: www.linux.example. 2001:db8::1: drill: web: no answer within 1 s (2 of 2)
    down at 12.7 s, still down; handed out all the time, as nobody else was up
60 s: 12,345 probes, 51.44 a member and second; 2 drops, 1 of them false
"""
    )


def test_programs_read_the_same() -> None:
    found = json.loads(json.dumps(report(SIMULATED)))
    assert found["timeline"][0] == {
        "at_s": 0.001,
        "kind": "answers",
        "text": "www.linux.example. A: 192.0.2.1, TTL 60",
    }
    assert found["incidents"][0] == {
        "pool": "www.linux.example.",
        "member": "192.0.2.1",
        "name": "marconi",
        "drill": False,
        "reason": "web: no answer within 1 s (2 of 2)",
        "last_pass_s": 9.2,
        "first_failure_s": 11.2,
        "down_s": 12.7,
        "left_s": 12.7,
        "safe_s": 72.7,
        "up_s": 22.2,
        "measured_s": 63.5,
        "budget_s": 63.5,
    }
    assert found["incidents"][2]["safe_s"] is None
    numbers = ("seconds", "probes", "probes_per_member_second", "drops", "false_drops")
    assert [found[number] for number in numbers] == [60.0, 12345, 51.4375, 2, 1]


def test_drops_are_said_to_be_none_or_none_of_them_false() -> None:
    def last_line(drops: int) -> str:
        text = render(report(replace(SIMULATED, drops=drops, false_drops=0)))
        return text.splitlines()[-1].rpartition("; ")[2]

    assert last_line(0) == "no drop"
    assert last_line(1) == "1 drop, none of them false"


def test_its_speed_is_told_in_virtual_seconds_a_second() -> None:
    assert speed(SIMULATED) == "0.01 s of computing: 6,000 virtual seconds a second"


def test_what_was_really_simulated_can_be_shown(site: Loaded) -> None:
    text = render(report(played(site, "10 marconi silent\n20 marconi pass")))
    assert "incident: www.linux.example. 192.0.2.1 (marconi): alive: no answer within 1 s" in text
    assert text.splitlines()[-1].endswith("1 drop, none of them false")
