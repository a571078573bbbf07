"""A moment, and the next that matters: who asks whether a time has come is woken when it has."""

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class Moment:
    """Now, in seconds of a monotonic clock; `next` is the first time that was asked for and is to
    come."""

    now: float
    next: float = inf

    def reached(self, time: float) -> bool:
        """Whether `time` has come."""
        if self.now >= time:
            return True
        self.next = min(self.next, time)
        return False

    def within(self, seconds: float, of: float) -> bool:
        """Whether it is less than so long after `of`."""
        return not self.reached(of + seconds)
