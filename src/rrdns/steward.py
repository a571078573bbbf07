"""The steward: keeps what is answered up to what is believed and ordered.

Everything that decides who is handed out meets here: probes' outcomes, operators' orders, and the
passing of time. Each makes the steward review the pools concerned, all that happens at one moment
together. It has no socket and no file, so the demo's, a test's and a simulation's are the real one.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable
from math import inf
from random import Random
from typing import Generic, TypeVar

from rrdns.answer.entry import Entries
from rrdns.answer.snapshot import Cursors
from rrdns.config.settings import Identity
from rrdns.health.check import Target
from rrdns.health.monitor import Monitor, OnProbe
from rrdns.health.probing import Probing
from rrdns.health.result import Health
from rrdns.health.verdict import State
from rrdns.heap import settle
from rrdns.load import Loaded
from rrdns.narrator import Narrator
from rrdns.pool.duty import Assignment, Duty, Roster
from rrdns.pool.incidents import Incident, Incidents
from rrdns.pool.judge import Judge
from rrdns.pool.member import Member, Pool
from rrdns.pool.served import Served
from rrdns.pool.standing import Change, Standings
from rrdns.publisher import Publisher, families
from rrdns.saved import LONG_AGO, Saved, question_of
from rrdns.zone.name import Name

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Entries)

Blank = Callable[[Cursors, Identity], T]


class RefusedError(Exception):
    """An order is not carried out; the text says why, and what to do."""


class Steward(Generic[T]):
    """Owns the monitor, the roster and the publisher; lives in one event loop.

    It begins where another ended that has left `saved`.
    `blank` and `cursors` make what is played (`serve/players.py`). `on_probe` is told of each
    probe. `clock` tells the time as time.time does; for `monotonic`, see Monitor.
    """

    def __init__(
        self,
        blank: Blank[T],
        cursors: Callable[[Random], Cursors],
        rng: Random,
        on_probe: OnProbe | None = None,
        probers: Probing | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] | None = None,
        saved: Saved = LONG_AGO,
    ) -> None:
        self._clock = clock
        self._saved = saved
        self.monitor = Monitor(
            self._health_changed,
            on_probe,
            probers,
            on_vantage=lambda view: self.narrator.vantage(view),
            wall=clock,
            monotonic=monotonic,
        )
        self.roster = Roster(saved.assignments)
        self.judge = Judge(self.monitor.health, self.roster)
        self.publisher = Publisher(self.judge.fitness, rng, blank, cursors, clock)
        self.publisher.served = Served(saved.departures)
        self.publisher.cursors.restore(saved.cursors)
        self.standings = Standings(saved.standings)
        self.incidents = Incidents(saved.incidents)
        self.narrator = Narrator(self.judge)
        self.pools: tuple[Pool, ...] = ()
        self.news = asyncio.Event()
        """Something has happened that a restart is to know; to be cleared by who takes note."""
        self._pools_of: dict[Target, list[Pool]] = {}
        self._stale: set[Pool] = set()
        self._reviews: dict[Name, asyncio.TimerHandle] = {}
        self._order_ends: asyncio.TimerHandle | None = None

    async def take_force(self, loaded: Loaded, *, trusted: bool = False) -> None:
        """Probes what has not been probed yet, then answers from `loaded`.

        Where what was saved is `trusted`, it does not wait for those whose verdicts were.
        """
        self.roster.forget_all_but(loaded.pools)
        targets = [target for pool in loaded.pools for target in pool.all_targets()]
        self.monitor.look_from(loaded.settings.vantage)
        if trusted:
            known = {target: self._saved.healths.get(question_of(target)) for target in targets}
            self.monitor.restore({t: health for t, health in known.items() if health is not None})
        await self.monitor.first_round(targets, trusted=trusted)
        zones = {apex: version.loaded.zone for apex, version in loaded.zones.items()}
        await self.publisher.publish(zones, loaded.pools, loaded.settings.dns.identity)
        self.pools = loaded.pools
        self._pools_of = {target: [] for target in targets}
        for pool in loaded.pools:
            for target in pool.all_targets():
                self._pools_of[target].append(pool)
        self.monitor.watch(targets)
        self._forget_all_but(loaded.pools)
        self._review(loaded.pools)
        self._end_orders()
        settle(len(targets))

    def remember(self) -> Saved:
        """All that a restart is to know."""
        healths = self.monitor.healths().items()
        return Saved(
            self._clock(),
            {
                question_of(target): health
                for target, health in healths
                if health.verdict.state is not State.UNKNOWN
            },
            cursors=self.publisher.cursors.saved(),
            standings=self.standings.known,
            assignments=self.roster.assignments,
            departures=self.publisher.served.departures,
            incidents=tuple(self.incidents.newest_first()),
        )

    def order(
        self, pool: Pool, member: Member, assignment: Assignment, *, force: bool = False
    ) -> None:
        """Puts an order in force at once. Raises RefusedError where it would leave too few."""
        if assignment.duty is not Duty.READY and not force:
            self._refuse_to_leave_too_few(pool, member)
        self.roster.assign(pool, member, assignment)
        self.news.set()
        self.narrator.ordered(pool, member, assignment)
        self._review((pool,))
        self._plan_end_of_orders()

    def drill(self, pool: Pool, member: Member, until: float, *, force: bool = False) -> None:
        """Has the probes of `member` fail until then, in all pools that share them. Raises
        RefusedError where it has none, or where that would leave too few."""
        targets = pool.targets(member)
        if not targets:
            raise RefusedError("the pool has no checks, so nothing would happen; use drain")
        if not force:
            for concerned in {p for target in targets for p in self._pools_of[target]}:
                for each in concerned.members:
                    if each.address == member.address:
                        self._refuse_to_leave_too_few(concerned, each)
        self.narrator.drilled(pool, member, until)
        self.monitor.drill(targets, until)

    async def aclose(self) -> None:
        """Stops probing and waiting."""
        for timer in self._reviews.values():
            timer.cancel()
        if self._order_ends is not None:
            self._order_ends.cancel()
        await self.monitor.aclose()

    def _refuse_to_leave_too_few(self, pool: Pool, member: Member) -> None:
        """Raises RefusedError where `member` serves and too few others of its family do."""
        family = (m for m in pool.members if m.address.version == member.address.version)
        serving = [m for m in family if not m.backup and self.judge.fitness(pool, m).may_serve]
        if member in serving and len(serving) - 1 < pool.min_up:
            left = f"{len(serving) - 1} of {len(pool.members)} members would be left in rotation"
            raise RefusedError(f"{left}, and min_up is {pool.min_up}; force it if you mean it")

    def _health_changed(self, target: Target, before: Health, after: Health) -> None:
        """Has the pools of `target` reviewed, once, after all that happens at this moment."""
        turned = before.verdict.state is not after.verdict.state
        for pool in self._pools_of.get(target, ()):
            if turned or pool.ttl_floor_s is not None:
                self._review_soon(pool)

    def _review_soon(self, pool: Pool) -> None:
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._review_stale)
        self._stale.add(pool)

    def _review_stale(self) -> None:
        pools, self._stale = self._stale, set()
        self._review(pools)

    def _review(self, pools: Collection[Pool]) -> None:
        """Brings the answers of `pools` up to what is known of their members, and says what
        changed."""
        self.publisher.refresh(pools)
        now = self._clock()
        for change in self.standings.review(pools, self.judge.state, now):
            self._note_change(change, now)
        for pool in pools:
            self.incidents.note_departures(pool, self.publisher.served)
            self.narrator.rotations(pool, self.publisher.rotations)
            self._plan_review(pool, now)

    def _note_change(self, change: Change, now: float) -> None:
        """A member is in another state. What happens under maintenance is nobody's business."""
        pool, member = change.pool, change.member
        self.news.set()
        maintained = self.roster.duty(pool, member) is Duty.MAINT
        self.narrator.member_changed(change, quietly=maintained)
        if change.after is not State.DOWN:
            self.incidents.end(pool, member, now)
        elif not maintained and change.before is not None:
            self.incidents.begin(pool, member, self._incident(pool, member, now))

    def _incident(self, pool: Pool, member: Member, now: float) -> Incident:
        targets = pool.targets(member)
        down = [t for t in targets if self.monitor.health(t).verdict.state is State.DOWN]
        healths = [self.monitor.health(target) for target in down]
        passes = [each.last_pass for each in healths if each.last_pass is not None]
        failures = [each.first_failure for each in healths if each.first_failure is not None]
        return Incident(
            name=member.name,
            drill=any(self.monitor.drilled(target) is not None for target in targets),
            reason=self.judge.reason(pool, member),
            last_pass=min(passes, default=None),
            first_failure=min(failures, default=None),
            down_at=now,
            budget_s=pool.failover_budget_s,
        )

    def _plan_review(self, pool: Pool, now: float) -> None:
        """Has `pool` reviewed when its rotations do not hold any longer by themselves."""
        if pool.owner in self._reviews:
            self._reviews.pop(pool.owner).cancel()
        rotations = self.publisher.rotations
        holds_until = min((rotations[key].holds_until for key in families(pool)), default=inf)
        if holds_until < inf:
            self._reviews[pool.owner] = asyncio.get_running_loop().call_later(
                max(0.0, holds_until - now), self._review_soon, pool
            )

    def _plan_end_of_orders(self) -> None:
        if self._order_ends is not None:
            self._order_ends.cancel()
            self._order_ends = None
        ends_at = self.roster.next_end()
        if ends_at is not None:
            self._order_ends = asyncio.get_running_loop().call_later(
                max(0.0, ends_at - self._clock()), self._end_orders
            )

    def _end_orders(self) -> None:
        ended = self.roster.end_due(self._clock())
        for pool in self.pools:
            for member in pool.members:
                if (pool.owner, member.address) in ended:
                    self.narrator.order_ended(pool, member)
                    self._review_soon(pool)
        self._plan_end_of_orders()

    def _forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops what is known of pools and members that are gone."""
        pools = tuple(pools)
        self.standings.forget_all_but(pools)
        self.incidents.forget_all_but(pools, self._clock())
        self.narrator.forget_all_but(pools)
        self._stale.clear()
        for timer in self._reviews.values():
            timer.cancel()
        self._reviews.clear()
