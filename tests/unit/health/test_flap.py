"""Each further down within the window doubles what it takes, up to the cap, and time forgives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.check import IcmpCheck
from rrdns.health.flap import MOST_DOWNS, rise_needed, with_down

CHECK = IcmpCheck(name="alive", rise=2, flap_window_s=600.0, rise_cap=64)
NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("downs", "needed"), [(0, 2), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 64)]
)
def test_the_table_of_rise_2_and_cap_64(downs: int, needed: int) -> None:
    assert rise_needed(tuple(NOW - 10.0 * n for n in range(downs)), CHECK, NOW) == needed


def test_a_down_older_than_the_window_no_longer_counts() -> None:
    downs = (NOW - 700.0, NOW - 599.0, NOW - 1.0)
    assert rise_needed(downs, CHECK, NOW) == 4
    assert rise_needed(downs, CHECK, NOW + 1.0) == 2
    assert rise_needed(downs, CHECK, NOW + 1e6) == 2


def test_a_cap_below_rise_leaves_rise_as_it_is() -> None:
    check = IcmpCheck(name="alive", rise=5, rise_cap=1)
    assert rise_needed((NOW,) * 9, check, NOW) == 5


def test_a_cap_between_two_doublings_is_what_it_takes() -> None:
    check = IcmpCheck(name="alive", rise=3, rise_cap=10)
    assert rise_needed((NOW,) * 3, check, NOW) == 10


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=100), st.integers(1, 100))
def test_what_is_remembered_is_bounded_and_is_enough(gaps: list[float], cap: int) -> None:
    check = IcmpCheck(name="alive", rise=1, rise_cap=cap)
    now, all_downs, kept = 0.0, [], ()
    for gap in gaps:
        now += gap
        all_downs.append(now)
        kept = with_down(kept, check, now)
    assert len(kept) <= MOST_DOWNS
    assert rise_needed(kept, check, now) == rise_needed(tuple(all_downs), check, now)
