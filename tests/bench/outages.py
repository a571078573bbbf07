"""A mirror's outages as a client sees them: how long it was still handed out, and how long not yet.

Pure: what was done and seen is told, with the time (seconds of a monotonic clock).
"""

from enum import Enum, auto
from random import Random

SETTLED_S = 0.5  # not handed out for so long: it is dropped
LONGEST_S = 60.0  # bounds a hang


class State(Enum):
    """Where a mirror is on its course; it is asked about where a change is awaited."""

    WELL = auto()
    FAILED = auto()
    DROPPED = auto()
    RESTORED = auto()


class Course:
    """One mirror that has so many outages; a pause before each change is `pause_s` to twice that.

    `left_s` are the times from each failure to the first answer after which none had the mirror,
    `back_s` those from each restoration to the first that had it again.
    """

    def __init__(self, outages: int, pause_s: float, rng: Random, now: float) -> None:
        self.left_s: list[float] = []
        self.back_s: list[float] = []
        self._outages = outages
        self._pause_s = pause_s
        self._rng = rng
        self._changed_at = now
        self._gone_at: float | None = None
        self._enter(State.WELL, now)

    @property
    def done(self) -> bool:
        """Whether it has had all its outages."""
        return len(self.back_s) == self._outages

    @property
    def awaited(self) -> bool:
        """Whether the server has yet to notice what has happened."""
        return self._state in (State.FAILED, State.RESTORED)

    def fails(self, now: float) -> bool:
        """Whether it is time for it to fail."""
        return self._state is State.WELL and not self.done and now >= self._until

    def restores(self, now: float) -> bool:
        """Whether it is time for it to be restored."""
        return self._state is State.DROPPED and now >= self._until

    def failed(self, now: float) -> None:
        self._gone_at = None
        self._enter(State.FAILED, now)

    def restored(self, now: float) -> None:
        self._enter(State.RESTORED, now)

    def seen(self, now: float, *, handed_out: bool) -> None:
        """An answer had the mirror, or had it not."""
        if self._state is State.FAILED:
            if handed_out:
                self._gone_at = None
            elif self._gone_at is None:
                self._gone_at = now
            elif now - self._gone_at >= SETTLED_S:
                self.left_s.append(self._gone_at - self._changed_at)
                self._enter(State.DROPPED, now)
        elif self._state is State.RESTORED and handed_out:
            self.back_s.append(now - self._changed_at)
            self._enter(State.WELL, now)

    def check(self, now: float) -> None:
        """RuntimeError where the server does not notice."""
        if self.awaited and now - self._changed_at > LONGEST_S:
            raise RuntimeError(f"{self._state.name.lower()}, and not noticed for {LONGEST_S:g} s")

    def _enter(self, state: State, now: float) -> None:
        self._state = state
        self._changed_at = now
        self._until = now + self._pause_s * self._rng.uniform(1, 2)
