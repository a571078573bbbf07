"""The TTL is the floor in trouble, the full one when all is calm, and never less than the floor nor
more than the time of calm while it grows.
"""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from rrdns.pool.ttl import TROUBLE, calm_ttl, grows_in

FLOORS, FULLS = st.integers(1, 3600), st.integers(0, 2**31 - 1)
CALM = st.floats(0, 1e9) | st.just(inf)


def test_it_doubles_up_to_the_full_one() -> None:
    seen = [calm_ttl(5, 60, calm_s) for calm_s in (TROUBLE, 0, 9.9, 10, 20, 40, 79.9, 80, inf)]
    assert seen == [5, 5, 5, 10, 20, 40, 40, 60, 60]


@given(FLOORS, FULLS, CALM)
def test_it_is_within_its_bounds(floor: int, full: int, calm_s: float) -> None:
    ttl = calm_ttl(floor, full, calm_s)
    assert min(floor, full) <= ttl <= full
    assert ttl <= max(floor, calm_s)


@given(FLOORS, FULLS, CALM, CALM)
def test_it_does_not_shrink_while_it_is_calm(
    floor: int, full: int, earlier: float, later: float
) -> None:
    earlier, later = sorted((earlier, later))
    assert calm_ttl(floor, full, earlier) <= calm_ttl(floor, full, later)


@given(FLOORS, FULLS, st.floats(0, 1e6))
def test_it_is_larger_after_what_grows_in_says_and_not_before(
    floor: int, full: int, calm_s: float
) -> None:
    ttl, wait_s = calm_ttl(floor, full, calm_s), grows_in(floor, full, calm_s)
    if wait_s == inf:
        assert ttl == full
    else:
        assert wait_s > 0
        assert calm_ttl(floor, full, calm_s + wait_s + 1e-6) > ttl
        assert calm_ttl(floor, full, calm_s + wait_s * 0.99) == ttl


def test_it_does_not_grow_in_trouble() -> None:
    assert grows_in(5, 60, TROUBLE) == inf
    assert grows_in(60, 60, 0.0) == grows_in(90, 60, TROUBLE) == inf
