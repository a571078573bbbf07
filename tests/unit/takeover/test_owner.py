"""What owners do that do not hold their address, told one story at a time."""

import pytest

from rrdns.takeover.machine.action import AskGate, Prove
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Says

from .desk import Desk
from .stories import DEAD_S, answer_gate, owner
from .world import STRANGER, TIMERS


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
