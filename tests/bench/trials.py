"""What is tried on servers that check: mirrors that fail and come back, mirrors that lose probes.

Each server has mirrors of its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.process import free_ports

from .checkers import APEX, Checker, Watched
from .machine import ahead, cores
from .mirrors import Loss, Mirrors
from .outages import Course
from .presence import Presence, Seen, read_until
from .servers import running

TICK_S = 0.005  # between two questions about a mirror whose change is awaited
SWEEP_S = 0.5  # between two about each, where none is
READY_SWEEPS = 6  # so many in a row that had every mirror: the server has settled
READY_S = 60.0  # bounds a hang
PORTION = 50  # questions at a time, which no queue loses
QUIET_S = 10.0  # the probes of mirrors that are in order are counted for so long
PAUSE_INTERVALS = 2  # from one change to the next, at least; at most twice that
LOST_SHARE = 0.02
SEED = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """What a mirror has, how it gets it, and how it is cured."""

    name: str
    strike: Callable[[Mirrors, int], None]
    cure: Callable[[Mirrors, int], None]


FAULTS: Sequence[Fault] = (
    Fault("killed", Mirrors.kill, Mirrors.start),
    Fault("hangs, is restarted", Mirrors.hang, Mirrors.restart),
)


@dataclass(frozen=True, slots=True)
class Outages:
    """Seconds from each failure until no answer has the mirror, from each cure until one has.

    `probes_per_s` is what each mirror got before, while all were in order.
    """

    probes_per_s: float
    left_s: list[float]
    back_s: list[float]


@dataclass(frozen=True, slots=True)
class Losses:
    """How often mirrors that lost some of `probes` were dropped, by the server's log.

    `seen` were in answers, which were looked at every `SWEEP_S`. `probes_per_s` is for each mirror.
    """

    probes_per_s: float
    probes: int
    drops: int
    seen: int


def outages(
    checkers: Sequence[Checker], fault: Fault, mirrors: int, rounds: int, folder: Path
) -> list[Outages]:
    """Each server's, with so many mirrors that each fail so often; all servers at once."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(_trial(checker, mirrors, Loss.SILENT, folder, apart=True))
            for checker in checkers
        ]
        _await_all_in_order(opened)
        rates = _rates(opened)
        with ahead():
            courses = _all_through(opened, fault, rounds)
        return [
            Outages(
                rate,
                [left_s for course in found for left_s in course.left_s],
                [back_s for course in found for back_s in course.back_s],
            )
            for rate, found in zip(rates, courses, strict=True)
        ]


def losses(checker: Checker, loss: Loss, probes: int, per_s: int, folder: Path) -> Losses:
    """A server's that makes so many probes, `per_s`, of mirrors of which none fails."""
    count = per_s * checker.interval_s
    with _trial(checker, count, loss, folder, apart=False) as trial:
        _await_all_in_order([trial])
        counting = _Count(trial)
        trial.mirrors.lose(LOST_SHARE)
        while counting.probes < probes:
            for _, seen in _swept([trial]):
                counting.see(seen)
        return counting.result()


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A server, its mirrors, and who asks it."""

    checker: Checker
    mirrors: Mirrors
    presence: Presence
    log: Path

    @property
    def drops(self) -> int:
        """How often it has dropped a mirror so far, by its log."""
        return len(self.checker.down.findall(self.log.read_text(errors="replace")))

    @property
    def numbers(self) -> range:
        return range(len(self.mirrors.addresses))


@contextmanager
def _trial(
    checker: Checker, mirrors: int, loss: Loss, folder: Path, *, apart: bool
) -> Iterator[_Trial]:
    """rrdns has one core and its peers another, lest a burst of one delays probes of another."""
    (port,) = free_ports(1)
    watched = Watched.of(mirrors, port)
    directory = folder / f"{port}"
    zone = folder / f"{port}.zone"
    zone.write_text(checker.zone(watched))
    where = cores().server if checker.is_ours else cores().client
    with (
        Mirrors([watched.beside], port, loss, apart=False),
        Mirrors(watched.mirrors, port, loss, apart=apart) as mirrors_,
        running(checker.server(watched), {APEX: zone}, directory, where) as server,
        Presence(server.address, watched.names, watched.mirrors) as presence,
    ):
        yield _Trial(checker, mirrors_, presence, directory / "log")


def _await_all_in_order(opened: Sequence[_Trial]) -> None:
    """Returns once every server has handed out every mirror for a while."""
    deadline = time.monotonic() + READY_S
    wanted = sum(len(trial.numbers) for trial in opened)
    sweeps = 0
    while sweeps < READY_SWEEPS:
        if time.monotonic() > deadline:
            raise RuntimeError("not every server hands out all of its mirrors")
        handed_out = sum(seen.handed_out for _, seen in _swept(opened))
        sweeps = sweeps + 1 if handed_out == wanted else 0


def _swept(opened: Sequence[_Trial]) -> Iterator[tuple[_Trial, Seen]]:
    """What comes of one question about every mirror; takes `SWEEP_S`."""
    ends = time.monotonic() + SWEEP_S
    most = max(len(trial.numbers) for trial in opened)
    for first in range(0, most, PORTION):
        for trial in opened:
            trial.presence.ask(trial.numbers[first : first + PORTION])
        yield from _read(opened, time.monotonic() + TICK_S)
    yield from _read(opened, ends)


def _read(opened: Sequence[_Trial], deadline: float) -> Iterator[tuple[_Trial, Seen]]:
    """The replies that come until then."""
    trials = {trial.presence: trial for trial in opened}
    return ((trials[presence], seen) for presence, seen in read_until(deadline, list(trials)))


def _rates(opened: Sequence[_Trial]) -> list[float]:
    """The probes a second that each mirror gets now, by server."""
    before = [trial.mirrors.probes for trial in opened]
    time.sleep(QUIET_S)
    return [
        (trial.mirrors.probes - probes) / QUIET_S / len(trial.numbers)
        for trial, probes in zip(opened, before, strict=True)
    ]


def _all_through(opened: Sequence[_Trial], fault: Fault, rounds: int) -> list[list[Course]]:
    """The courses of all mirrors, by server."""
    rng = Random(SEED)
    now = time.monotonic()
    courses = {
        trial: [
            Course(rounds, PAUSE_INTERVALS * trial.checker.interval_s, rng, now)
            for _ in trial.numbers
        ]
        for trial in opened
    }
    while not all(course.done for found in courses.values() for course in found):
        tick = time.monotonic() + TICK_S
        for trial, found in courses.items():
            _do_what_is_due(trial.mirrors, found, fault)
            trial.presence.ask(number for number in trial.numbers if found[number].awaited)
        for trial, seen in _read(opened, tick):
            courses[trial][seen.number].seen(seen.at, handed_out=seen.handed_out)
    return list(courses.values())


def _do_what_is_due(mirrors: Mirrors, courses: Sequence[Course], fault: Fault) -> None:
    """One thing at a time: it may take some milliseconds, in which nobody is asked."""
    for number, course in enumerate(courses):
        now = time.monotonic()
        if course.fails(now):
            fault.strike(mirrors, number)
            course.failed(now)
            return
        if course.restores(now):
            fault.cure(mirrors, number)
            course.restored(now)
            return
        course.check(now)


class _Count:
    """What a server drops from now on."""

    def __init__(self, trial: _Trial) -> None:
        self._trial = trial
        self._began = time.monotonic()
        self._probes = trial.mirrors.probes
        self._drops = trial.drops
        self._absent: set[int] = set()
        self._seen = 0

    @property
    def probes(self) -> int:
        return self._trial.mirrors.probes - self._probes

    def see(self, seen: Seen) -> None:
        """An answer came."""
        if seen.handed_out:
            self._absent.discard(seen.number)
        elif seen.number not in self._absent:
            self._absent.add(seen.number)
            self._seen += 1

    def result(self) -> Losses:
        probes = self.probes
        per_s = probes / (time.monotonic() - self._began) / len(self._trial.numbers)
        return Losses(per_s, probes, self._trial.drops - self._drops, self._seen)
