"""What the status room reads of the running server."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from rrdns.answer.player import Tally
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import First
from rrdns.config.settings import PlayerChoice
from rrdns.load import Loaded
from rrdns.memory import Memory
from rrdns.steward import Steward


@dataclass(slots=True)
class Reloads:
    """How reloads went, which are numbered from 1 in the order in which they begin.

    `begun` is the number of the newest one; as they run one after the other, `accepted` and
    `rejected` together are the number of the last one done, at `last_at` (time.time).
    """

    begun: int = 0
    accepted: int = 0
    rejected: int = 0
    last_at: float | None = None

    def done(self, *, accepted: bool, now: float) -> None:
        """The newest one is done; it is rejected if anything in it did not take effect."""
        if accepted:
            self.accepted += 1
        else:
            self.rejected += 1
        self.last_at = now


class Playing(Protocol):
    """What plays the answers."""

    @property
    def choice(self) -> PlayerChoice: ...
    def tally(self, transport: Transport) -> Tally: ...


class Observed(Protocol):
    """What is read of the running server. `started_at` is a time (time.time).

    Everything but what the players count changes only in the event loop that it is read in.
    """

    @property
    def loaded(self) -> Loaded: ...
    @property
    def started_at(self) -> float: ...
    @property
    def ready(self) -> bool: ...
    @property
    def reloads(self) -> Reloads: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def steward(self) -> Steward[Any]: ...
    @property
    def players(self) -> Playing: ...
    @property
    def tcp_connections(self) -> int: ...


def firsts(tallies: Iterable[Tally]) -> Counter[First]:
    """How often each address of an RRset came first in an answer since the start."""
    total: Counter[First] = Counter()
    for tally in tallies:
        total.update(tally.firsts)
    return total
