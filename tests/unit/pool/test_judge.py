"""What is thought of a member is what all its checks found together, what was ordered, and who has
its address."""

from ipaddress import ip_address

import pytest

from rrdns.health.check import Target, TcpCheck
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State, Verdict
from rrdns.pool.cover import Claim, Covers, Word
from rrdns.pool.duty import Assignment, Duty, Roster
from rrdns.pool.judge import Judge
from rrdns.pool.member import Member, Pool, Require
from rrdns.pool.rotation import Fitness
from rrdns.zone.name import from_text

ONE = Member(ip_address("192.0.2.1"))
CHECKS = (TcpCheck(name="one", port=1), TcpCheck(name="two", port=2))
OWNER = from_text("www.example")
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


def judge(
    *found: tuple[State, str, int], roster: Roster | None = None, covers: Covers | None = None
) -> Judge:
    """Of checks that have found so: state, reason, and how many outcomes decided it."""

    def health_of(target: Target) -> Health:
        state, reason, decided_by = found[CHECKS.index(target.check)]
        last = Result(Outcome.FAIL, reason, 0.1) if reason else None
        return Health(Verdict(state), since=0.0, last=last, decided_by=decided_by)

    return Judge(health_of, roster or Roster(), covers or Covers())


@pytest.mark.parametrize(
    ("one", "two", "of_all", "of_any"),
    [
        (UP, UP, UP, UP),
        (UP, DOWN, DOWN, UP),
        (UP, UNKNOWN, UP, UP),
        (DOWN, UNKNOWN, DOWN, UNKNOWN),
        (DOWN, DOWN, DOWN, DOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_the_state_is_of_all_checks_or_of_any(
    one: State, two: State, of_all: State, of_any: State
) -> None:
    found = judge((one, "", 1), (two, "", 1))
    assert found.state(Pool(OWNER, (ONE,), CHECKS), ONE) is of_all
    assert found.state(Pool(OWNER, (ONE,), CHECKS, Require.ANY), ONE) is of_any


def test_the_reason_is_of_the_check_that_decided() -> None:
    pool = Pool(OWNER, (ONE,), CHECKS)
    found = judge((UP, "3 ms", 1), (DOWN, "connection refused", 2))
    assert found.reason(pool, ONE) == "two: connection refused (2 of 2)"
    assert judge((UP, "3 ms", 1), (UP, "4 ms", 1)).reason(pool, ONE) == "one: 3 ms"
    assert judge((UNKNOWN, "", 0), (UNKNOWN, "", 0)).reason(pool, ONE) == ""


def test_a_member_without_checks_serves() -> None:
    pool = Pool(OWNER, (ONE,))
    assert judge().fitness(pool, ONE) == Fitness(UNKNOWN)
    assert judge().fitness(pool, ONE).may_serve


def test_an_order_keeps_who_is_up_from_serving() -> None:
    pool = Pool(OWNER, (ONE,), CHECKS)
    roster = Roster({(OWNER, ONE.address): Assignment(Duty.MAINT, since=1.0)})
    fitness = judge((UP, "", 1), (UP, "", 1), roster=roster).fitness(pool, ONE)
    assert (fitness.state, fitness.duty, fitness.may_serve) == (UP, Duty.MAINT, False)


@pytest.mark.parametrize(
    ("rank", "contested", "gives_way"),
    [(0, None, False), (1, None, True), (0, "02:aa:bb:cc:dd:ee", True)],
    ids=["held", "covered", "contested"],
)
def test_whose_address_others_have_gives_way(
    rank: int, contested: str | None, gives_way: bool
) -> None:
    covers = Covers()
    covers.listen_to(["http://192.0.2.9:8056/"], good_for_s=4.0)
    claim = Claim("marconi", rank, holds=True, contested=contested)
    word = Word("hertz", {ONE.address: claim})
    covers.hear("http://192.0.2.9:8056/", word, now=0.0, wall=0.0)
    covers.review(now=0.0, wall=0.0)
    found = judge((UP, "", 1), (UP, "", 1), covers=covers).fitness(Pool(OWNER, (ONE,), CHECKS), ONE)
    assert (found.gives_way, found.may_serve) == (gives_way, True)


def test_an_address_that_nobody_is_known_to_have_is_as_any_other() -> None:
    covers = Covers()
    covers.listen_to(["http://192.0.2.9:8056/", "http://192.0.2.8:8056/"], good_for_s=4.0)
    word = Word("hertz", {ONE.address: Claim("marconi", 1, holds=False)})
    covers.hear("http://192.0.2.9:8056/", word, now=0.0, wall=0.0)
    covers.review(now=0.0, wall=0.0)
    assert not judge(covers=covers).fitness(Pool(OWNER, (ONE,)), ONE).gives_way
