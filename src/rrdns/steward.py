"""The steward: keeps what is answered up to what is believed and ordered.

Everything that decides who is handed out meets here: probes' outcomes, operators' orders, the words
of takeover agents, and the passing of time. Each makes the steward review the pools concerned, all
that happens at one moment together. It has no socket and no file, so the demo's, a test's and a
simulation's are the real one.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
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
from rrdns.pool.cover import Covers, Word
from rrdns.pool.duty import DRILL, DRILL_S, Assignment, Duty, Roster, key_of
from rrdns.pool.incidents import Incident, Incidents
from rrdns.pool.judge import Judge
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import handed_out
from rrdns.pool.served import Served
from rrdns.pool.standing import Change, Standings
from rrdns.publisher import Publisher, families
from rrdns.saved import LONG_AGO, Saved, question_of
from rrdns.zone import name as names
from rrdns.zone.name import Name

T = TypeVar("T", bound=Entries)

Blank = Callable[[Cursors, Identity], T]


MOST_REVIEWED = 20  # pools at once, which takes some ten milliseconds
LONGEST_NAP_S = 30.0  # the wall clock may be set while a timer runs; it is looked at that often


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
        self._saved: Saved | None = saved
        self.monitor = Monitor(
            self._health_changed,
            on_probe,
            probers,
            on_vantage=lambda view: self.narrator.vantage(view),
            wall=clock,
            monotonic=monotonic,
        )
        self.roster = Roster(saved.assignments)
        self.covers = Covers()
        self.judge = Judge(self.monitor.health, self.roster, self.covers)
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
        self._stale: dict[Name, Pool] = {}
        self._reviews: dict[Name, asyncio.TimerHandle] = {}
        self._order_ends: asyncio.TimerHandle | None = None

    async def take_force(self, loaded: Loaded, *, trusted: bool = False) -> None:
        """Probes what has not been probed yet, then answers from `loaded`.

        Where what was saved is `trusted`, it does not wait for those whose verdicts were. Nothing
        else happens between the first answer from `loaded` and the return.
        """
        targets = [target for pool in loaded.pools for target in pool.all_targets()]
        self.monitor.look_from(loaded.settings.vantage)
        takeover = loaded.settings.takeover
        self.covers.listen_to(takeover.status, takeover.good_for_s)
        self._review_covers()
        if self._saved is not None:
            if trusted:
                self._believe(self._saved, targets)
            self._saved = None
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
        self._take_note(loaded.pools)
        self._end_orders()
        settle(len(targets))

    def now(self) -> float:
        """The time that orders and reports go by."""
        return self._clock()

    def remember(self) -> Callable[[], Saved]:
        """Takes down all that a restart is to know; what it returns puts that in words, which takes
        longer and may be done on another thread."""
        now, healths = self._clock(), self.monitor.healths()
        taken_down = Saved(
            now,
            standings=self.standings.known,
            assignments=self.roster.assignments,
            departures=self.publisher.served.departures,
            incidents=self.incidents.known,
        )

        def in_words() -> Saved:
            return replace(
                taken_down,
                healths={
                    question_of(target): health
                    for target, health in healths
                    if health.verdict.state is not State.UNKNOWN
                },
                cursors=self.publisher.cursors.saved(),
            )

        return in_words

    def give(
        self,
        pool: Pool,
        member: Member,
        order: str,
        lasts_s: float | None = None,
        reason: str = "",
        *,
        force: bool = False,
    ) -> None:
        """Carries out one of `ORDERS` from now on, for so long; None: until another one, a drill as
        usual. Raises RefusedError."""
        now = self._clock()
        if order == DRILL:
            self.drill(pool, member, now + (lasts_s or DRILL_S), force=force)
        else:
            until = None if lasts_s is None else now + lasts_s
            self.order(pool, member, Assignment(Duty(order), now, until, reason), force=force)

    def order(
        self, pool: Pool, member: Member, assignment: Assignment, *, force: bool = False
    ) -> None:
        """Puts an order in force at once; READY ends a drill too. Raises RefusedError where it
        would leave too few."""
        before = self.roster.duty(pool, member)
        if assignment.duty is Duty.READY:
            self._end_drill(pool, member)
        elif not force:
            self._refuse_to_leave_too_few(pool, member)
        self.roster.assign(pool, member, assignment)
        self.news.set()
        self.narrator.ordered(pool, member, assignment)
        self._end_silence(pool, member, before)
        self._review((pool,))
        self._plan_end_of_orders()

    def drill(self, pool: Pool, member: Member, until: float, *, force: bool = False) -> None:
        """Has the probes of `member` fail until then, in all pools that share them. Raises
        RefusedError where it has none, or where that would leave too few."""
        targets = pool.targets(member)
        if not targets:
            raise RefusedError("the pool has no checks, so nothing would happen; use drain")
        if not force:
            for sharing, same in self._who_share_probes(pool, member):
                self._refuse_to_leave_too_few(sharing, same)
        self.narrator.drilled(pool, member, until)
        self.monitor.drill(targets, until)

    def heard(self, agent: str, said: Word | str) -> None:
        """A takeover agent has told who has which address, or in a text why it has not."""
        self.covers.hear(agent, said, asyncio.get_running_loop().time(), self._clock())
        self._review_covers()

    async def aclose(self) -> None:
        """Stops probing and waiting."""
        for timer in self._reviews.values():
            timer.cancel()
        if self._order_ends is not None:
            self._order_ends.cancel()
        await self.monitor.aclose()

    def _refuse_to_leave_too_few(self, pool: Pool, member: Member) -> None:
        """Raises RefusedError where `member` serves and too few others of its family do."""
        version = member.address.version
        family = [m for m in pool.members if m.address.version == version and not m.backup]
        fit = {m: each for m in family if (each := self.judge.fitness(pool, m)).may_serve}
        serving = handed_out(pool, fit)
        fit.pop(member, None)
        left = len(handed_out(pool, fit))
        if member in serving and left < pool.min_up:
            raise RefusedError(
                f"{left} of the {len(family)} IPv{version} members of {names.to_text(pool.owner)}"
                f" would be left in rotation, and min_up is {pool.min_up}; force it if you mean it"
            )

    def _who_share_probes(self, pool: Pool, member: Member) -> Iterator[tuple[Pool, Member]]:
        """`member` in all pools that have it and ask it what `pool` does, in whatever rhythm."""
        questions = {target.question for target in pool.targets(member)}
        for each in self.pools:
            for same in each.members:
                if same.address == member.address and questions.intersection(
                    target.question for target in each.targets(same)
                ):
                    yield each, same

    def _end_drill(self, pool: Pool, member: Member) -> None:
        drilled = [t for t in pool.targets(member) if self.monitor.drilled(t) is not None]
        self.monitor.drill(drilled, self._clock())

    def _end_silence(self, pool: Pool, member: Member, before: Duty) -> None:
        """What was nobody's business under maintenance is an outage once that is over."""
        maintained = self.roster.duty(pool, member) is Duty.MAINT
        if before is not Duty.MAINT or maintained:
            return
        if self.judge.state(pool, member) is State.DOWN:
            self.narrator.member_changed(Change(pool, member, State.DOWN, State.DOWN))
            self.incidents.begin(pool, member, self._incident(pool, member, self._clock()))

    def _health_changed(self, target: Target, before: Health, after: Health) -> None:
        """Has the pools of `target` reviewed, once, after all that happens at this moment."""
        turned = before.verdict.state is not after.verdict.state
        for pool in self._pools_of.get(target, ()):
            if turned or pool.ttl_floor_s is not None:
                self._review_soon(pool)

    def _review_covers(self) -> None:
        """Has the pools reviewed of whose addresses is known something else than before."""
        news = self.covers.review(asyncio.get_running_loop().time(), self._clock())
        for agent in news.silent:
            self.narrator.agent_silent(agent, self.covers.agents[agent])
        for agent in news.telling:
            self.narrator.agent_tells(agent, self.covers.agents[agent])
        for pool in self.pools if news.changed else ():
            if not news.changed.isdisjoint(member.address for member in pool.members):
                self._review_soon(pool)

    def _review_soon(self, pool: Pool) -> None:
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._review_stale)
        self._stale[pool.owner] = pool

    def _review_stale(self) -> None:
        """Reviews so many at once; where half the world is down, probes go on in between."""
        some = list(islice(self._stale, MOST_REVIEWED))
        pools = [self._stale.pop(owner) for owner in some]
        if self._stale:
            asyncio.get_running_loop().call_soon(self._review_stale)
        self._review(pools)

    def _review(self, pools: Collection[Pool]) -> None:
        """Brings the answers of `pools` up to what is known of their members."""
        self.publisher.refresh(pools)
        self._take_note(pools)

    def _take_note(self, pools: Collection[Pool]) -> None:
        """Says what has changed about `pools`, and remembers it, now that it is published."""
        now = self._clock()
        for change in self.standings.review(pools, self.judge.state, now):
            self._note_change(change, now)
        for pool in pools:
            self.incidents.note_departures(pool, self.publisher.served)
            self.narrator.covers(pool, self.covers)
            self.narrator.rotations(pool, self.publisher.rotations)
            self._plan_review(pool, now)

    def _note_change(self, change: Change, now: float) -> None:
        """A member is in another state. What happens under maintenance is nobody's business."""
        pool, member = change.pool, change.member
        self.news.set()
        maintained = self.roster.duty(pool, member) is Duty.MAINT
        self.narrator.member_changed(change, quietly=maintained)
        is_new = change.before is None
        if change.after is State.DOWN:
            if not maintained and not is_new:
                self.incidents.begin(pool, member, self._incident(pool, member, now))
        elif change.after is State.UP or not pool.checks:
            self.incidents.end(pool, member, now)  # who can not be told to be up may still be down

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
                _nap_s(holds_until - now), self._review_soon, pool
            )

    def _plan_end_of_orders(self) -> None:
        if self._order_ends is not None:
            self._order_ends.cancel()
            self._order_ends = None
        ends_at = self.roster.next_end()
        if ends_at is not None:
            self._order_ends = asyncio.get_running_loop().call_later(
                _nap_s(ends_at - self._clock()), self._end_orders
            )

    def _end_orders(self) -> None:
        ended = self.roster.end_due(self._clock())
        for pool in self.pools if ended else ():
            for member in pool.members:
                assignment = ended.get(key_of(pool, member))
                if assignment is not None:
                    self.news.set()
                    self.narrator.order_ended(pool, member)
                    self._end_silence(pool, member, assignment.duty)
                    self._review_soon(pool)
        self._plan_end_of_orders()

    def _believe(self, saved: Saved, targets: Collection[Target]) -> None:
        """Has `targets` begin with what another process has found of them."""
        known = ((target, saved.healths.get(question_of(target))) for target in targets)
        self.monitor.restore({target: health for target, health in known if health is not None})

    def _forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops what is known of pools and members that are gone."""
        pools = tuple(pools)
        for key, assignment in self.roster.forget_all_but(pools).items():
            self.news.set()
            self.narrator.order_dropped(*key, assignment)
        self.standings.forget_all_but(pools)
        self.incidents.forget_all_but(pools, self._clock())
        self.narrator.forget_all_but(pools)
        self._stale.clear()
        for timer in self._reviews.values():
            timer.cancel()
        self._reviews.clear()


def _nap_s(left_s: float) -> float:
    """For how long to wait now where `left_s` are left by a clock that may be set meanwhile."""
    return min(max(0.0, left_s), LONGEST_NAP_S)
