"""What whoever holds an address does, told one story at a time."""

from dataclasses import replace

import pytest

from rrdns.takeover.machine import FAULT_PAUSE_S
from rrdns.takeover.machine.action import Announce, Drop, Hold
from rrdns.takeover.machine.holding import ANNOUNCED_AT_S, RENEWALS
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Order, Ping, Says

from .desk import Desk
from .stories import (
    DEAD_S,
    SOON_S,
    candidate,
    die,
    give_back,
    owner,
    taken_over,
)
from .world import TIMERS, mac_of


def test_it_is_announced_at_once_and_again_and_each_minute() -> None:
    desk = taken_over()
    since = desk.post.since
    desk.let_pass(130.0)
    last_s = ANNOUNCED_AT_S[-1]
    assert desk.times(Announce(), since) == [*ANNOUNCED_AT_S, last_s + 60.0, last_s + 120.0]


def test_the_lease_is_renewed_in_good_time() -> None:
    desk = taken_over()
    since = desk.post.since
    desk.let_pass(60.0)
    held = [round(at - since, 3) for at, action in desk.done if isinstance(action, Hold)]
    assert held == [n * TIMERS.lease_s / RENEWALS for n in range(len(held))]
    assert len(held) == 1 + 60.0 // (TIMERS.lease_s / RENEWALS)


def test_a_claim_that_the_system_refuses_is_a_fault_and_tried_again() -> None:
    desk = candidate()
    desk.refuses = "not permitted"
    die(desk)
    assert (desk.state, desk.reason) == (State.FAULT, "not permitted")
    desk.refuses = ""
    desk.let_pass(FAULT_PAUSE_S + TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_a_candidate_drops_it_when_its_owner_has_it_and_says_so_before_and_after() -> None:
    """Before: or what is sent here until the neighbours are told would be lost."""
    desk = taken_over()
    desk.let_pass(10.0)
    since = desk.now
    give_back(desk)
    told = [action for at, action in desk.done if at >= since]
    assert told == [Announce(mac_of(0)), Drop(), Announce(mac_of(0))]
    assert (desk.state, desk.seen.holds) == (State.STANDBY, False)


def test_of_a_hand_over_that_was_only_said_the_neighbours_are_told_too() -> None:
    """The owner has had it all the while, unheard, and need not announce it now."""
    desk = taken_over()
    desk.let_pass(DEAD_S)
    desk.be_told(0, Says.HOLDS)
    since = desk.now
    assert desk.times(Announce(mac_of(0)), since) == [0.0, 0.0]
    assert desk.state is not State.HOLDING


def test_who_was_heard_last_has_it_now() -> None:
    desk = taken_over()
    desk.be_told(2, Says.HOLDS)
    desk.hear(2)
    desk.let_pass(0.1)
    since = desk.now
    give_back(desk)
    assert desk.times(Announce(mac_of(0)), since) == [0.0, 0.0]
    assert not desk.times(Announce(mac_of(2)), since)


def test_an_owner_without_an_agent_has_it_back_when_it_answers() -> None:
    desk = taken_over(agent=False)
    desk.let_pass(10.0)
    since = desk.now
    desk.see(owner=Ping.ANSWERS)
    told = [action for at, action in desk.done if at >= since]
    assert told == [Announce(mac_of(0)), Drop(), Announce(mac_of(0))]


def test_a_candidate_gives_way_to_a_better_one_and_not_to_a_worse() -> None:
    desk = Desk(1)
    desk.see(owner=Ping.SILENT)
    desk.let_pass(TIMERS.heard_s + TIMERS.proof_s)
    assert desk.state is State.HOLDING
    desk.hear(2)
    assert desk.state is State.HOLDING
    second = Desk(2)
    second.see(owner=Ping.SILENT)
    second.let_pass(TIMERS.heard_s + TIMERS.stagger_s + TIMERS.proof_s)
    assert second.state is State.HOLDING
    second.hear(1)
    assert not second.seen.holds


def test_an_owner_defends_it_and_a_candidate_does_not_against_a_stranger() -> None:
    holder, other = owner(), taken_over()
    for desk in (holder, other):
        desk.let_pass(10.0)
        desk.hear(None)
    assert (holder.state, holder.done[-1][1]) == (State.HOLDING, Announce())
    assert not other.seen.holds


def test_it_defends_no_more_often_than_once_a_second() -> None:
    desk = owner()
    desk.let_pass(10.0)
    since = desk.now
    for _ in range(50):
        desk.hear(None)
        desk.let_pass(0.1)
    assert desk.times(Announce(), since) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("sight", "state"),
    [
        ({"carrier": False}, State.ISOLATED),
        ({"cut_off": True}, State.ISOLATED),
        ({"fit": False}, State.LOCAL_FAIL),
    ],
    ids=["no carrier", "cut off", "unfit"],
)
def test_an_owner_that_can_not_serve_lets_go(sight: dict[str, bool], state: State) -> None:
    desk = owner()
    desk.see(**sight)
    if state is State.LOCAL_FAIL:  # in the hope that somebody takes it first
        assert (desk.state, desk.seen.holds) == (State.RELEASING, True)
        desk.let_pass(10.0)
    assert (desk.state, desk.seen.holds) == (state, False)


def test_who_gives_it_away_has_it_until_another_does() -> None:
    desk = owner()
    desk.see(fit=False)
    assert desk.post.says is Says.YIELDS
    desk.let_pass(0.1)
    assert desk.seen.holds
    desk.be_told(1, Says.HOLDS)
    assert not desk.seen.holds
    assert desk.state is State.LOCAL_FAIL


def test_an_address_that_was_taken_away_is_told_and_had_again() -> None:
    desk = owner()
    desk.let_pass(10.0)
    desk.entered.clear()
    desk.see(holds=False)
    assert [post.reason for post in desk.entered] == ["the address was taken off the interface"]
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.HOLDING


# -- after a takeover ---------------------------------------------------------------------------


def test_each_takeover_holds_the_next_one_down_for_twice_as_long() -> None:
    timers = replace(TIMERS, hold_down_s=10.0)
    desk = candidate(timers=timers)
    for held_down_s in (10.0, 20.0, 40.0):
        die(desk)
        assert desk.state is State.HOLDING
        ended_at = desk.now
        give_back(desk)
        die(desk)
        assert (desk.state, desk.reason[:9]) == (State.WAIT, "held down")
        desk.let_pass(ended_at + held_down_s - desk.now - SOON_S)
        assert desk.state is State.WAIT
        give_back(desk)
        assert desk.state is State.STANDBY


def test_who_flaps_is_left_alone_until_the_window_is_over() -> None:
    timers = replace(TIMERS, most_takeovers=2, flap_window_s=100.0)
    desk = candidate(timers=timers)
    for _ in range(2):
        die(desk)
        assert desk.state is State.HOLDING
        began = desk.post.claims[0]
        give_back(desk)
    die(desk)
    assert (desk.state, desk.reason[:23]) == (State.BLOCKED, "flapping: 2 takeovers w")
    desk.let_pass(100.0 - (desk.now - began))
    desk.let_pass(2 * timers.interval_s + TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_what_is_asked_for_is_no_flap() -> None:
    timers = replace(TIMERS, most_takeovers=1)
    desk = candidate(timers=timers)
    for _ in range(3):
        desk.see(order=Order.HOLD)
        desk.let_pass(2 * timers.interval_s + TIMERS.proof_s)
        desk.let_pass(TIMERS.heard_s)
        assert desk.state is State.HOLDING
        desk.see(order=Order.FOLLOW)
        give_back(desk)
        assert desk.state is State.STANDBY
