"""How long a virtual address is not answered when its host dies, stops or comes back, and who takes
it that should not: `python takeover.py --help`."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import describe
from bench.table import NOT_MEASURED, aligned, summary
from bench.takeover_contestants import CONTESTANTS, Contestant
from bench.takeover_trials import (
    TRIALS,
    Change,
    CutOff,
    Left,
    Orphaned,
    Result,
    Results,
    Trial,
    staged,
)
from harness.lab import missing

SEED = 1
LOG_LINES = 25  # of each host, where a trial fails

CHANGES = ("", "outage s", "p95", "max", "lost", "max", "runs")
CUT_OFFS = ("", "claimed", "lost after", "max", "runs")
LEFTS = ("", "gone after s", "max", "stayed", "runs")
ORPHANED = (*LEFTS[:-1], "two holders s", "max", "silent s", "max", "runs")

R = TypeVar("R", Change, CutOff, Left, Orphaned)

Found = dict[str, dict[str, list[Result]]]
"""The results, by what has happened and by the contestant's name."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a trial with a contestant."""

    trial: Trial
    contestant: Contestant
    seed: int

    def play(self) -> Results:
        """Nothing where it came to no end; why stands on stderr, and the logs."""
        with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as name:
            folder = Path(name)
            try:
                with staged(self.contestant, Random(self.seed), folder) as stage:
                    return self.trial.play(stage)
            except AssertionError as error:
                logs = [_tail(log) for log in sorted(folder.glob("[ab].log"))]
                print(f"{self.trial.name}, {self.contestant.name}: {error}", *logs, file=sys.stderr)
                return {}


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join(["", f"{log.name}:", *lines])


def compare(
    contestants: Sequence[Contestant], trials: Sequence[Trial], runs: int, lanes: int
) -> Found:
    """So many `lanes` at once; in each run, every trial has all contestants beside each other."""
    jobs = [
        Job(trial, contestant, SEED + run)
        for run in range(runs)
        for trial in trials
        for contestant in contestants
        if trial.is_for(contestant, run)
    ]
    found: Found = {}
    with ThreadPoolExecutor(lanes) as pool:
        played: list[Future[Results]] = [pool.submit(job.play) for job in jobs]
        try:
            for number, (job, results) in enumerate(zip(jobs, played, strict=True), start=1):
                for event, result in results.result().items():
                    of_event = found.setdefault(event, {each.name: [] for each in contestants})
                    of_event[job.contestant.name].append(result)
                print(f"{number} of {len(jobs)}", end="\r", file=sys.stderr)
        except BaseException:
            print("the trials under way are played to their end", file=sys.stderr)
            pool.shutdown(cancel_futures=True)
            raise
    return found


def render(found: Found) -> str:
    """The tables, to be read in a terminal."""
    tables: dict[tuple[str, ...], list[Sequence[str]]] = {}
    for event, of_event in found.items():
        for contestant, results in of_event.items():
            if not results:
                continue
            header, line = _line(results)
            lines = tables.setdefault(header, [header])
            if (event,) not in lines:
                lines.append((event,))
            lines.append((f"  {contestant}", *line))
    return "\n\n".join(aligned(lines) for lines in tables.values())


def _line(results: Sequence[Result]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The header of a table, and a line of it."""
    runs = str(len(results))
    match results[0]:
        case Change():
            outages = summary([each.outage_s for each in _of(Change, results)], 3)
            lost = _middle_and_most([each.lost for each in _of(Change, results)], 0)
            return CHANGES, (*outages, *lost, runs)
        case CutOff():
            claimed = sum(each.claimed for each in _of(CutOff, results))
            lost = _middle_and_most([each.lost for each in _of(CutOff, results)], 0)
            return CUT_OFFS, (str(claimed), *lost, runs)
        case Left():
            return LEFTS, (*_gone([each.gone_s for each in _of(Left, results)]), runs)
        case Orphaned():
            orphaned = _of(Orphaned, results)
            gone = _gone([each.gone_s for each in orphaned])
            both = _middle_and_most([each.two_holders_s for each in orphaned], 1)
            silent = _middle_and_most([each.silent_s for each in orphaned], 2)
            return ORPHANED, (*gone, *both, *silent, runs)


def _of(kind: type[R], results: Sequence[Result]) -> list[R]:
    return [each for each in results if isinstance(each, kind)]


def _gone(after_s: Sequence[float | None]) -> tuple[str, str, str]:
    """When it was gone, and how often it stayed."""
    gone = [each for each in after_s if each is not None]
    return (*_middle_and_most(gone, 1), str(len(after_s) - len(gone)))


def _middle_and_most(values: Sequence[float], digits: int) -> tuple[str, str]:
    """The median and the largest."""
    if not values:
        return NOT_MEASURED, NOT_MEASURED
    middle, _, most = summary(values, digits)
    return middle, most


def main() -> None:
    if reason := missing():
        sys.exit(f"{reason}; nothing was measured")
    here = {each.name: each for each in CONTESTANTS if each.is_here()}
    trials = {trial.name: trial for trial in TRIALS}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="of each trial, but for the longest")
    parser.add_argument("--lanes", type=int, default=6, help="so many trials at once")
    parser.add_argument("--only", nargs="+", choices=here, default=list(here), metavar="CONTESTANT")
    parser.add_argument("--trials", nargs="+", choices=trials, default=list(trials))
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure goes there too")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that all is taken away
    print(describe())
    began = time.monotonic()
    found = compare(
        [here[name] for name in chosen.only],
        [trials[name] for name in chosen.trials],
        chosen.runs,
        chosen.lanes,
    )
    print(render(found))
    print(f"\n{time.monotonic() - began:.0f} s")
    if chosen.json:
        every = {
            event: {name: [asdict(result) for result in results] for name, results in of.items()}
            for event, of in found.items()
        }
        chosen.json.write_text(json.dumps(every, indent=2))


if __name__ == "__main__":
    main()
