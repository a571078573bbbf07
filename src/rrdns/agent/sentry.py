"""The sentry of one virtual address: shows its machine what is seen, and does what that wants."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from itertools import pairwise
from typing import Any

from rrdns.takeover.hello import Saying
from rrdns.takeover.herald import Answer, Herald, ask
from rrdns.takeover.machine import step
from rrdns.takeover.machine.action import (
    Action,
    Announce,
    Ask,
    AskGate,
    AskHook,
    Drop,
    Hold,
    Prove,
)
from rrdns.takeover.machine.holding import contested
from rrdns.takeover.machine.moment import Moment
from rrdns.takeover.machine.post import Look, Post, State
from rrdns.takeover.machine.seen import HOLDERS, Order, Proof, Says, Seen, Verdict
from rrdns.takeover.plan import Plan, Vip

from .means import Means
from .senses import Senses

log = logging.getLogger(__name__)

OnNews = Callable[[], None]
Witnesses = Callable[[float], Awaitable[int]]
"""Asks all witnesses for so long; how many have answered."""

LOUD = (
    State.CLAIMING,
    State.HOLDING,
    State.RELEASING,
    State.BLOCKED,
    State.FAULT,
    State.ISOLATED,
    State.LOCAL_FAIL,
)
"""What an operator has to know; the rest is the usual coming and going."""


class Sentry:
    """Stands at `vip` in the running event loop. `on_news` is called when others are to be told."""

    def __init__(
        self,
        vip: Vip,
        plan: Plan,
        senses: Senses,
        means: Means,
        herald: Herald | None,
        witnesses: Witnesses,
        on_news: OnNews,
    ) -> None:
        rank = vip.rank(plan.here.name)
        if rank is None:
            raise ValueError(f"{plan.here.name} has no part in {vip.address}")
        self.vip = vip
        self.since = time.time()
        self._plan = plan
        self._senses = senses
        self._notes = senses.notes[vip.address]
        self._means = means
        self._herald = herald
        self._witnesses = witnesses
        self._on_news = on_news
        self._loop = asyncio.get_running_loop()
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.is_out = asyncio.Event()
        """Set while it has no part."""
        self._is_stirred = False
        self._is_contested = False
        self.post = Post(
            vip,
            rank,
            plan.timers,
            quorum=plan.quorum,
            asks_hook=bool(herald and plan.hooks.pre_claim),
            asks_gate=rank == 0 and bool(plan.gate.command),
        )

    @property
    def holds(self) -> bool:
        """Whether this host has the address now."""
        return self._means.holds(self.vip)

    @property
    def order(self) -> Order:
        """What an operator wants."""
        return self._notes.order

    @property
    def flaps(self) -> int:
        """How many takeovers count towards `most_takeovers`."""
        return len(self._look().flaps(self.post))

    def contested(self) -> list[str]:
        """Who else is heard to have the address, who should not."""
        look, hosts = self._look(), self.vip.hosts
        return [
            f"{hosts[rival.rank].name} ({rival.mac})" if rival.rank is not None else rival.mac
            for rival in contested(self.post, look)
        ]

    def obey(self, order: Order) -> None:
        """From now on, and at once as far as that goes."""
        if self._notes.order is not Order.STOP:
            self._notes.order = order
            self._step()

    def saying(self) -> Saying:
        """What the other agents are to be told: as of now, not as of when it was last decided."""
        self._means.catch_up()
        says, is_held = self.post.says, self._notes.order is Order.HOLD
        if says in HOLDERS and not self.holds:
            says = Says.ABLE
        return Saying(
            says, self.post.rank, wants=is_held and not self.holds, by_order=is_held and self.holds
        )

    def stir(self) -> None:
        """Something may have changed: the machine is asked, once for all of this moment."""
        if not self._is_stirred:
            self._is_stirred = True
            self._loop.call_soon(self._step)

    async def aclose(self) -> None:
        """Does nothing any more; what is held stays until its lease ends."""
        if self._timer is not None:
            self._timer.cancel()
        self._is_stirred = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _step(self) -> None:
        self._is_stirred = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        before, said = self.post, self.saying()
        taken = step(self.post, self._seen(), self._loop.time())
        self.post = taken.post
        if self.post.state is State.DISABLED:
            self.is_out.set()
        else:
            self.is_out.clear()
        for earlier, later in pairwise((before, *taken.entered, taken.post)):
            self._tell(earlier, later)
        self._tell_of_dispute()
        for action in taken.actions:
            self._do(action)
        if self.saying() != said:
            self._on_news()
        if taken.wake_at < float("inf"):
            self._timer = self._loop.call_at(taken.wake_at, self.stir)

    def _look(self) -> Look:
        return Look(self._seen(), Moment(self._loop.time()), self._plan.timers)

    def _seen(self) -> Seen:
        self._means.catch_up()
        return self._senses.seen(
            self.vip,
            holds=self.holds,
            is_foreign=self._means.is_foreign(self.vip),
            carrier=self._means.carrier(),
        )

    # -- what the machine wants -----------------------------------------------------------------

    def _do(self, action: Action) -> None:
        match action:
            case Prove(number):
                self._begin(self._prove(number, self._loop.time()))
            case Ask():
                self._ask()
            case Announce(mac):
                self._means.announce(self.vip.address, mac)
            case Hold(number):
                self._begin(self._hold(number))
            case Drop():
                self._begin(self._drop())
            case AskHook(number):
                self._begin(self._ask_hook(number))
            case AskGate(number):
                self._begin(self._ask_gate(number))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("vip=%s a fault of rrdns, please report it", self.vip.address, exc_info=fault)

    def _ask(self) -> str | None:
        """Who has the address, and whether its owner is there: that tells us whose MAC is whose.
        Why the first can not be asked, or None."""
        fault = self._means.ask(self.vip.address)
        if self.post.rank:
            self._means.ask(self.vip.owner.address)
        return fault

    def _ask_candidates(self) -> None:
        """Where they are: one that has several interfaces on the link answers from each of them,
        and from a MAC that nothing else tells us it would be a stranger."""
        for host in self.vip.candidates:
            if host.name != self._plan.here.name:
                self._means.ask(host.address)

    async def _prove(self, number: int, begun_at: float) -> None:
        timers = self._plan.timers
        witnesses = asyncio.ensure_future(self._witnesses(timers.proof_s))
        try:
            faults = []
            for count in range(timers.asks):
                faults.append(self._ask())
                self._ask_candidates()
                await asyncio.sleep(begun_at + (count + 1) * timers.ask_gap_s - self._loop.time())
            answered = await witnesses
        finally:
            witnesses.cancel()
        # One question that gets out is asked; the others are for what is lost.
        fault = None if None in faults else faults[-1]
        self._notes.proof = Proof(number, begun_at, answered, fault)
        self.stir()

    async def _hold(self, number: int) -> None:
        async with self._changing:
            fault = await self._means.hold(self.vip, self._plan.timers.lease_s)
        if fault is not None:
            log.error("vip=%s %s", self.vip.address, fault)
        self._notes.held = Verdict(number, fault is None, self._loop.time(), fault or "")
        self.stir()

    async def _drop(self) -> None:
        async with self._changing:
            fault = await self._means.drop(self.vip)
        if fault is not None:
            log.error("vip=%s %s", self.vip.address, fault)
        self.stir()

    async def _ask_hook(self, number: int) -> None:
        if self._herald is not None:
            answer = await self._herald.send(
                self._plan.hooks.pre_claim, self._told("pre_claim", self.post)
            )
            self._notes.hook = self._verdict(number, answer)
            self.stir()

    async def _ask_gate(self, number: int) -> None:
        gate = self._plan.gate
        answer = await ask(gate.command, self._told("ready", self.post), gate.command_timeout_s)
        self._notes.gate = self._verdict(number, answer)
        self.stir()

    def _verdict(self, number: int, answer: Answer) -> Verdict:
        return Verdict(number, answer.good, self._loop.time(), answer.reason)

    # -- what people and hooks are told ---------------------------------------------------------

    def _tell(self, before: Post, after: Post) -> None:
        if (after.state, after.reason) == (before.state, before.reason):
            return
        if after.state is not before.state:
            self.since = time.time()
        is_loud = after.state in LOUD and after.state is not before.state
        log.log(
            logging.INFO if is_loud or before.state in LOUD else logging.DEBUG,
            "vip=%s %s: %s",
            self.vip.address,
            after.state.upper(),
            after.reason,
        )
        event = _event(before.state, after.state, holds=self.holds)
        if event is not None and self._herald is not None:
            command: tuple[str, ...] = getattr(self._plan.hooks, event)
            if command:
                self._begin(self._run_hook(command, event, after))

    def _tell_of_dispute(self) -> None:
        rivals = self.contested()
        if rivals and not self._is_contested:
            log.warning("vip=%s CONTESTED: %s has it too", self.vip.address, ", ".join(rivals))
        elif self._is_contested and not rivals:
            log.info("vip=%s is contested no longer", self.vip.address)
        self._is_contested = bool(rivals)

    async def _run_hook(self, command: tuple[str, ...], event: str, post: Post) -> None:
        if self._herald is None:
            return
        answer = await self._herald.send(command, self._told(event, post))
        if not answer.good:
            log.warning("vip=%s the hook %s: %s", self.vip.address, event, answer.reason)

    def _told(self, event: str, post: Post) -> Mapping[str, str]:
        """The environment of a command."""
        return {
            "RRDNS_EVENT": event,
            "RRDNS_VIP": str(self.vip.address),
            "RRDNS_INTERFACE": self._plan.here.interface,
            "RRDNS_HOST": self._plan.here.name,
            "RRDNS_OWNER": self.vip.owner.name,
            "RRDNS_ROLE": "candidate" if post.rank else "owner",
            "RRDNS_STATE": post.state,
            "RRDNS_REASON": post.reason,
        }


def _event(before: State, after: State, *, holds: bool) -> str | None:
    """The hook that a change of state is for; at a stop the address may be kept."""
    if after is before:
        return None
    if after is State.HOLDING:
        return None if before is State.RELEASING else "claimed"
    if before in (State.HOLDING, State.RELEASING) and after is not State.RELEASING:
        return None if holds else "released"
    return "blocked" if after is State.BLOCKED else None
