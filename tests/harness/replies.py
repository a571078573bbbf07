"""What a client that asks at a steady rate has seen: who answered, and for how long nobody did.

Pure: replies are told as they came. Times are seconds of one monotonic clock.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

MISSING = 10  # so many questions in a row without a reply are a gap; fewer are mishaps
ENOUGH = 100  # so many in a row, without a gap, show that a host answers for good


class Reply(NamedTuple):
    """The reply of `host` to question `number`."""

    number: int
    sent_at: float
    came_at: float
    host: str


@dataclass(slots=True)
class Run:
    """Replies of one host that came after each other, without one of another host and without a
    gap. `newest` is the number of the last question that had one."""

    replies: list[Reply]
    newest: int

    @property
    def host(self) -> str:
        return self.first.host

    @property
    def first(self) -> Reply:
        return self.replies[0]

    @property
    def last(self) -> Reply:
        return self.replies[-1]

    def count(self, since: float) -> int:
        """How many of them came after that."""
        return len(self.replies) - bisect_right(self.replies, since, key=attrgetter("came_at"))

    def goes_on_with(self, reply: Reply) -> bool:
        """Whether it is of this run; a reply may come late, which is no gap."""
        return reply.host == self.host and reply.number - self.newest <= MISSING

    def add(self, reply: Reply) -> None:
        self.replies.append(reply)
        self.newest = max(self.newest, reply.number)


@dataclass(slots=True)
class Replies:
    """All replies so far, in the order in which they came."""

    runs: list[Run] = field(default_factory=list)
    _by_number: dict[int, Reply] = field(default_factory=dict)

    @classmethod
    def of(cls, replies: Iterable[Reply]) -> "Replies":
        made = cls()
        for reply in replies:
            made.add(reply)
        return made

    def add(self, reply: Reply) -> None:
        """The next one came."""
        self._by_number[reply.number] = reply
        if self.runs and self.runs[-1].goes_on_with(reply):
            self.runs[-1].add(reply)
        else:
            self.runs.append(Run([reply], reply.number))

    @property
    def host(self) -> str | None:
        """Who answered last."""
        return self.runs[-1].host if self.runs else None

    def steady(self, host: str, since: float = 0.0) -> Run | None:
        """The first run in which enough replies of `host` came after `since`."""
        mine = (run for run in self.runs if run.host == host)
        return next((run for run in mine if run.count(since) >= ENOUGH), None)

    def outage(self, old: str, new: str, since: float = 0.0) -> float | None:
        """Seconds from the last reply of `old` to the first of the run in which `new` was steady
        after `since`; None where that has not come, or `old` had not answered before."""
        run = self.steady(new, since)
        if run is None:
            return None
        before = [each for each in self.runs[: self.runs.index(run)] if each.host == old]
        return run.first.came_at - before[-1].last.came_at if before else None

    def lost(self, since: float, until: float) -> int:
        """How many of the questions that were sent between these times had no reply so far.

        It is known of those between two with a reply: counted from the last such before `since`,
        up to the last such before `until`.
        """
        replied = self._by_number.values()
        before = [each.number for each in replied if each.sent_at < since]
        within = [each.number for each in replied if since <= each.sent_at <= until]
        if not within:
            return 0
        return max(within) - max(before, default=min(within) - 1) - len(within)

    def silence(self, since: float) -> float:
        """The longest time between two replies that followed each other after that, in seconds."""
        came = sorted(at for reply in self._by_number.values() if (at := reply.came_at) >= since)
        return max((later - earlier for earlier, later in pairwise(came)), default=0.0)
