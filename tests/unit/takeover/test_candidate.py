"""What candidates do, told one story at a time."""

import pytest

from rrdns.takeover.machine.action import AskHook, Hold
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Ping, Says

from .stories import answer_hook, candidate, die, give_back
from .world import STRANGER, TIMERS


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
    ],
    ids=["no carrier", "unfit", "no witness", "owner on ARP", "a stranger holds"],
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
        case _:
            desk.see(**sight)
    die(desk)
    assert (desk.state, desk.reason) == (State.BLOCKED, reason)
    assert Hold not in desk.kinds()


@pytest.mark.parametrize(("rank", "other"), [(1, 2), (2, 1)])
def test_it_waits_while_another_candidate_has_it(rank: int, other: int) -> None:
    desk = candidate(rank)
    desk.see(owner=Ping.SILENT)
    for _ in range(50):
        desk.let_pass(TIMERS.proof_s / 3)
        desk.hear(other)
    assert (desk.state, desk.reason) == (State.WAIT, f"host{other} has the address")
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
