"""How soon a mirror that fails is dropped and taken back, and how often one that does not fail is
dropped: `python failover.py --help`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench import failover_chart
from bench.checkers import CHECKERS, Checker
from bench.machine import describe
from bench.mirrors import Loss
from bench.table import aligned, summary
from bench.trials import FAULTS, Losses, Outages, losses, outages

HEADER = ("", "rule", "probes/s", "gone s", "p95", "max", "back s", "p95", "max", "failures")
LOSSES_HEADER = ("", "rule", "probes/s", "probes", "dropped", "seen")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of each server, by what was wrong with the mirrors and by its name."""

    outages: dict[str, dict[str, Outages]] = field(default_factory=dict)
    losses: dict[str, dict[str, Losses]] = field(default_factory=dict)


def compare(
    checkers: Sequence[Checker], mirrors: int, rounds: int, probes: int, per_s: int
) -> Found:
    """Failures are tried on all servers at once, losses on one after the other: there only numbers
    count, and the probes of hundreds of mirrors would delay each other."""
    found = Found()
    for fault in FAULTS:
        print(fault.name, file=sys.stderr)
        with _folder() as folder:
            of_fault = outages(checkers, fault, mirrors, rounds, folder)
        names = [checker.name for checker in checkers]
        found.outages[fault.name] = dict(zip(names, of_fault, strict=True))
    for loss in Loss:
        of_loss = found.losses[loss] = {}
        for checker in checkers:
            print(f"lost: {loss}, {checker.name}", file=sys.stderr)
            with _folder() as folder:
                of_loss[checker.name] = losses(checker, loss, probes, per_s, folder)
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
        yield Path(folder)


def render(checkers: Sequence[Checker], found: Found) -> str:
    """Both tables, to be read in a terminal."""
    failures: list[tuple[str, ...]] = [HEADER]
    for fault, of_fault in found.outages.items():
        failures += [(fault,), *(_outages_line(c, of_fault[c.name]) for c in checkers)]
    lost: list[tuple[str, ...]] = [LOSSES_HEADER]
    for loss, of_loss in found.losses.items():
        lost += [(f"lost: {loss}",), *(_losses_line(c, of_loss[c.name]) for c in checkers)]
    return f"{aligned(failures)}\n\n{aligned(lost)}"


def _outages_line(checker: Checker, found: Outages) -> tuple[str, ...]:
    return (
        f"  {checker.name}",
        checker.rule,
        f"{found.probes_per_s:.3f}",
        *summary(found.left_s),
        *summary(found.back_s),
        str(len(found.left_s)),
    )


def _losses_line(checker: Checker, found: Losses) -> tuple[str, ...]:
    return (
        f"  {checker.name}",
        checker.rule,
        f"{found.probes_per_s:.3f}",
        f"{found.probes:,}",
        str(found.drops),
        str(found.seen),
    )


def main() -> None:
    here = [checker for checker in CHECKERS if checker.is_installed]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirrors", type=int, default=40, help="of each server, that fail")
    parser.add_argument("--rounds", type=int, default=3, help="each of them fails so often")
    parser.add_argument("--probes", type=int, default=10_000, help="of which some are lost")
    parser.add_argument("--per-s", type=int, default=250, help="so many of those a second")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="the medians, drawn as SVG")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure goes there too")
    chosen = parser.parse_args()
    print(describe())
    found = compare(here, chosen.mirrors, chosen.rounds, chosen.probes, chosen.per_s)
    print(render(here, found))
    if chosen.json:
        chosen.json.write_text(json.dumps(asdict(found), indent=2))
    if chosen.chart:
        ours = [checker.name for checker in here if checker.is_ours]
        chosen.chart.write_text(failover_chart.drawn(found.outages, found.losses, ours))


if __name__ == "__main__":
    main()
