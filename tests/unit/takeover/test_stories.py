"""What owners and candidates do, told one story at a time: the machine by itself."""

from dataclasses import replace
from typing import Any

import pytest

from rrdns.takeover.machine import FAULT_PAUSE_S
from rrdns.takeover.machine.action import Announce, AskGate, AskHook, Drop, Hold, Prove
from rrdns.takeover.machine.holding import ANNOUNCED_AT_S, RENEWALS
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Order, Ping, Says, Verdict
from rrdns.takeover.plan import Timers

from .desk import Desk
from .world import STRANGER, TIMERS, mac_of

SOON_S = 0.01
DEAD_S = 10 * TIMERS.heard_s  # nothing that was said before then is good any more


def candidate(rank: int = 1, timers: Timers = TIMERS, **more: Any) -> Desk:
    """One that stands by, as its owner answers and holds the address."""
    desk = Desk(rank, timers, **more)
    give_back(desk)
    assert desk.state is State.STANDBY
    return desk


def owner(timers: Timers = TIMERS, **more: Any) -> Desk:
    """One that holds its address, which was free."""
    desk = Desk(0, timers, **more)
    desk.see()
    if more.get("asks_gate"):
        answer_gate(desk, good=True)
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.HOLDING
    return desk


def taken_over(timers: Timers = TIMERS, **more: Any) -> Desk:
    """A candidate that holds the address, as its owner is dead."""
    desk = candidate(timers=timers, **more)
    die(desk)
    assert desk.state is State.HOLDING
    return desk


def die(desk: Desk) -> None:
    """The owner falls silent, in every way."""
    desk.see(owner=Ping.DOUBTFUL)
    desk.let_pass(2 * TIMERS.fast_interval_s)
    desk.see(owner=Ping.SILENT)
    desk.let_pass(TIMERS.proof_s)


def give_back(desk: Desk) -> None:
    """The owner has it, and is there."""
    desk.see(owner=Ping.ANSWERS)
    desk.hear(0)
    desk.let_pass(SOON_S)


def answer_gate(desk: Desk, *, good: bool, reason: str = "") -> None:
    desk.see(gate=Verdict(desk.post.gate_number, good, desk.now, reason))


def answer_hook(desk: Desk, *, good: bool, reason: str = "") -> None:
    desk.see(hook=Verdict(desk.post.hook_number, good, desk.now, reason))


# -- the candidate ------------------------------------------------------------------------------


def test_a_dead_owner_is_suspected_verified_and_taken_over() -> None:
    desk = candidate()
    desk.entered.clear()
    die(desk)
    states = [State.SUSPECT, State.CLAIMING, State.HOLDING]
    assert [post.state for post in desk.entered] == states
    assert desk.reason == "its owner does not answer"


def test_the_proof_is_made_while_the_owner_is_in_doubt() -> None:
    """So that its death costs no more than the pings that show it."""
    desk = candidate()
    desk.see(owner=Ping.DOUBTFUL)
    desk.let_pass(TIMERS.proof_s)
    desk.see(owner=Ping.SILENT)
    assert desk.state is State.HOLDING


def test_a_miss_or_two_prove_nothing() -> None:
    desk = candidate()
    desk.see(owner=Ping.DOUBTFUL)
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.SUSPECT
    desk.see(owner=Ping.ANSWERS)
    assert desk.state is State.STANDBY


@pytest.mark.parametrize(
    ("sight", "reason"),
    [
        ({"carrier": False}, "no carrier"),
        ({"fit": False}, "local checks fail"),
        ({"witnesses": 0}, "0 of 1 witnesses answer: it may be we who are cut off"),
        ({"heard": True}, "its owner is there, though it answers no ping"),
        ({"stranger": True}, f"{STRANGER} has the address"),
        ({"peer": True}, "host2 has the address"),
    ],
    ids=["no carrier", "unfit", "no witness", "owner on ARP", "a stranger holds", "a peer holds"],
)
def test_it_is_blocked_by_whatever_speaks_against_it(sight: dict[str, object], reason: str) -> None:
    desk = candidate()
    match sight:
        case {"witnesses": 0}:
            desk.witnesses = 0
        case {"heard": True}:
            desk.see(owner=Ping.SILENT)
            desk.see(owner_heard_at=desk.now)
        case {"stranger": True}:
            desk.see(owner=Ping.SILENT)
            desk.hear(None)
        case {"peer": True}:
            desk.see(owner=Ping.SILENT)
            desk.hear(2)
        case _:
            desk.see(**sight)
    die(desk)
    assert (desk.state, desk.reason) == (State.BLOCKED, reason)
    assert Hold not in desk.kinds()


def test_who_is_blocked_asks_again_and_claims_when_nothing_speaks_against_it() -> None:
    desk = candidate()
    desk.witnesses = 0
    die(desk)
    assert desk.state is State.BLOCKED
    desk.witnesses = 1
    desk.let_pass(2 * TIMERS.interval_s + TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_what_was_found_before_a_stall_is_void() -> None:
    desk = candidate()
    desk.see(owner=Ping.DOUBTFUL)
    desk.let_pass(TIMERS.proof_s)
    desk.see(owner=Ping.SILENT, stalled_at=desk.now)
    assert desk.state is State.VERIFY
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_nobody_is_missed_who_was_not_listened_for() -> None:
    """A process that did not run for a minute has heard nobody for a minute."""
    desk = candidate()
    desk.now += 60.0
    desk.see(stalled_at=desk.now)
    assert desk.state is State.STANDBY


def test_the_second_candidate_lets_the_first_have_its_turn() -> None:
    first, second = candidate(1), candidate(2)
    for desk in (first, second):
        desk.see(owner=Ping.SILENT)
        desk.let_pass(TIMERS.proof_s)
    assert first.state is State.HOLDING
    assert second.state is State.VERIFY
    assert "first it is another's turn" in second.reason
    second.let_pass(TIMERS.stagger_s)
    assert second.state is State.HOLDING


def test_an_address_that_nobody_has_is_taken_though_its_owner_answers() -> None:
    desk = candidate()
    desk.let_pass(TIMERS.heard_s - TIMERS.watch_s / 2)
    assert desk.state is State.STANDBY
    desk.let_pass(TIMERS.watch_s + TIMERS.proof_s)
    assert (desk.state, desk.reason) == (State.HOLDING, "nobody has it")


def test_what_its_holder_gives_away_is_taken_while_it_still_answers() -> None:
    desk = candidate()
    desk.be_told(0, Says.YIELDS)
    desk.let_pass(TIMERS.proof_s)
    assert (desk.state, desk.reason) == (State.HOLDING, "its holder gives it away")


def test_the_hook_may_veto_and_is_asked_again() -> None:
    desk = candidate(asks_hook=True)
    die(desk)
    assert desk.state is State.VERIFY
    answer_hook(desk, good=False, reason="no license")
    assert (desk.state, desk.reason) == (State.BLOCKED, "vetoed by pre_claim: no license")
    desk.let_pass(2 * TIMERS.interval_s)
    assert desk.times(AskHook(2), 0.0)
    answer_hook(desk, good=True)
    desk.let_pass(2 * TIMERS.interval_s)
    assert desk.state is State.HOLDING


def test_what_the_hook_said_at_the_last_death_is_void() -> None:
    desk = candidate(asks_hook=True)
    die(desk)
    answer_hook(desk, good=True)
    assert desk.state is State.HOLDING
    give_back(desk)
    die(desk)
    assert (desk.state, desk.post.hook_number) == (State.VERIFY, 2)


# -- the holder ---------------------------------------------------------------------------------


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
        assert (desk.state, desk.reason[:9]) == (State.BLOCKED, "held down")
        desk.let_pass(ended_at + held_down_s - desk.now - SOON_S)
        assert desk.state is State.BLOCKED
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


# -- the owner ----------------------------------------------------------------------------------


def test_an_owner_takes_what_is_free_after_one_proof() -> None:
    desk = Desk(0)
    desk.see()
    assert (desk.state, desk.done[-1][1]) == (State.PROBE, Prove(1))
    desk.let_pass(TIMERS.proof_s)
    assert (desk.state, desk.reason) == (State.HOLDING, "nobody else has it")


def test_an_owner_waits_before_it_takes_back_what_another_has() -> None:
    desk = Desk(0)
    desk.see()
    began = desk.now
    desk.be_told(1, Says.HOLDS)
    desk.hear(1)
    desk.let_pass(TIMERS.proof_s)
    assert (desk.state, desk.reason[:10]) == (State.WAIT, "host1 has ")
    while desk.state is State.WAIT:
        desk.let_pass(0.1)
        desk.be_told(1, Says.HOLDS)
        desk.hear(1)
    assert desk.now - began >= TIMERS.preempt_delay_s
    desk.let_pass(TIMERS.proof_s)
    assert (desk.state, desk.reason) == (State.HOLDING, "taken back")


@pytest.mark.parametrize("sight", [{"carrier": False}, {"fit": False}])
def test_it_waits_from_when_it_can_serve_again_however_long_it_could_not(
    sight: dict[str, bool],
) -> None:
    desk = owner()
    desk.see(**sight)
    desk.let_pass(DEAD_S)
    desk.see(**dict.fromkeys(sight, True))
    returned_at = desk.now
    while desk.state is not State.HOLDING:
        desk.be_told(1, Says.HOLDS)
        desk.hear(1)
        desk.let_pass(0.1)
    assert desk.now - returned_at >= TIMERS.preempt_delay_s


def test_a_stranger_keeps_an_owner_out() -> None:
    desk = Desk(0)
    desk.see()
    desk.hear(None)
    desk.let_pass(TIMERS.proof_s)
    assert (desk.state, desk.reason) == (State.BLOCKED, f"{STRANGER} has the address")


def test_an_owner_is_back_when_its_gate_opens() -> None:
    desk = Desk(0, asks_gate=True)
    desk.see()
    assert (desk.state, desk.done[-1][1]) == (State.WAIT, AskGate(1))
    answer_gate(desk, good=False, reason="still copying")
    assert (desk.state, desk.reason) == (State.WAIT, "the gate is shut: still copying")
    desk.be_told(1, Says.HOLDS)
    desk.let_pass(5.0)
    assert desk.times(AskGate(2), 0.0)
    answer_gate(desk, good=True)
    desk.let_pass(TIMERS.proof_s)
    assert desk.state is State.HOLDING


def test_what_the_gate_said_before_the_host_was_gone_is_void() -> None:
    desk = owner(asks_gate=True)
    desk.see(carrier=False)
    desk.see(carrier=True)
    assert (desk.state, desk.post.gate_number) == (State.WAIT, 2)


def test_if_nobody_else_comes_the_gate_is_not_waited_for() -> None:
    desk = Desk(0, asks_gate=True)
    desk.see()
    answer_gate(desk, good=False)
    desk.let_pass(2 * TIMERS.heard_s + 5.0 + TIMERS.proof_s)
    assert desk.state is State.HOLDING


# -- start and stop, orders ---------------------------------------------------------------------


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
    desk = candidate()
    desk.refuses = "not permitted"
    die(desk)
    for _ in range(2 * TIMERS.most_takeovers):
        desk.let_pass(10.0)
    assert desk.post.claims == ()
