"""The monitor: keeps every target's probes going and tells when what is believed changes.

Each target has a timer and its probes in flight (`watch.py`), nothing else: a slow probe delays no
other target, and ten thousand targets are ten thousand timers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from .check import HttpCheck, Target, TcpCheck
from .durations import Durations
from .errorlog import ErrorLog
from .guard import Guard
from .probes import Probers
from .probing import Probing, defect
from .result import Health, Result
from .strip import Seen
from .tripwire import Tripwires
from .vantage import Vantage, View
from .verdict import Outcome, State
from .watch import Run, Watch

log = logging.getLogger(__name__)

SPREAD = 0.6180339887498949  # golden ratio: any number of targets in a row spread evenly
FIRST_ROUND_BATCH = 50  # so many start at once; a burst would overflow the queues of the host
FIRST_ROUND_PAUSE_S = 0.001
FIRST_ROUND_SLACK_S = 0.5  # over the largest timeout, for what is late to notice its own

OnChange = Callable[[Target, Health, Health], None]
OnProbe = Callable[[Target, Result], None]
OnVantage = Callable[[View | None], None]


class Monitor:
    """Probes targets and keeps their health. Lives in one event loop, on the loop's time.

    `on_change(target, before, after)` is called when the state or the suspicion has changed,
    `on_probe` after each probe, `on_vantage` when this host is found to be cut off, and when no
    longer (None: nobody is asked any more); all in the loop, and none may block.

    `wall` is what the times in a `Health` are of. `monotonic`, where it is finer than the loop's
    clock, counts from the same moment as that.
    """

    def __init__(
        self,
        on_change: OnChange,
        on_probe: OnProbe | None = None,
        probers: Probing | None = None,
        *,
        on_vantage: OnVantage | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self._on_change = on_change
        self._on_probe = on_probe
        self._on_vantage = on_vantage
        self._probers: Probing = probers or Probers()
        self._tripwires = Tripwires(self._look) if probers is None else None
        self._wall = wall
        self._monotonic = monotonic
        self._watched: dict[Target, Watch] = {}
        self._saved: Mapping[Target, Health] = {}
        self._drills: dict[Target, float] = {}
        self._guard: Guard | None = None
        self._pending: set[asyncio.Future[Result]] = set()
        self._confirming: asyncio.Task[None] | None = None
        self._seats = 0
        self._errors = ErrorLog()
        self.lateness = Durations()
        """How late the probes have started that were due at a certain moment."""

    def restore(self, saved: Mapping[Target, Health]) -> None:
        """What another process has found: where the targets begin that come before `watch`.

        A target is restored from what was saved of any with the same question.
        """
        self._saved = {
            target.question: replace(health, restored=True)
            for target, health in saved.items()
            if health.verdict.state is not State.UNKNOWN
        }

    async def first_round(self, targets: Collection[Target], *, trusted: bool = False) -> None:
        """Probe once each target that has no outcome yet; at most the largest timeout long.

        What was found is kept for `watch`. Where what was restored is `trusted`, those targets are
        probed as well, but not waited for: `confirmed` does that.
        """
        self._take_on(targets)
        watches = [self._watched[target] for target in targets]
        if trusted:
            restored = [watch for watch in watches if watch.health.restored]
            self._confirming = asyncio.get_running_loop().create_task(self._round(restored))
        await self._round(
            [
                watch
                for watch in watches
                if (not trusted if watch.health.restored else watch.health.last is None)
            ]
        )

    async def confirmed(self) -> None:
        """Returns once the targets that the last `first_round` has trusted were probed as well."""
        if self._confirming is not None:
            await asyncio.wait({self._confirming})

    def watch(self, targets: Collection[Target]) -> None:
        """Probe exactly these from now on.

        Others stop at once and are forgotten; new ones start spread over their interval; those
        that stay keep their health and their rhythm.
        """
        wanted = set(targets)
        self._take_on(targets)
        self._saved = {}
        for target in [target for target in self._watched if target not in wanted]:
            self._watched.pop(target).stop()
            if self._tripwires is not None:
                self._tripwires.cut(target)
        for watch in [self._watched[target] for target in targets]:
            if not watch.planned:
                self._seats += 1
                watch.plan(self._seats * SPREAD % 1)

    def look_from(self, vantage: Vantage) -> None:
        """Ask these anchors from now on whether this host has a way out.

        A host that was cut off is so until one of them answers.
        """
        before = self._guard
        if vantage == (before.vantage if before else Vantage()):
            return
        since = before.view.since if before else None
        self._guard = None
        if vantage.anchors:
            self._guard = Guard(vantage, self._probers, self._wall, self._turned, since)
        if before is not None:
            before.close()
            if since is not None and self._guard is None:
                self._turned(None)

    @property
    def vantage(self) -> View | None:
        """What the anchors tell; None where nobody is asked."""
        return self._guard.view if self._guard else None

    def drill(self, targets: Iterable[Target], until: float) -> None:
        """Have the probes of `targets` fail until then (time.time), without sending them.

        A time that is over ends a drill.
        """
        self._drills.update((target.question, until) for target in targets)

    def drilled(self, target: Target) -> float | None:
        """Until when the probes of `target` fail for a drill (time.time); None: they do not."""
        if not self._drills:
            return None
        until = self._drills.get(target.question)
        if until is not None and until <= self._wall():
            del self._drills[target.question]
            return None
        return until

    def health(self, target: Target) -> Health:
        """What is known of `target`; KeyError for one that neither method was told of."""
        return self._watched[target].health

    def healths(self) -> list[tuple[Target, Health]]:
        """What is known of every target, as of now."""
        return [(target, watch.health) for target, watch in self._watched.items()]

    def recent(self, target: Target) -> list[Seen]:
        """The last probes of `target`, oldest first; KeyError as `health`."""
        return self._watched[target].strip.seen()

    async def aclose(self) -> None:
        """Stop every probe and give back the sockets."""
        self.watch(())
        if self._confirming is not None:
            self._confirming.cancel()
            await asyncio.wait({self._confirming})
        if self._guard is not None:
            await self._guard.aclose()
        if self._pending:
            await asyncio.wait(self._pending)
        if self._tripwires is not None:
            await self._tripwires.aclose()
        await self._probers.aclose()

    def _take_on(self, targets: Collection[Target]) -> None:
        """Has a watch for each of `targets`. One that asks what another asks in a different rhythm
        begins with what that one has found: an edit of an interval proves nothing."""
        new = [target for target in targets if target not in self._watched]
        if not new:
            return
        found = {target.question: watch for target, watch in self._watched.items()}
        for target in new:
            watch = self._watched[target] = Watch(target, self._start, self._wall)
            if (other := found.get(target.question)) is not None:
                watch.health = other.health
                watch.strip = other.strip.copy()
            else:
                watch.health = self._saved.get(target.question, watch.health)

    async def _round(self, watches: Collection[Watch]) -> None:
        """Probes each once, and waits for the outcomes as long as they may take."""
        runs = []
        for watch in watches:
            runs.append(watch.running_probe() or watch.start_probe())
            if len(runs) % FIRST_ROUND_BATCH == 0:
                await asyncio.sleep(FIRST_ROUND_PAUSE_S)
        if runs:
            longest_s = max(watch.target.check.timeout_s for watch in watches)
            guarded_s = self._guard.vantage.timeout_s if self._guard else 0.0
            with suppress(TimeoutError):
                async with asyncio.timeout(longest_s + guarded_s + FIRST_ROUND_SLACK_S):
                    await _all_ended(runs)

    def _start(self, watch: Watch, run: Run) -> None:
        """Starts a probe. There is a task only where the prober or the guard needs one."""
        if run.due is not None:
            now = (self._monotonic or asyncio.get_running_loop().time)()
            self.lateness.add(max(0.0, now - run.due))
        guard = self._guard
        begun = guard.mark() if guard else 0
        then = partial(self._found, watch, run, guard, begun)
        self._await(run, self._probe(watch.target), then)

    def _await(
        self, run: Run, pending: "asyncio.Future[Result]", then: Callable[[Any], None]
    ) -> None:
        run.pending = pending
        self._pending.add(pending)
        pending.add_done_callback(self._pending.discard)
        pending.add_done_callback(then)

    def _probe(self, target: Target) -> "asyncio.Future[Result]":
        """A probe under way, or in a drill what it is said to find."""
        until = self.drilled(target)
        if until is None:
            return asyncio.ensure_future(self._probers.probe(target))
        pending = asyncio.get_running_loop().create_future()
        end = datetime.fromtimestamp(until, UTC)
        pending.set_result(Result(Outcome.FAIL, f"fire drill until {end:%H:%M:%S}Z", 0.0))
        return pending

    def _found(
        self,
        watch: Watch,
        run: Run,
        guard: Guard | None,
        begun: int,
        pending: "asyncio.Future[Result]",
    ) -> None:
        """A probe has ended."""
        if pending.cancelled():
            return
        fault: Exception | None = None
        try:
            result = pending.result()
        except Exception as error:
            fault, result = error, defect(error)
        if result.outcome is Outcome.ERROR:
            self._log_error(watch, result, fault)
        if guard is None:
            self._take_in(watch, run, result)
            return
        ended = guard.mark()
        judged = guard.judged(result, begun, ended)
        if judged is not None:
            self._take_in(watch, run, judged)
            return
        waiting = asyncio.get_running_loop().create_task(guard.wait(result, begun, ended))
        self._await(run, waiting, partial(self._judged, watch, run))

    def _judged(self, watch: Watch, run: Run, waiting: "asyncio.Future[Result]") -> None:
        """The guard has come to a judgement."""
        if not waiting.cancelled():
            self._take_in(watch, run, waiting.result())

    def _look(self, target: Target) -> None:
        """A tripwire has ended: probes `target` at once, unless that is under way."""
        watch = self._watched.get(target)
        if watch is not None and watch.planned and watch.running_probe() is None:
            watch.start_probe()

    def _take_in(self, watch: Watch, run: Run, result: Result) -> None:
        if result.outcome is Outcome.PASS and self._tripwires is not None:
            match watch.target.check:
                case TcpCheck(tripwire=True, port=port) | HttpCheck(tripwire=True, port=port):
                    self._tripwires.stretch(watch.target, port)
        if self._on_probe is not None:
            self._tell(self._on_probe, watch.target, result)
        change = watch.finish(run, result)
        if change is not None:
            self._tell(self._on_change, watch.target, *change)

    def _log_error(self, watch: Watch, result: Result, fault: Exception | None) -> None:
        """An error of ours is said when it comes or changes, not at each probe."""
        last = watch.health.last
        if last and last.reason == result.reason:
            return
        check, address = watch.target.check, watch.target.address
        text = f"check {check.name} of {address} can not be carried out: {result.reason}"
        line = self._errors.admit(asyncio.get_running_loop().time(), text)
        if line is not None:
            log.warning("%s", line, exc_info=fault)

    def _turned(self, view: View | None) -> None:
        if self._on_vantage is not None:
            self._tell(self._on_vantage, view)

    @staticmethod
    def _tell(callback: Callable[..., None], *words: object) -> None:
        """A fault in who is told must not end the probing."""
        try:
            callback(*words)
        except Exception:
            log.exception("a probe's outcome could not be passed on; please report it")


async def _all_ended(runs: Collection[Run]) -> None:
    """Returns once each has a result, or was stopped."""
    while waited_for := {run.pending for run in runs if run.pending and not run.pending.done()}:
        await asyncio.wait(waited_for)
