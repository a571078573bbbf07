"""The monitor: keeps every target's probes going and tells when what is believed changes.

Each target has a timer and its probes in flight, nothing else: a slow probe delays no other
target, and ten thousand targets are ten thousand timers. What happens when is decided by
`schedule.py`, what an outcome means by `verdict.py`.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from .check import Target
from .errorlog import ErrorLog
from .probes import Probers
from .result import Health, Result, one_line
from .schedule import Schedule
from .verdict import Outcome, Verdict

log = logging.getLogger(__name__)

SPREAD = 0.6180339887498949  # golden ratio: any number of targets in a row spread evenly
FIRST_ROUND_BATCH = 50  # so many start at once; a burst would overflow the queues of the host
FIRST_ROUND_PAUSE_S = 0.001
FIRST_ROUND_SLACK_S = 0.5  # over the largest timeout, for what is late to notice its own


class Probing(Protocol):
    """What the monitor needs of the probers."""

    async def probe(self, target: Target) -> Result: ...
    async def aclose(self) -> None: ...


OnChange = Callable[[Target, Health, Health], None]
OnProbe = Callable[[Target, Result], None]


class Monitor:
    """Probes targets and keeps their health. Lives in one event loop.

    `on_change(target, before, after)` is called when the state or the suspicion has changed,
    `on_probe` after each probe; both in the loop, and neither may block.
    """

    def __init__(
        self,
        on_change: OnChange,
        on_probe: OnProbe | None = None,
        probers: Probing | None = None,
    ) -> None:
        self._on_change = on_change
        self._on_probe = on_probe
        self._probers: Probing = probers or Probers()
        self._watched: dict[Target, _Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seats = 0
        self._errors = ErrorLog()

    async def first_round(self, targets: Collection[Target]) -> None:
        """Probe once each target that has no outcome yet; at most the largest timeout long.

        What was found is kept for `watch`.
        """
        self._take_on(targets)
        tasks = []
        for watch in [self._watched[target] for target in targets]:
            if watch.health.last is None:
                tasks.append(watch.running_probe() or watch.start_probe())
                if len(tasks) % FIRST_ROUND_BATCH == 0:
                    await asyncio.sleep(FIRST_ROUND_PAUSE_S)
        if tasks:
            longest_s = max(target.check.timeout_s for target in targets)
            await asyncio.wait(tasks, timeout=longest_s + FIRST_ROUND_SLACK_S)

    def watch(self, targets: Collection[Target]) -> None:
        """Probe exactly these from now on.

        Others stop at once and are forgotten; new ones start spread over their interval; those
        that stay keep their health and their rhythm.
        """
        wanted = set(targets)
        self._take_on(targets)
        for target in [target for target in self._watched if target not in wanted]:
            self._watched.pop(target).stop()
        for watch in [self._watched[target] for target in targets]:
            if not watch.planned:
                self._seats += 1
                watch.plan(self._seats * SPREAD % 1)

    def _take_on(self, targets: Collection[Target]) -> None:
        """Has a watch for each of `targets`. One that asks what another asks in a different rhythm
        begins with what that one has found: an edit of an interval proves nothing."""
        new = [target for target in targets if target not in self._watched]
        if not new:
            return
        found = {target.question: watch.health for target, watch in self._watched.items()}
        for target in new:
            watch = self._watched[target] = _Watch(self, target)
            watch.health = found.get(target.question, watch.health)

    def health(self, target: Target) -> Health:
        """What is known of `target`; KeyError for one that neither method was told of."""
        return self._watched[target].health

    def healths(self) -> Mapping[Target, Health]:
        """What is known of every target, as of now."""
        return {target: watch.health for target, watch in self._watched.items()}

    async def aclose(self) -> None:
        """Stop every probe and give back the sockets."""
        self.watch(())
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._probers.aclose()

    def _spawn(self, watch: "_Watch", run: "_Run") -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(self._probe(watch, run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _probe(self, watch: "_Watch", run: "_Run") -> None:
        started = time.monotonic()
        fault: Exception | None = None
        try:
            result = await self._probers.probe(watch.target)
        except Exception as error:
            fault = error
            reason = one_line(f"this is a fault of rrdns, please report it: {error!r}")
            result = Result(Outcome.ERROR, reason, time.monotonic() - started)
        self._log_error(watch, result, fault)
        if self._on_probe is not None:
            self._tell(self._on_probe, watch.target, result)
        change = watch.finish(run, result)
        if change is not None:
            self._tell(self._on_change, watch.target, *change)

    def _log_error(self, watch: "_Watch", result: Result, fault: Exception | None) -> None:
        """An error of ours is said when it comes or changes, not at each probe."""
        last = watch.health.last
        if result.outcome is not Outcome.ERROR or (last and last.reason == result.reason):
            return
        check, address = watch.target.check, watch.target.address
        text = f"check {check.name} of {address} can not be carried out: {result.reason}"
        line = self._errors.admit(asyncio.get_running_loop().time(), text)
        if line is not None:
            log.warning("%s", line, exc_info=fault)

    @staticmethod
    def _tell(callback: Callable[..., None], *words: object) -> None:
        """A fault in who is told must not end the probing."""
        try:
            callback(*words)
        except Exception:
            log.exception("a probe's outcome could not be passed on; please report it")


@dataclass(slots=True, eq=False)
class _Run:
    """One probe, and what it found once it has."""

    task: "asyncio.Task[None] | None" = None
    result: Result | None = None


class _Watch:
    """One target: its health, its timer, its probes in flight, oldest first."""

    __slots__ = ("_monitor", "_runs", "_schedule", "_timer", "health", "planned", "target")

    def __init__(self, monitor: Monitor, target: Target) -> None:
        self._monitor = monitor
        self.target = target
        self.health = Health(Verdict(), since=time.time())
        self.planned = False
        self._schedule = Schedule(target.check)
        self._timer: asyncio.TimerHandle | None = None
        self._runs: deque[_Run] = deque()

    def plan(self, share: float) -> None:
        """Probe regularly, first after this share of the interval."""
        first = asyncio.get_running_loop().time() + share * self.target.check.interval_s
        self._schedule.plan(first)
        self.planned = True
        self._set_timer()

    def stop(self) -> None:
        """No probe any more; those in flight are cancelled and will not be heard."""
        self.planned = False
        self._cancel_timer()
        for run in self._runs:
            if run.task is not None:
                run.task.cancel()
        self._runs.clear()

    def running_probe(self) -> "asyncio.Task[None] | None":
        """The oldest probe in flight."""
        return self._runs[0].task if self._runs else None

    def start_probe(self) -> "asyncio.Task[None]":
        """Start a probe now, whatever is in flight."""
        self._schedule.start(asyncio.get_running_loop().time(), self.health.verdict)
        run = _Run()
        self._runs.append(run)
        run.task = self._monitor._spawn(self, run)
        self._set_timer()
        return run.task

    def finish(self, run: _Run, result: Result) -> tuple[Health, Health] | None:
        """Take in a result; the health before and after, if what is believed has changed.

        Outcomes count in the order in which their probes started: one that overtook an older
        probe waits for it.
        """
        if run not in self._runs:
            return None  # stopped meanwhile
        run.result = result
        self._schedule.finish(result.outcome)
        before = self.health
        while self._runs and (oldest := self._runs[0].result) is not None:
            self._runs.popleft()
            self.health = _after(self.health, oldest, self.target)
        self._set_timer()
        old, new = before.verdict, self.health.verdict
        changed = old.state is not new.state or old.suspect is not new.suspect
        return (before, self.health) if changed else None

    def _set_timer(self) -> None:
        self._cancel_timer()
        due = self._schedule.due(self.health.verdict) if self.planned else None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self.start_probe)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _after(health: Health, result: Result, target: Target) -> Health:
    """The health once `result` is known."""
    check, now = target.check, time.time()
    verdict = health.verdict.after(result.outcome, check.rise, check.fall)
    if verdict.state is health.verdict.state:
        return Health(verdict, health.since, result, now, health.decided_by)
    return Health(verdict, now, result, now, decided_by=health.verdict.streak + 1)
