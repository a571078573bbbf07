"""Starts, stops and orders, told one story at a time."""

from dataclasses import replace

import pytest

from rrdns.takeover.machine.action import Announce, Drop, Hold
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Order, Ping, Says

from .desk import Desk
from .stories import SOON_S, candidate, die, give_back, owner
from .world import TIMERS


@pytest.mark.parametrize("rank", [0, 1])
def test_what_was_held_before_the_start_is_held_on(rank: int) -> None:
    desk = Desk(rank)
    desk.see(holds=True)
    assert (desk.state, desk.reason) == (State.HOLDING, "it was held before the start")
    assert desk.kinds() == [Hold, Announce]


def test_what_was_held_before_the_start_is_given_to_its_owner() -> None:
    desk = Desk(1)
    desk.see(holds=True)
    desk.hear(0)
    assert not desk.seen.holds


def test_who_is_stopped_hands_over() -> None:
    desk = owner()
    desk.see(order=Order.STOP)
    assert (desk.state, desk.post.says) == (State.RELEASING, Says.YIELDS)
    desk.let_pass(SOON_S)
    desk.be_told(1, Says.HOLDS)
    assert (desk.state, desk.seen.holds) == (State.DISABLED, False)


def test_who_is_stopped_and_alone_keeps_it_for_its_lease() -> None:
    desk = owner()
    desk.see(order=Order.STOP)
    desk.let_pass(10.0)
    assert (desk.state, desk.seen.holds) == (State.DISABLED, True)
    assert Drop not in desk.kinds()


@pytest.mark.parametrize("order", [Order.STOP, Order.DISABLE])
def test_a_fault_keeps_nobody_from_stopping(order: Order) -> None:
    desk = Desk(1)
    desk.see(is_foreign=True)
    assert desk.state is State.FAULT
    desk.see(order=order)
    assert desk.state is State.DISABLED


def test_an_address_that_is_not_ours_is_left_alone() -> None:
    desk = candidate()
    desk.see(is_foreign=True)
    assert (desk.state, desk.post.says) == (State.FAULT, Says.ASIDE)
    desk.done.clear()
    desk.see(owner=Ping.SILENT)
    desk.let_pass(60.0)
    assert not desk.done
    desk.see(is_foreign=False)
    give_back(desk)
    assert desk.state is State.STANDBY


def test_who_is_disabled_stands_aside_and_takes_nothing() -> None:
    desk = candidate()
    desk.see(order=Order.DISABLE)
    die(desk)
    assert (desk.state, desk.post.says) == (State.DISABLED, Says.ASIDE)
    desk.see(order=Order.FOLLOW)
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_an_operator_may_move_it_and_its_owner_does_not_take_it_back() -> None:
    there, here = candidate(), owner()
    there.see(order=Order.HOLD)
    here.be_told(1, Says.ABLE, wants=True)
    assert (here.state, here.post.says) == (State.RELEASING, Says.YIELDS)
    there.be_told(0, Says.YIELDS)
    there.let_pass(TIMERS.proof_s)
    assert (there.state, there.reason) == (State.HOLDING, "it was ordered")
    for _ in range(60):
        here.be_told(1, Says.HOLDS, by_order=True)
        here.hear(1)
        here.let_pass(0.5)
    assert (here.state, here.reason) == (State.WAIT, "an operator wants it at host1")


def test_what_was_released_is_left_to_others_unless_nobody_has_it() -> None:
    desk = owner()
    desk.see(order=Order.RELEASE)
    desk.let_pass(SOON_S)
    desk.be_told(1, Says.HOLDS)
    assert (desk.state, desk.post.says) == (State.WAIT, Says.ASIDE)
    desk.let_pass(TIMERS.heard_s + TIMERS.proof_s + SOON_S)
    assert desk.seen.holds


@pytest.mark.parametrize("order", [Order.RELEASE, Order.FOLLOW])
def test_who_is_to_give_it_away_has_it_for_as_long_as_nobody_comes(order: Order) -> None:
    desk = owner()
    for _ in range(100):
        desk.see(order=order)
        desk.be_told(1, Says.ABLE, wants=order is Order.FOLLOW)
        desk.let_pass(1.0)
    assert Drop not in desk.kinds()
    assert desk.post.says is Says.YIELDS

    desk.see(order=Order.FOLLOW)
    desk.be_told(1, Says.ABLE)
    assert desk.state is State.HOLDING


def test_what_was_released_is_taken_if_its_owner_stands_aside_and_nobody_has_it() -> None:
    desk = candidate()
    desk.see(order=Order.RELEASE)
    for _ in range(round(3 * TIMERS.heard_s)):
        desk.be_told(0, Says.ASIDE)
        desk.let_pass(1.0)
    assert desk.seen.holds


def test_who_says_that_he_has_it_not_and_is_heard_to_have_it_has_it() -> None:
    desk = candidate()
    for _ in range(100):
        desk.be_told(0, Says.ASIDE)
        desk.let_pass(0.05)
        desk.hear(0)
        desk.let_pass(0.05)
    assert Hold(1) not in [action for _, action in desk.done]


@pytest.mark.parametrize("order", [Order.DISABLE, Order.STOP])
def test_a_claim_under_way_is_ended_in_good_order(order: Order) -> None:
    desk = candidate()
    desk.holds_late = True
    die(desk)
    assert desk.state is State.CLAIMING
    desk.see(order=order)
    desk.see(holds=True)
    assert desk.state is State.RELEASING


@pytest.mark.parametrize("rank", [0, 1])
def test_nothing_is_proven_where_nobody_could_be_asked(rank: int) -> None:
    desk = Desk(rank)
    desk.fault = "eth0 has no IPv6 address to ask from"
    desk.see(owner=Ping.SILENT)
    desk.let_pass(2 * TIMERS.heard_s)
    assert desk.state is State.BLOCKED
    assert desk.fault in desk.reason

    desk.fault = None
    desk.let_pass(2 * TIMERS.heard_s)
    assert desk.state is State.HOLDING


def test_what_the_system_refuses_is_no_takeover_that_counts() -> None:
    timers = replace(TIMERS, most_takeovers=5)
    desk = candidate(timers=timers)
    desk.refuses = "not permitted"
    die(desk)
    for _ in range(2 * timers.most_takeovers):
        desk.let_pass(10.0)
    assert desk.post.claims == ()
