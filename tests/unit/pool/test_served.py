"""A member is safe only when the TTLs of all answers that may have held it are over, whatever
rotations there were before, between and after.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import NOBODY, Rotation
from rrdns.pool.served import Departure, Served
from rrdns.zone.name import from_text

OWNER = from_text("www.example")
ONE, TWO, THREE = MEMBERS = tuple(Member(ip_address(f"192.0.2.{last}")) for last in (1, 2, 3))
POOL = Pool(OWNER, MEMBERS, ttl_s=60)


def served(*rotations: tuple[float, Rotation], known: Served | None = None) -> Served:
    """What is known after these rotations, each of which is published at its time."""
    found = known or Served()
    found.take_on([POOL], rotations[0][0])
    before = NOBODY
    for now, after in rotations:
        found.replaced(OWNER, before, after, now)
        before = after
    return found


def of(*members: Member, ttl: int = 60) -> Rotation:
    return Rotation(members, ttl=ttl)


def test_who_is_in_answers_has_not_left_and_is_not_safe() -> None:
    found = served((0, of(ONE)))
    assert (found.left_at(POOL, ONE), found.safe_at(POOL, ONE)) == (None, None)
    assert not found.is_safe(POOL, ONE, 1e9)


def test_who_has_left_is_safe_after_the_ttl() -> None:
    found = served((0, of(ONE, TWO)), (100, of(TWO)))
    assert (found.left_at(POOL, ONE), found.safe_at(POOL, ONE)) == (100, 160)
    assert [found.is_safe(POOL, ONE, now) for now in (159.9, 160)] == [False, True]


def test_a_ttl_that_has_shrunk_does_not_hurry_the_answers_before() -> None:
    found = served((0, of(ONE, TWO)), (100, of(ONE, TWO, ttl=5)), (110, of(TWO, ttl=5)))
    assert (found.left_at(POOL, ONE), found.safe_at(POOL, ONE)) == (110, 160)


def test_a_member_that_comes_and_goes_leaves_anew() -> None:
    found = served((0, of(ONE)), (10, of(TWO)), (20, of(ONE, ttl=1)), (30, of(TWO)))
    assert (found.left_at(POOL, ONE), found.safe_at(POOL, ONE)) == (30, 70)


def test_who_is_new_may_have_been_in_answers_that_nobody_here_has_given() -> None:
    found = served((50, of(ONE)))
    assert (found.left_at(POOL, TWO), found.safe_at(POOL, TWO)) == (50, 110)


def test_who_had_left_before_a_restart_is_not_waited_for_again() -> None:
    before = served((0, of(ONE, TWO)), (100, of(TWO)))
    after = served((500, of(TWO)), known=Served(before.departures))
    assert (after.left_at(POOL, ONE), after.safe_at(POOL, ONE)) == (100, 160)


def test_who_was_in_answers_before_a_restart_leaves_with_it() -> None:
    """With the longest TTL that anybody knows of."""
    day = Departure(None, expires_at=86400)
    after = served((500, of(TWO)), known=Served({(OWNER, ONE.address): day}))
    assert (after.left_at(POOL, ONE), after.safe_at(POOL, ONE)) == (500, 86400)
    both = served((0, of(ONE, TWO)))
    after = served((500, of(TWO)), known=Served(both.departures))
    assert (after.left_at(POOL, ONE), after.safe_at(POOL, ONE)) == (500, 560)


def test_an_edit_of_a_name_or_a_weight_takes_nobody_out_of_the_answers() -> None:
    found = served((0, of(ONE)), (10, of(Member(ONE.address, "marconi", 7))))
    assert found.left_at(POOL, ONE) is None


def test_members_that_are_gone_are_forgotten() -> None:
    found = served((0, of(ONE)))
    found.forget_all_but([Pool(OWNER, (TWO,))])
    assert {address for _, address in found.departures} == {TWO.address}


@dataclass(frozen=True)
class Step:
    """A rotation that is published, and how long it stays."""

    rotation: Rotation
    lasts_s: int


LONGEST_TTL = 100
ROTATIONS = st.builds(
    lambda members, ttl: Rotation(tuple(members), ttl=ttl),
    st.lists(st.sampled_from(MEMBERS), unique=True),
    st.integers(0, LONGEST_TTL),
)
STEPS = st.lists(st.builds(Step, ROTATIONS, st.integers(0, 50)), min_size=1, max_size=8)


@given(STEPS, st.sets(st.integers(0, 7)))
def test_no_answer_holds_a_member_after_it_left_and_none_outlives_safe_at(
    steps: list[Step], restarts: set[int]
) -> None:
    pool = replace(POOL, ttl_s=LONGEST_TTL)
    found, before, now = Served(), NOBODY, 1000
    found.take_on([pool], now)
    expires = dict.fromkeys(MEMBERS, 0)
    last = dict.fromkeys(MEMBERS, 0)
    for number, step in enumerate(steps):
        if number in restarts:
            found, before = Served(found.departures), NOBODY
            found.take_on([pool], now)
        found.replaced(OWNER, before, step.rotation, now)
        before = step.rotation
        now += step.lasts_s  # answers leave until the last moment
        for member in step.rotation.members:
            last[member] = now
            expires[member] = max(expires[member], now + step.rotation.ttl)
        for member in MEMBERS:
            left_at, safe_at = found.left_at(pool, member), found.safe_at(pool, member)
            assert (left_at is None) is (member in step.rotation.members)
            if left_at is not None and safe_at is not None:
                assert left_at >= last[member]
                assert safe_at >= expires[member]
