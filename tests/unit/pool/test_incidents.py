"""An outage is known from its beginning to its end, is held against the budget by what caches had,
and is not forgotten before many others.
"""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from rrdns.pool.incidents import MOST, Incident, Incidents
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import NOBODY, Rotation
from rrdns.pool.served import Served
from rrdns.zone.name import from_text

ONE, TWO = Member(ip_address("192.0.2.1"), "marconi"), Member(ip_address("192.0.2.2"))
POOL = Pool(from_text("www.example"), (ONE, TWO), ttl_s=60)
OUTAGE = Incident(
    name="marconi",
    drill=False,
    reason="web: connection refused",
    last_pass=98.0,
    first_failure=100.0,
    down_at=101.0,
    budget_s=63.5,
)


def begun(incident: Incident = OUTAGE) -> Incidents:
    incidents = Incidents()
    incidents.begin(POOL, ONE, incident)
    return incidents


def left(*rotations: tuple[float, tuple[Member, ...]]) -> Served:
    served, before = Served(), NOBODY
    served.take_on([POOL], 0.0)
    for now, members in rotations:
        after = Rotation(members, ttl=60)
        served.replaced(POOL.owner, before, after, now)
        before = after
    return served


def test_an_outage_has_its_times() -> None:
    incidents = begun()
    assert incidents.open == 1
    incidents.note_departures(POOL, left((0, (ONE, TWO)), (101, (TWO,))))
    incidents.end(POOL, ONE, 200.0)
    [(key, incident)] = incidents.newest_first()
    assert key == (POOL.owner, ONE.address)
    assert incident == replace(OUTAGE, left_at=101, safe_at=161, up_at=200.0)
    assert (incident.measured_s, incidents.open) == (63.0, 0)


def test_who_is_handed_out_again_by_the_ladder_has_not_left() -> None:
    incidents = begun()
    rotations: list[tuple[float, tuple[Member, ...]]] = [(0.0, (ONE, TWO)), (101.0, (TWO,))]
    incidents.note_departures(POOL, left(*rotations))
    incidents.note_departures(POOL, left(*rotations, (150.0, (ONE, TWO))))
    [(_, incident)] = incidents.newest_first()
    assert (incident.left_at, incident.measured_s) == (None, None)
    incidents.note_departures(POOL, left(*rotations, (150.0, (ONE, TWO)), (170.0, (TWO,))))
    [(_, incident)] = incidents.newest_first()
    assert (incident.left_at, incident.safe_at) == (170, 230)


@pytest.mark.parametrize(
    ("last_pass", "first_failure", "safe_at", "expected"),
    [
        (98.0, 100.0, 161.0, 63.0),
        (None, 100.0, 161.0, 61.0),
        (98.0, 100.0, None, None),
        (None, None, 161.0, None),
        (98.0, 100.0, 50.0, 0.0),
    ],
    ids=[
        "from the last pass",
        "from the first failure, if it never passed",
        "not yet",
        "not known",
        "drained long before",
    ],
)
def test_what_is_measured(
    last_pass: float | None, first_failure: float | None, safe_at: float | None, expected: object
) -> None:
    incident = replace(OUTAGE, last_pass=last_pass, first_failure=first_failure, safe_at=safe_at)
    assert incident.measured_s == expected


def test_an_outage_that_goes_on_is_not_begun_again() -> None:
    incidents = begun()
    incidents.begin(POOL, ONE, replace(OUTAGE, down_at=500.0))
    assert [incident.down_at for _, incident in incidents.newest_first()] == [101.0]


def test_the_end_of_no_outage_is_nothing() -> None:
    incidents = Incidents()
    incidents.end(POOL, ONE, 1.0)
    assert incidents.known == ()


def test_a_member_that_is_gone_has_no_outage_any_more() -> None:
    incidents = begun()
    incidents.forget_all_but([Pool(POOL.owner, (TWO,))], 300.0)
    [(_, incident)] = incidents.newest_first()
    assert incident.up_at == 300.0


def test_they_are_bounded_and_the_newest_stay() -> None:
    incidents = Incidents()
    for number in range(MOST + 50):
        incidents.begin(POOL, ONE, replace(OUTAGE, down_at=float(number)))
        incidents.end(POOL, ONE, float(number))
    incidents.begin(POOL, TWO, replace(OUTAGE, down_at=5.0))
    downs = [incident.down_at for _, incident in incidents.newest_first()]
    assert len(downs) == MOST + 1
    assert downs == sorted(downs, reverse=True)
    assert downs[-1] == 5.0  # one that goes on is never dropped


def test_they_go_on_over_a_restart() -> None:
    incidents = begun()
    incidents.begin(POOL, TWO, OUTAGE)
    incidents.end(POOL, TWO, 200.0)
    again = Incidents(incidents.known)
    assert again.newest_first() == incidents.newest_first()
    assert again.open == 1
    again.end(POOL, ONE, 300.0)
    assert again.open == 0
