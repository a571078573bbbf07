"""Whatever an adversary does to two or three hosts and their network: the address has one holder.

- Never do two hold it for longer than a moment that hear each other.
- Never does nobody hold it for longer than a moment while a healthy host sees a witness.
- Once all is well again, its owner has it, and keeps it.
"""

from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rrdns.takeover.machine.seen import Order

from .world import TIMERS, World

T = TypeVar("T")

DISPUTE_S = 2 * TIMERS.watch_s + 0.5
NOBODY_S = (
    TIMERS.heard_s  # until nobody is known to have it
    + 2 * TIMERS.stagger_s
    + 4 * TIMERS.proof_s
    + 2 * TIMERS.watch_s
    + TIMERS.interval_s
)
SETTLED_S = 30.0

ranks = st.integers(0, 2)


class AnyWorld(RuleBasedStateMachine):
    """Moves of the adversary, and time in between."""

    hosts: ClassVar[int] = 3

    @initialize(seed=st.integers(0, 1 << 16))
    def begin(self, seed: int) -> None:
        self.world = World(self.hosts - 1, seed)
        self.disputed_at: float | None = None
        self.vacant_at: float | None = None

    def _rank(self, rank: int) -> int:
        return rank % self.hosts

    def _touched(self) -> None:
        """From now on the network is another, and the bounds begin anew."""
        self.disputed_at = self.vacant_at = None

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 3.0, 20.0]))
    def let_pass(self, seconds: float) -> None:
        self.let_pass_by(seconds)

    def _check(self, now: float) -> None:
        world = self.world
        if world.loss:
            self._touched()
            return
        self.disputed_at = (self.disputed_at or now) if world.disputes() else None
        assert self.disputed_at is None or now - self.disputed_at <= DISPUTE_S, world.holders
        is_vacant = not world.holders and world.able()
        self.vacant_at = (self.vacant_at or now) if is_vacant else None
        assert self.vacant_at is None or now - self.vacant_at <= NOBODY_S, [
            (actor.post.state, actor.post.reason) for actor in world.actors
        ]

    @rule(a=ranks, b=ranks, is_cut=st.booleans())
    def cut(self, a: int, b: int, is_cut: bool) -> None:
        if self._rank(a) != self._rank(b):
            _put(self.world.cut, frozenset((self._rank(a), self._rank(b))), is_in=is_cut)
        self._touched()

    @rule(rank=ranks, is_blind=st.booleans())
    def blind(self, rank: int, is_blind: bool) -> None:
        _put(self.world.blind, self._rank(rank), is_in=is_blind)
        self._touched()

    @rule(rank=ranks, is_unplugged=st.booleans())
    def unplug(self, rank: int, is_unplugged: bool) -> None:
        _put(self.world.unplugged, self._rank(rank), is_in=is_unplugged)
        self._touched()

    @rule(rank=ranks)
    def crash(self, rank: int) -> None:
        self.world.crash(self._rank(rank))
        self._touched()

    @rule(rank=ranks)
    def boot(self, rank: int) -> None:
        self.world.boot(self._rank(rank))
        self._touched()

    @rule(rank=ranks)
    def kill_agent(self, rank: int) -> None:
        self.world.kill_agent(self._rank(rank))
        self._touched()

    @rule(rank=ranks)
    def start_agent(self, rank: int) -> None:
        self.world.start_agent(self._rank(rank))
        self._touched()

    @rule(rank=ranks, seconds=st.sampled_from([0.2, 2.0, 40.0]))
    def stall(self, rank: int, seconds: float) -> None:
        self.world.stall(self._rank(rank), seconds)
        self._touched()

    @rule(rank=ranks, is_fit=st.booleans())
    def fit(self, rank: int, is_fit: bool) -> None:
        self.world.set_fit(self._rank(rank), is_fit)
        self._touched()

    @rule(rank=ranks, order=st.sampled_from([each for each in Order if each is not Order.STOP]))
    def order(self, rank: int, order: Order) -> None:
        self.world.order(self._rank(rank), order)
        self._touched()

    @rule(loss=st.sampled_from([0.0, 0.0, 0.3, 0.9]))
    def lose(self, loss: float) -> None:
        self.world.loss = loss
        self._touched()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.heal()
        self._touched()
        self.let_pass_by(SETTLED_S)
        for _ in self.world.run(2 * TIMERS.lease_s):
            assert self.world.holders == [0]

    def let_pass_by(self, seconds: float) -> None:
        for now in self.world.run(seconds):
            self._check(now)


class AnyPair(AnyWorld):
    """The same with a single candidate."""

    hosts = 2


def _put(into: set[T], what: T, *, is_in: bool) -> None:
    (into.add if is_in else into.discard)(what)


# Without shrinking: a story of some moves is read sooner than it is made shorter.
PHASES = [phase for phase in Phase if phase is not Phase.shrink]
ENOUGH = settings(
    phases=PHASES,
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestThreeHosts = AnyWorld.TestCase
TestThreeHosts.settings = ENOUGH
TestTwoHosts = AnyPair.TestCase
TestTwoHosts.settings = ENOUGH
