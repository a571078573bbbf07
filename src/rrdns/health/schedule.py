"""When a target is probed next. Pure: time is an argument, in seconds of a monotonic clock.

A silent member is the hard case: nothing is known of its probe until the timeout. If the next
one waited for that, `fall` failures would take `fall` timeouts. So a probe of a member that is up
and has not answered within `fast_interval_s` is followed by another at once, and they overlap:

    interval          fast      timeout
    |-----------------|---------|------------------>|         fall = 2
    last answer       probe 1   probe 2   1 fails   2 fails: down

No more probes are in flight than would settle the matter if all agreed, so overlap is bounded by
`fall` or `rise`. From these two rules a member that dies is down after at most
`interval_s + (fall - 1) * fast_interval_s + timeout_s`, whether it refuses or is silent.
"""

from .check import Check
from .verdict import Outcome, State, Verdict


class Schedule:
    """The rhythm of one target: what was started, what is in flight, what is due.

    `slot` is the beat of the regular rhythm that the last probe stands on; the next is one
    interval later. Neither a probe that starts late nor a fast one moves the beats, so that a stall
    of ours, after which many are asked again, does not gather all targets on one moment for ever.
    """

    __slots__ = ("_answered", "_check", "_fast_s", "_in_flight", "_slot", "_started")

    def __init__(self, check: Check) -> None:
        self._check = check
        self._fast_s = min(check.fast_interval_s, check.interval_s)
        self._slot: float | None = None
        self._started: float | None = None
        self._in_flight = 0
        self._answered = True

    def plan(self, first: float) -> None:
        """The next regular probe is at `first`; the rhythm counts from there."""
        self._slot = first - self._check.interval_s

    def due(self, verdict: Verdict) -> float | None:
        """When the next probe starts, perhaps in the past.

        None: not before `plan`, or not before a probe in flight has ended.
        """
        if self._slot is None or self._in_flight >= self._wanted(verdict):
            return None
        pause_s = self._pause_s(verdict)
        if pause_s is None:
            return self._slot + self._check.interval_s
        return (self._started or 0.0) + pause_s

    def start(self, now: float, verdict: Verdict) -> None:
        """A probe starts."""
        due = self.due(verdict)
        if due is not None and self._slot is not None:
            is_regular = self._pause_s(verdict) is None
            self._slot = self._beat(now, due) if is_regular else self._last_beat(now, self._slot)
        self._started = now
        self._in_flight += 1
        self._answered = False

    def finish(self, outcome: Outcome) -> None:
        """A probe has ended, in whatever order."""
        self._in_flight -= 1
        self._answered = self._answered or outcome is Outcome.PASS

    def _wanted(self, verdict: Verdict) -> int:
        """How many probes in flight would settle the matter if all agreed."""
        match verdict.state:
            case State.UP:
                return self._check.fall - verdict.streak
            case State.DOWN if verdict.suspect:
                # A member that flaps needs more than `rise` passes; those are not hurried.
                return max(1, self._check.rise - verdict.streak)
            case _:
                return 1

    def _pause_s(self, verdict: Verdict) -> float | None:
        """How long after the last probe the next one follows; None: it stands on the beat."""
        silent = self._in_flight > 0 and not self._answered
        if verdict.suspect or (verdict.state is State.UP and silent):
            return self._fast_s
        is_dead = verdict.state is State.DOWN and self._started is not None
        return self._check.down_interval_s if is_dead else None

    def _last_beat(self, now: float, beat: float) -> float:
        """The last one that is not after `now`, of which `beat` is another."""
        return now - (now - beat) % self._check.interval_s

    def _beat(self, now: float, due: float) -> float:
        """The beat that a regular probe starting `now` stands on; the next is not too near."""
        interval_s = self._check.interval_s
        last = self._last_beat(now, due)
        too_near = last + interval_s - now < min(self._fast_s, interval_s / 2)
        return last + (interval_s if too_near else 0.0)
