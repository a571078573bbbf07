"""Hosts, a network between them, and an adversary's hand on it: real machines on a made-up link.

Every host runs the real `step`; what it sees is made of what it could hear. Time goes in ticks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import combinations
from random import Random

from rrdns.health.check import IcmpCheck
from rrdns.health.schedule import Schedule
from rrdns.health.verdict import Outcome, Verdict
from rrdns.health.verdict import State as Believed
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
from rrdns.takeover.machine.post import Post, State
from rrdns.takeover.machine.seen import (
    Order,
    Ping,
    Proof,
    Rival,
    Says,
    Seen,
    Word,
)
from rrdns.takeover.machine.seen import Verdict as Found
from rrdns.takeover.plan import Host, Timers, Vip

TICK_S = 0.01
WAY_S = 0.001
VIP = IPv4Address("10.0.0.127")
STRANGER = "02:00:00:00:00:ff"
TIMERS = Timers(lease_s=6.0, hold_down_s=0.0, most_takeovers=10_000)


def vip_of(candidates: int, *, agent: bool = True) -> Vip:
    hosts = [
        Host(f"host{rank}", IPv4Address(f"10.0.0.{11 + rank}"), "eth0", agent or rank > 0)
        for rank in range(candidates + 1)
    ]
    return Vip(VIP, hosts[0], tuple(hosts[1:]))


def mac_of(rank: int) -> str:
    return f"02:00:00:00:00:{rank:02x}"


@dataclass(slots=True)
class Pinger:
    """Pings of the owner's main address, in the real schedule and with the real verdict."""

    check: IcmpCheck
    schedule: Schedule
    verdict: Verdict = field(default_factory=Verdict)
    ends: list[tuple[float, Outcome]] = field(default_factory=list)

    @property
    def ping(self) -> Ping:
        match self.verdict.state:
            case Believed.UP:
                return Ping.DOUBTFUL if self.verdict.suspect else Ping.ANSWERS
            case Believed.DOWN:
                return Ping.SILENT
        return Ping.UNKNOWN


def pinger(timers: Timers, now: float, phase: float) -> Pinger:
    check = IcmpCheck(
        name="owner",
        interval_s=timers.interval_s,
        timeout_s=timers.timeout_s,
        fast_interval_s=timers.fast_interval_s,
        fall=timers.fall,
        rise=timers.rise,
        down_interval_s=timers.fast_interval_s,
    )
    schedule = Schedule(check)
    schedule.plan(now + phase * timers.interval_s)
    return Pinger(check, schedule)


@dataclass(slots=True)
class Actor:
    """One host: its kernel, which has the address or not, and its agent, if that runs."""

    rank: int
    post: Post
    seen: Seen
    pinger: Pinger
    is_up: bool = True
    runs: bool = True
    stalled_until: float = 0.0
    lease_ends: float | None = None
    wake_at: float = 0.0
    shown: Seen | None = None
    connected_at: float = 0.0
    words_before: Mapping[int, Word] = field(default_factory=dict)
    proofs: list[tuple[float, Prove, float]] = field(default_factory=list)
    says_at: float = 0.0
    said: tuple[Says, bool, bool] | None = None

    @property
    def holds(self) -> bool:
        return self.is_up and self.lease_ends is not None

    def acts(self, now: float) -> bool:
        """Whether its agent is there and not held up."""
        return self.is_up and self.runs and now >= self.stalled_until


class World:
    """`candidates` and the owner of one address, a witness, and perhaps a stranger."""

    def __init__(
        self, candidates: int, seed: int = 0, timers: Timers = TIMERS, *, agent: bool = True
    ) -> None:
        self.now = 100.0
        self.timers = timers
        self.vip = vip_of(candidates, agent=agent)
        self.random = Random(seed)
        self.cut: set[frozenset[int]] = set()
        self.blind: set[int] = set()
        self.unplugged: set[int] = set()
        self.loss = 0.0
        self.stranger = False
        self.actors = [self._actor(rank) for rank in range(candidates + 1)]
        if not agent:
            self.actors[0].runs = False
        self.states: list[list[State]] = [[] for _ in self.actors]

    def _actor(self, rank: int) -> Actor:
        post = Post(self.vip, rank, self.timers, quorum=1)
        pings = pinger(self.timers, self.now, self.random.random())
        return Actor(rank, post, Seen(), pings, connected_at=self.now)

    # -- the adversary --------------------------------------------------------------------------

    def crash(self, rank: int) -> None:
        actor = self.actors[rank]
        actor.is_up, actor.lease_ends = False, None

    def boot(self, rank: int) -> None:
        if not self.actors[rank].is_up:
            self.actors[rank].is_up = True
            self.start_agent(rank)

    def kill_agent(self, rank: int) -> None:
        self.actors[rank].runs = False

    def start_agent(self, rank: int) -> None:
        old = self.actors[rank]
        if old.is_up:
            new = self.actors[rank] = self._actor(rank)
            new.lease_ends = old.lease_ends

    def stall(self, rank: int, seconds: float) -> None:
        self.actors[rank].stalled_until = self.now + seconds

    def order(self, rank: int, order: Order) -> None:
        actor = self.actors[rank]
        actor.seen = replace(actor.seen, order=order)

    def set_fit(self, rank: int, fit: bool) -> None:
        actor = self.actors[rank]
        actor.seen = replace(actor.seen, fit=fit)

    def heal(self) -> None:
        """Everything works again, and nothing is ordered."""
        self.cut.clear()
        self.blind.clear()
        self.unplugged.clear()
        self.loss, self.stranger = 0.0, False
        for actor in self.actors:
            self.boot(actor.rank)
            if not self.actors[actor.rank].runs:
                self.start_agent(actor.rank)
            self.set_fit(actor.rank, True)
            self.order(actor.rank, Order.FOLLOW)
            self.actors[actor.rank].stalled_until = min(actor.stalled_until, self.now)

    # -- what reaches whom ----------------------------------------------------------------------

    def connected(self, a: int, b: int) -> bool:
        up = self.actors[a].is_up and self.actors[b].is_up
        plugged = not self.unplugged & {a, b}
        return up and plugged and frozenset((a, b)) not in self.cut

    def sees_witness(self, rank: int) -> bool:
        return self.actors[rank].is_up and rank not in self.blind | self.unplugged

    def arrives(self) -> bool:
        return self.loss == 0.0 or self.random.random() >= self.loss

    def _gets(self, a: int, b: int) -> bool:
        """Whether a question of `a` and its answer from `b` get through."""
        return self.connected(a, b) and self.arrives() and self.arrives()

    # -- time -----------------------------------------------------------------------------------

    def run(self, seconds: float) -> Iterator[float]:
        """Lets time pass; gives each moment."""
        end = self.now + seconds
        while self.now < end:
            self.now += TICK_S
            for actor in self.actors:
                self._kernel(actor)
            for actor in self.actors:
                self._listen(actor)
            for actor in self.actors:
                if actor.acts(self.now):
                    self._act(actor)
            yield self.now

    def _kernel(self, actor: Actor) -> None:
        if actor.lease_ends is not None and self.now >= actor.lease_ends:
            actor.lease_ends = None

    def _listen(self, actor: Actor) -> None:
        if not actor.is_up or not actor.runs:
            return
        self._ping(actor)
        for begun_at, proof, next_at in list(actor.proofs):
            if self.now >= begun_at + self.timers.proof_s:
                actor.proofs.remove((begun_at, proof, next_at))
                witnesses = any(self._sees_now(actor.rank) for _ in range(self.timers.asks))
                actor.seen = replace(
                    actor.seen, proof=Proof(proof.number, begun_at, int(witnesses))
                )
            elif self.now >= next_at:
                actor.proofs.remove((begun_at, proof, next_at))
                actor.proofs.append((begun_at, proof, next_at + self.timers.ask_gap_s))
                self._ask(actor)
                if actor.rank and self._gets(actor.rank, 0):
                    actor.seen = replace(actor.seen, owner_heard_at=self.now)

    def _sees_now(self, rank: int) -> bool:
        return self.sees_witness(rank) and self.arrives() and self.arrives()

    def _ping(self, actor: Actor) -> None:
        pinger, now = actor.pinger, self.now
        if now < actor.stalled_until or not actor.rank:
            return
        for end, outcome in sorted(pinger.ends):
            if end <= now:
                pinger.ends.remove((end, outcome))
                pinger.schedule.finish(outcome)
                if outcome is Outcome.PASS:
                    actor.seen = replace(actor.seen, owner_answered_at=now)
                pinger.verdict = pinger.verdict.after(outcome, pinger.check.rise, pinger.check.fall)
        due = pinger.schedule.due(pinger.verdict)
        while due is not None and due <= now:
            pinger.schedule.start(now, pinger.verdict)
            if actor.rank in self.unplugged:
                pinger.ends.append((now + WAY_S, Outcome.ERROR))
            elif self._gets(actor.rank, 0):
                pinger.ends.append((now + WAY_S, Outcome.PASS))
            else:
                pinger.ends.append((now + pinger.check.timeout_s, Outcome.FAIL))
            due = pinger.schedule.due(pinger.verdict)

    def _hear(self, actor: Actor, mac: str, rank: int | None) -> None:
        if not actor.is_up or not actor.runs or mac == mac_of(actor.rank):
            return
        others = tuple(each for each in actor.seen.rivals if each.mac != mac)
        actor.seen = replace(actor.seen, rivals=(*others, Rival(mac, rank, self.now)))

    def _ask(self, actor: Actor) -> None:
        for other in self.actors:
            if other is not actor and other.holds and self._gets(actor.rank, other.rank):
                self._hear(actor, mac_of(other.rank), other.rank)
        if self.stranger and actor.rank not in self.unplugged and self.arrives():
            self._hear(actor, STRANGER, None)

    def _announce(self, actor: Actor, mac: str | None) -> None:
        told = mac or mac_of(actor.rank)
        ranks = [other.rank for other in self.actors if mac_of(other.rank) == told]
        for other in self.actors:
            if other is not actor and self.connected(actor.rank, other.rank) and self.arrives():
                self._hear(other, told, ranks[0] if ranks else None)

    def _act(self, actor: Actor) -> None:
        if actor.stalled_until and self.now >= actor.stalled_until:
            actor.stalled_until = 0.0
            actor.seen = replace(actor.seen, stalled_at=self.now)
        if self._sees_now(actor.rank) or actor.seen.words != actor.words_before:
            actor.connected_at = self.now
        actor.words_before = actor.seen.words
        actor.seen = replace(
            actor.seen,
            holds=actor.holds,
            carrier=actor.rank not in self.unplugged,
            cut_off=self.now - max(actor.connected_at, actor.seen.stalled_at)
            > self.timers.cut_off_s,
            owner=actor.pinger.ping if actor.rank else Ping.UNKNOWN,
            macs={other.rank: mac_of(other.rank) for other in self.actors},
        )
        if actor.seen == actor.shown and self.now < actor.wake_at:
            self._speak(actor)
            return
        actor.shown = actor.seen
        taken = step(actor.post, actor.seen, self.now)
        actor.wake_at = taken.wake_at
        if taken.post.state is not actor.post.state:
            self.states[actor.rank].append(taken.post.state)
        actor.post = taken.post
        for action in taken.actions:
            self._carry_out(actor, action)
        self._speak(actor)

    def _carry_out(self, actor: Actor, action: Action) -> None:
        match action:
            case Prove():
                actor.proofs = [(self.now, action, self.now)]
            case Ask():
                self._ask(actor)
            case Hold(number):
                actor.lease_ends = self.now + self.timers.lease_s
                actor.seen = replace(actor.seen, held=Found(number, True, self.now))
            case Drop():
                actor.lease_ends = None
            case Announce(mac):
                self._announce(actor, mac)
            case AskHook(number):
                actor.seen = replace(actor.seen, hook=Found(number, True, self.now))
            case AskGate(number):
                actor.seen = replace(actor.seen, gate=Found(number, True, self.now))

    def _speak(self, actor: Actor) -> None:
        post = actor.post
        ordered = actor.seen.order is Order.HOLD
        word = (post.says, ordered and not actor.holds, ordered and actor.holds)
        if word == actor.said and self.now < actor.says_at:
            return
        actor.said, actor.says_at = word, self.now + self.timers.interval_s
        for other in self.actors:
            if other is not actor and self.connected(actor.rank, other.rank) and self.arrives():
                says, wants, by_order = word
                said = Word(says, self.now, wants, by_order)
                before = other.seen.words.get(actor.rank)
                words = {**other.seen.words, actor.rank: said.after(before)}
                other.seen = replace(other.seen, words=words)

    # -- what must hold -------------------------------------------------------------------------

    @property
    def holders(self) -> list[int]:
        return [actor.rank for actor in self.actors if actor.holds]

    def disputes(self) -> list[tuple[int, int]]:
        """Two that hold the address, hear each other, and whose agents could see to it."""
        return [
            (a, b)
            for a, b in combinations(self.holders, 2)
            if self.connected(a, b)
            and self.actors[a].acts(self.now)
            and self.actors[b].acts(self.now)
        ]

    def able(self) -> list[int]:
        """Those who could hold it now, and see a witness."""
        return [
            actor.rank
            for actor in self.actors
            if actor.acts(self.now)
            and self.sees_witness(actor.rank)
            and actor.seen.fit
            and actor.seen.order is not Order.DISABLE
        ]
