"""How stories of the machines begin: one that stands by, holds, or has taken over."""

from typing import Any

from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Ping, Verdict
from rrdns.takeover.plan import Timers

from .desk import Desk
from .world import TIMERS

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
