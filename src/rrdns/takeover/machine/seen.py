"""What a host knows of one virtual address: everything that its machine decides by. Values.

All is as of one moment: the machine is shown all of it whenever some of it has changed, so it makes
no difference in which order, or how often, it is told. Times are seconds of a monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf


class Ping(StrEnum):
    """What pings of the owner's main address say."""

    UNKNOWN = "unknown"
    ANSWERS = "answers"
    DOUBTFUL = "doubtful"
    SILENT = "silent"


class Says(StrEnum):
    """What an agent says of its host and the address: it HOLDS it; it YIELDS, holding it until
    somebody else does; it is ABLE to hold it; it stands ASIDE and will not."""

    HOLDS = "holds"
    YIELDS = "yields"
    ABLE = "able"
    ASIDE = "aside"


HOLDERS = (Says.HOLDS, Says.YIELDS)


class Order(StrEnum):
    """What an operator wants: FOLLOW the rules; HOLD it here, whoever else could; RELEASE it and
    take it only if nobody else does; DISABLE: have no part in it. STOP: the agent is to end."""

    FOLLOW = "follow"
    HOLD = "hold"
    RELEASE = "release"
    DISABLE = "disable"
    STOP = "stop"


OUT = (Order.DISABLE, Order.STOP)


@dataclass(frozen=True, slots=True)
class Word:
    """The last word of another agent. It `wants` the address, or has it `by_order`.

    That it has the address, or has it not, it has said since `begun_at`; inf: with this word.
    """

    says: Says
    at: float
    wants: bool = False
    by_order: bool = False
    begun_at: float = inf

    def after(self, before: "Word | None") -> "Word":
        """The same word as the one that followed `before`, of the same agent."""
        if before is None or (before.says in HOLDERS) is not (self.says in HOLDERS):
            return self
        return replace(self, begun_at=min(before.begun_at, before.at))


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody else was heard on the link to have the address; `rank` None is a stranger's."""

    mac: str
    rank: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that has ended: all who could object were asked, or there is a `fault`, why they
    could not be. So many witnesses answered."""

    number: int
    begun_at: float
    witnesses: int
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a command found that was asked (a hook, a gate) or an attempt to hold the address."""

    number: int
    good: bool
    at: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it. `holds`: the address is on our interface, and ours. `is_foreign`: it is on this
    host, and not ours to touch. `cut_off`: neither a witness nor another agent is heard. `fit`:
    local checks pass. `owner_heard_at`: the owner's main address was heard on the link, and
    `owner_answered_at`: it has answered a ping. Evidence from before `stalled_at` is void, for then
    this process did not run.
    """

    carrier: bool = True
    cut_off: bool = False
    holds: bool = False
    is_foreign: bool = False
    fit: bool = True
    order: Order = Order.FOLLOW
    owner: Ping = Ping.UNKNOWN
    owner_heard_at: float = -inf
    owner_answered_at: float = -inf
    stalled_at: float = -inf
    rivals: tuple[Rival, ...] = ()
    words: Mapping[int, Word] = field(default_factory=dict)
    macs: Mapping[int, str] = field(default_factory=dict)
    proof: Proof | None = None
    hook: Verdict | None = None
    gate: Verdict | None = None
    held: Verdict | None = None
