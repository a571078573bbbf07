"""One target: its health, its timer, and its probes in flight.

What happens when is decided by `schedule.py`, what an outcome means by `result.py`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .check import Target
from .result import Health, Result
from .schedule import Schedule
from .strip import Strip
from .verdict import Verdict


@dataclass(slots=True, eq=False)
class Run:
    """One probe: what is waited for, and what it found once it has.

    `at` is its start (time.time), `due` when it could have started at the earliest, by the loop's
    clock; None where it was asked for.
    """

    at: float
    due: float | None = None
    pending: "asyncio.Future[Result] | None" = None
    result: Result | None = None


class Watch:
    """Keeps one target's probes going; `start` starts one and has `finish` called later."""

    __slots__ = (
        "_loop",
        "_runs",
        "_schedule",
        "_start",
        "_timer",
        "_wall",
        "health",
        "planned",
        "strip",
        "target",
    )

    def __init__(
        self,
        target: Target,
        start: Callable[["Watch", Run], None],
        wall: Callable[[], float],
    ) -> None:
        self.target = target
        self.health = Health(Verdict(), since=wall())
        self.strip = Strip()
        self.planned = False
        self._start = start
        self._wall = wall
        self._schedule = Schedule(target.check)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._runs: deque[Run] = deque()

    def plan(self, share: float) -> None:
        """Probe regularly, first after this share of the interval."""
        first = self._loop.time() + share * self.target.check.interval_s
        self._schedule.plan(first)
        self.planned = True
        self._set_timer()

    def stop(self) -> None:
        """No probe any more; those in flight are cancelled and will not be heard."""
        self.planned = False
        self._cancel_timer()
        for run in self._runs:
            if run.pending is not None:
                run.pending.cancel()
        self._runs.clear()

    def running_probe(self) -> Run | None:
        """The oldest probe in flight."""
        return self._runs[0] if self._runs else None

    def start_probe(self, due: float | None = None) -> Run:
        """Start a probe now, whatever is in flight."""
        self._schedule.start(self._loop.time(), self.health.verdict)
        run = Run(self._wall(), due)
        self._runs.append(run)
        self._start(self, run)
        self._set_timer()
        return run

    def finish(self, run: Run, result: Result) -> tuple[Health, Health] | None:
        """Take in a result; the health before and after, if what is believed has changed.

        Outcomes count in the order in which their probes started: one that overtook an older
        probe waits for it.
        """
        run.result = result
        if run not in self._runs:
            return None  # stopped meanwhile
        self._schedule.finish(result.outcome)
        before, now = self.health, self._wall()
        while self._runs and (oldest := self._runs[0].result) is not None:
            started = self._runs.popleft().at
            self.strip.add(started, oldest.outcome, oldest.elapsed_s)
            self.health = self.health.after(oldest, self.target.check, started, now)
        self._set_timer()
        old, new = before.verdict, self.health.verdict
        changed = old.state is not new.state or old.suspect is not new.suspect
        return (before, self.health) if changed else None

    def _set_timer(self) -> None:
        self._cancel_timer()
        due = self._schedule.due(self.health.verdict) if self.planned else None
        if due is not None:
            self._timer = self._loop.call_at(due, self.start_probe, max(due, self._loop.time()))

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
