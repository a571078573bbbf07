"""The sentry shows its machine what is seen, does what that wants, and says what has happened."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from harness.awaiting import eventually
from rrdns.takeover.herald import Answer, Herald
from rrdns.takeover.machine.post import State
from rrdns.takeover.machine.seen import Order, Says
from rrdns.takeover.plan import Hooks, Timers

from .conftest import FIRST, MARCONI, MakeStaffed, Staffed

STRANGER = "02:00:00:00:00:ff"
QUICK = Timers(
    interval_s=0.05, timeout_s=0.05, fast_interval_s=0.02, asks=2, ask_gap_s=0.01, stagger_s=0.1
)
HOOKS = Hooks(
    pre_claim=("may-claim",), claimed=("claimed",), released=("released",), blocked=("blocked",)
)


@dataclass
class FakeHerald:
    """Hooks that answer at once."""

    answer: Answer = field(default_factory=lambda: Answer(True))
    sent: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def send(self, argv: Sequence[str], told: Mapping[str, str]) -> "asyncio.Future[Answer]":
        self.sent.append((argv[0], told))
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        answered.set_result(self.answer)
        return answered


async def holding(make_staffed: MakeStaffed, **more: Any) -> Staffed:
    """The owner of the first address, which it has."""
    staffed = make_staffed(vips=(FIRST,), timers=QUICK, **more)
    staffed.stir()
    await eventually(lambda: staffed.sentry(FIRST).post.state is State.HOLDING)
    return staffed


async def test_what_the_machine_wants_is_done(make_staffed: MakeStaffed) -> None:
    staffed = await holding(make_staffed)
    assert staffed.means.held == {FIRST.address}
    assert staffed.means.asked.count(FIRST.address) >= QUICK.asks
    assert (FIRST.address, None) in staffed.means.announced
    assert staffed.sentry(FIRST).saying().says is Says.HOLDS
    assert staffed.news


async def test_what_can_not_be_had_is_said_and_tried_again(
    make_staffed: MakeStaffed, caplog: pytest.LogCaptureFixture
) -> None:
    staffed = make_staffed(vips=(FIRST,), timers=QUICK)
    staffed.means.refuses = "can not put it on eth0: not permitted"
    staffed.stir()
    await eventually(lambda: staffed.sentry(FIRST).post.state is State.FAULT)
    assert f"vip={FIRST.address} can not put it on eth0: not permitted" in caplog.text
    assert not staffed.means.held


async def test_why_an_address_was_lost_is_said_though_it_is_had_again_soon(
    make_staffed: MakeStaffed, caplog: pytest.LogCaptureFixture
) -> None:
    staffed = await holding(make_staffed)
    with caplog.at_level(logging.INFO):
        staffed.means.held.clear()
        staffed.stir()
        await eventually(lambda: staffed.means.held)
    assert f"vip={FIRST.address} PROBE: the address was taken off the interface" in caplog.text


async def test_a_dispute_is_said_when_it_begins(
    make_staffed: MakeStaffed, caplog: pytest.LogCaptureFixture
) -> None:
    staffed = await holding(make_staffed)
    for _ in range(3):
        staffed.agent.senses.heard(FIRST.address, STRANGER)
        staffed.stir()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert staffed.sentry(FIRST).contested() == [STRANGER]
    assert caplog.text.count(f"CONTESTED: {STRANGER} has it too") == 1


async def test_hooks_are_told_of_what_has_happened_when_it_did(make_staffed: MakeStaffed) -> None:
    herald = FakeHerald()
    staffed = await holding(make_staffed, herald=cast(Herald, herald), hooks=HOOKS)
    staffed.means.has_carrier = False
    staffed.stir()
    await eventually(lambda: "released" in [name for name, _ in herald.sent])
    names = [name for name, _ in herald.sent]
    assert names == ["claimed", "released"]  # an owner asks nobody whether it may
    claimed, released = (told for _, told in herald.sent)
    assert claimed == {
        "RRDNS_EVENT": "claimed",
        "RRDNS_VIP": str(FIRST.address),
        "RRDNS_INTERFACE": "eth0",
        "RRDNS_HOST": "marconi",
        "RRDNS_OWNER": "marconi",
        "RRDNS_ROLE": "owner",
        "RRDNS_STATE": "holding",
        "RRDNS_REASON": "nobody else has it",
    }
    assert (released["RRDNS_EVENT"], released["RRDNS_REASON"]) == ("released", "no carrier")


async def test_a_hook_that_fails_is_said(
    make_staffed: MakeStaffed, caplog: pytest.LogCaptureFixture
) -> None:
    herald = FakeHerald(Answer(False, "mail is down"))
    await holding(make_staffed, herald=cast(Herald, herald), hooks=HOOKS)
    await eventually(lambda: "the hook claimed: mail is down" in caplog.text)


async def test_who_is_stopped_takes_no_more_orders(make_staffed: MakeStaffed) -> None:
    staffed = await holding(make_staffed)
    sentry = staffed.sentry(FIRST)
    sentry.obey(Order.STOP)
    sentry.obey(Order.HOLD)
    assert sentry.order is Order.STOP
    assert not sentry.is_out.is_set()
    async with asyncio.timeout(30.0):
        await sentry.is_out.wait()
    assert staffed.means.held == {FIRST.address}, "nobody else came: it is kept for its lease"


async def test_who_was_disabled_once_is_waited_for_all_the_same(make_staffed: MakeStaffed) -> None:
    staffed = await holding(make_staffed)
    sentry = staffed.sentry(FIRST)
    sentry.obey(Order.DISABLE)
    await sentry.is_out.wait()
    sentry.obey(Order.FOLLOW)
    await eventually(lambda: sentry.post.state is State.HOLDING)
    sentry.obey(Order.STOP)
    assert not sentry.is_out.is_set(), "it is not handed over yet"


async def test_an_order_to_hold_is_said_as_a_wish_and_then_as_a_fact(
    make_staffed: MakeStaffed,
) -> None:
    staffed = make_staffed(vips=(FIRST,), timers=QUICK)
    sentry = staffed.sentry(FIRST)
    sentry.obey(Order.HOLD)
    assert (sentry.saying().wants, sentry.saying().by_order) == (True, False)
    await eventually(lambda: staffed.means.held)
    assert (sentry.saying().wants, sentry.saying().by_order) == (False, True)


async def test_what_has_no_part_in_an_address_stands_at_none(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed(here=MARCONI, vips=())
    assert not staffed.agent.sentries


async def test_nobody_says_to_hold_what_is_gone(make_staffed: MakeStaffed) -> None:
    """A process that did not run has not noticed yet that its lease has ended."""
    staffed = await holding(make_staffed)
    staffed.means.held.clear()
    assert staffed.sentry(FIRST).post.state is State.HOLDING
    assert staffed.sentry(FIRST).saying().says is Says.ABLE
