"""The post of one host at one virtual address: what it does there, and what it has to remember.

A post is a value; `machine/__init__.py` says what follows one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf
from typing import Any

from rrdns.takeover.plan import Timers, Vip

from .action import Action, Ask
from .moment import Moment
from .seen import HOLDERS, Rival, Says, Seen, Word


class State(StrEnum):
    """Where a post stands: three lines that are anybody's, then the candidate's, the owner's."""

    START, DISABLED, FAULT = "start", "disabled", "fault"
    CLAIMING, HOLDING, RELEASING = "claiming", "holding", "releasing"
    WAIT, BLOCKED = "wait", "blocked"
    STANDBY, SUSPECT, VERIFY = "standby", "suspect", "verify"
    PROBE, ISOLATED, LOCAL_FAIL = "probe", "isolated", "local-fail"


class Cause(StrEnum):
    """Why a candidate is about to take the address."""

    ORDERED = "it was ordered"
    YIELDED = "its holder gives it away"
    VACANT = "nobody has it"
    OWNER_SILENT = "its owner does not answer"


@dataclass(frozen=True, slots=True)
class Post:
    """`rank` 0 is the owner. The `asks_...` say which commands there are to ask.

    `since` is when the state began. `is_released`: an operator wants others to have it. The address
    is listened for since `open_since`; there is a `cause` to take it since `cause_at`, which is
    certain since `certain_at`. `claims` are the times of the takeovers that count as flaps. Of what
    is asked, the numbers grow, so that an old answer is known as one. All times are of the moment's
    clock.
    """

    vip: Vip
    rank: int
    timers: Timers
    quorum: int = 0
    asks_hook: bool = False
    asks_gate: bool = False
    state: State = State.START
    since: float = -inf
    reason: str = ""
    is_released: bool = False
    cause: Cause | None = None
    open_since: float = -inf
    cause_at: float = inf
    certain_at: float = inf
    proof_number: int = 0
    proof_asked_at: float = -inf
    hook_number: int = 0
    hook_asked_at: float = -inf
    gate_number: int = 0
    gate_said: str = ""
    hold_number: int = 0
    renewed_at: float = -inf
    asked_at: float = -inf
    announced: int = 0
    announced_at: float = -inf
    defended_at: float = -inf
    yields_until: float = -inf
    dropped_at: float = -inf
    free_at: float = -inf
    claims: tuple[float, ...] = field(default=())

    @property
    def is_owner(self) -> bool:
        return self.rank == 0

    @property
    def rest(self) -> State:
        """Where a post is that has no reason to be elsewhere."""
        return State.PROBE if self.is_owner else State.STANDBY

    @property
    def is_held_back(self) -> bool:
        """Whether it would take the address, and waits or may not."""
        return self.state in (State.WAIT, State.BLOCKED)

    @property
    def yields(self) -> bool:
        """Whether it has the address until somebody else does, where it gives that away."""
        return self.yields_until > self.since

    @property
    def says(self) -> Says:
        """What the other agents are told."""
        match self.state:
            case State.HOLDING:
                return Says.HOLDS
            case State.RELEASING if self.yields:
                return Says.YIELDS
            case State.DISABLED | State.ISOLATED | State.LOCAL_FAIL | State.FAULT:
                return Says.ASIDE
            case State.WAIT | State.BLOCKED | State.STANDBY if self.is_released:
                return Says.ASIDE
            case _:
                return Says.ABLE

    def to(self, state: State, moment: Moment, reason: str = "", **more: Any) -> "Post":
        """The same post in another state, or in the same one for another reason."""
        since = self.since if state is self.state else moment.now
        return replace(self, state=state, since=since, reason=reason, **more)


RELEASED = "released by an operator"
DISABLED = "disabled by an operator"
STOPPED = "the agent is stopped"

Move = tuple[Post, tuple[Action, ...]]
"""What follows: the next post, and what is to be done."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at one moment, with the questions that are asked of it."""

    seen: Seen
    moment: Moment
    timers: Timers

    def flaps(self, post: Post) -> tuple[float, ...]:
        """When those takeovers were that still count."""
        return tuple(at for at in post.claims if self.moment.within(self.timers.flap_window_s, at))

    def words(self) -> Mapping[int, Word]:
        """The words of other agents that are still good, by rank."""
        return {
            rank: word
            for rank, word in self.seen.words.items()
            if self.moment.within(self.timers.heard_s, word.at)
        }

    def rivals(self, since: float) -> list[Rival]:
        """Who was heard to have the address since then, but for those who yield it, or have begun
        after that to say that they have it no longer. Who was heard while he said so has it."""
        words = self.words()

        def gives_it_away(rival: Rival) -> bool:
            word = words.get(rival.rank) if rival.rank is not None else None
            if word is None or word.says is Says.HOLDS:
                return False
            return word.says is Says.YIELDS or min(word.begun_at, word.at) >= rival.at

        return [r for r in self.seen.rivals if r.at >= since and not gives_it_away(r)]

    def yielders(self) -> list[int]:
        """The ranks of those who hold the address until somebody else does."""
        return [rank for rank, word in self.words().items() if word.says is Says.YIELDS]

    def heard_at(self) -> float:
        """When somebody else was last heard to have the address, by whatever way."""
        held = [word.at for word in self.seen.words.values() if word.says in HOLDERS]
        return max([*held, *(rival.at for rival in self.seen.rivals)], default=-inf)

    def is_vacant(self, since: float) -> bool:
        """Whether nobody is heard to have the address, though it was listened for since then."""
        listened_since = max(since, self.seen.stalled_at, self.heard_at())
        return self.moment.reached(listened_since + self.timers.heard_s)

    def ordered_elsewhere(self) -> int | None:
        """The rank of another host at which an operator wants the address; None: at none."""
        words = self.words().items()
        return next((rank for rank, word in words if word.wants or word.by_order), None)

    def holder_by_word(self, since: float) -> int | None:
        """The best rank of a host that has said since then that it holds the address."""
        words = self.words().items()
        said = (r for r, word in words if word.says is Says.HOLDS and word.at > since)
        return min(said, default=None)


def named(post: Post, rivals: Iterable[Rival]) -> str:
    """Who they are, for a person: hosts by name, strangers by MAC."""
    hosts = post.vip.hosts
    return ", ".join(sorted({hosts[r.rank].name if r.rank is not None else r.mac for r in rivals}))


def listens(post: Post, look: Look) -> Move:
    """Who does not hold the address asks from time to time who does."""
    if not look.seen.carrier or not look.moment.reached(post.asked_at + post.timers.watch_s):
        return post, ()
    return replace(post, asked_at=look.moment.now), (Ask(),)
