"""Held here: every order is a permutation, everyone is first as often as is due, and neighbours
are what the policy says.
"""

from collections import Counter
from itertools import groupby, pairwise
from math import gcd, isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.pool.member import Order, Policy
from rrdns.pool.turns import LONGEST_LAP, SAMPLED_BASES, Turns, smooth_heads, turns_of

SIZES = range(1, 13)
ORDERS = list(Order)


def addresses(size: int) -> list[bytes]:
    return [bytes((192, 0, at // 256, at % 256)) for at in range(size)]


def made(size: int, order: Order, **policy: int) -> Turns:
    return turns_of(addresses(size), Policy(order, **policy), Random(0))


def lap(turns: Turns) -> list[tuple[bytes, ...]]:
    """The orders of all turns, each once."""
    return [turns.order(turn) for turn in range(turns.count)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_a_permutation(size: int, order: Order) -> None:
    for one in lap(made(size, order)):
        assert sorted(one) == addresses(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("order", [Order.CYCLIC, Order.BALANCED, Order.RANDOM])
def test_everyone_is_first_equally_often(size: int, order: Order) -> None:
    firsts = Counter(one[0] for one in lap(made(size, order)))
    assert set(firsts) == set(addresses(size))
    assert len(set(firsts.values())) == 1


@pytest.mark.parametrize("size", SIZES)
def test_cyclic_moves_the_head_to_the_bottom(size: int) -> None:
    orders = lap(made(size, Order.CYCLIC))
    for before, after in pairwise([*orders, orders[0]]):
        assert after == (*before[1:], before[0])


@pytest.mark.parametrize("size", SIZES)
def test_balanced_has_every_ordered_pair_of_neighbours_equally_often(size: int) -> None:
    pairs = Counter(pair for one in lap(made(size, Order.BALANCED)) for pair in pairwise(one))
    assert len(pairs) == size * (size - 1)
    assert len(set(pairs.values())) <= 1


@pytest.mark.parametrize("size", SIZES)
def test_balanced_has_each_of_the_others_second_equally_often(size: int) -> None:
    """So that the clients of a dead head spread evenly."""
    pairs = Counter(one[:2] for one in lap(made(size, Order.BALANCED)))
    assert len(pairs) == max(1, size * (size - 1))
    assert len(set(pairs.values())) == 1


@pytest.mark.parametrize("size", SIZES)
def test_fixed_has_one_turn(size: int) -> None:
    assert lap(made(size, Order.FIXED)) == [tuple(addresses(size))]


@pytest.mark.parametrize("size", range(1, 6))
def test_random_knows_every_order_of_a_few(size: int) -> None:
    orders = lap(made(size, Order.RANDOM))
    assert len(set(orders)) == len(orders)
    assert len(orders) == {1: 1, 2: 2, 3: 6, 4: 24, 5: 120}[size]


@pytest.mark.parametrize("size", [6, 12])
def test_random_samples_the_orders_of_many(size: int) -> None:
    orders = lap(made(size, Order.RANDOM))
    assert len(orders) == 24 * size
    assert len(set(orders)) > 20 * size


@pytest.mark.parametrize("order", ORDERS)
def test_only_random_is_drawn(order: Order) -> None:
    assert made(3, order).drawn is (order is Order.RANDOM)


@pytest.mark.parametrize("hold", [1, 2, 7])
def test_each_turn_lasts_hold_answers(hold: int) -> None:
    turns = made(3, Order.CYCLIC, hold=hold)
    runs = [(turn, len(list(run))) for turn, run in groupby(map(turns.turn_at, range(6 * hold)))]
    assert runs == [(turn, hold) for turn in (0, 1, 2, 0, 1, 2)]


def test_a_drawn_turn_is_not_held() -> None:
    assert made(3, Order.RANDOM, hold=7).hold == 1


@pytest.mark.parametrize("answers", [1, 2, 3, 9])
@pytest.mark.parametrize("order", ORDERS)
def test_a_reply_carries_at_most_answers(order: Order, answers: int) -> None:
    whole, capped = made(3, order), made(3, order, answers=answers)
    assert [one[:answers] for one in lap(whole)] == lap(capped)


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_to_hand_out_is_one_empty_turn(order: Order) -> None:
    assert lap(turns_of([], Policy(order), Random(0))) == [()]


weights = st.lists(st.integers(1, 100), min_size=1, max_size=8)


@given(weights)
def test_weights_are_exact_over_a_lap(given_weights: list[int]) -> None:
    divisor = gcd(*given_weights)
    firsts = Counter(smooth_heads(given_weights))
    assert firsts == {at: weight // divisor for at, weight in enumerate(given_weights)}


@given(weights)
def test_weights_are_spread_smoothly(given_weights: list[int]) -> None:
    """At no point of a lap is anyone a whole lap's share of the crowd ahead or behind."""
    heads = smooth_heads(given_weights)
    total = sum(given_weights)
    seen: Counter[int] = Counter()
    for steps, head in enumerate(heads, start=1):
        seen[head] += 1
        for at, weight in enumerate(given_weights):
            assert abs(seen[at] - steps * weight / total) < len(given_weights)
    assert all(isclose(seen[at] / len(heads), w / total) for at, w in enumerate(given_weights))


@pytest.mark.parametrize(
    ("given_weights", "heads"),
    [
        ((1,), (0,)),
        ((1, 1, 1), (0, 1, 2)),
        ((7, 7), (0, 1)),
        ((2, 1), (0, 1, 0)),
        ((5, 1, 1), (0, 0, 1, 0, 2, 0, 0)),
    ],
    ids=["one", "equal", "equal and large", "two to one", "nginx's own example"],
)
def test_smooth_heads(given_weights: tuple[int, ...], heads: tuple[int, ...]) -> None:
    assert smooth_heads(given_weights) == heads


def test_the_others_follow_a_weighted_head_in_rotation() -> None:
    turns = turns_of(addresses(3), Policy(), Random(0), (2, 1, 1))
    one, two, three = addresses(3)
    assert set(lap(turns)) == {(one, two, three), (two, three, one), (three, one, two)}


def test_a_lap_of_weights_is_bounded() -> None:
    heads = smooth_heads([99, 100] * 500)
    assert set(heads) == set(range(1000))
    assert len(heads) <= 2 * LONGEST_LAP


@pytest.mark.parametrize("order", ORDERS)
def test_many_members_do_not_make_many_more_turns(order: Order) -> None:
    turns = made(5000, order)
    assert turns.count <= SAMPLED_BASES * 5000
    assert sorted(turns.order(turns.count - 1)) == sorted(turns.rdatas)
