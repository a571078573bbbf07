"""What a second worker brings: `python workers.py --help`."""

import argparse
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import cores, describe
from bench.rows import at_once, blasting, compiled
from bench.sample import Sample, measured
from bench.servers import running, with_workers
from bench.table import aligned
from bench.zones import APEX, NAME, SMALL

WORKERS = (1, 2)
BLASTS = 2  # load generators at once: one is at its limit where one worker is
SOCKETS = 16  # of each; the kernel deals them to the workers, and few would be dealt unevenly

HEADER = ("", "answers/s", "of one", "CPU us", "of one", "busy", "others", "lost", "wrong")


def compare(rounds: int, seconds: float, folder: Path) -> dict[str, dict[int, list[Sample]]]:
    """Samples by server and workers. Servers and load share all cores as the scheduler likes."""
    zone = folder / "zone"
    zone.write_text(SMALL)
    load = at_once(blasting(compiled("dnsblast", folder), NAME, sockets=SOCKETS), BLASTS)
    found: dict[str, dict[int, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        started = [
            (count, stack.enter_context(running(server, {APEX: zone}, at, cores().all)))
            for count in WORKERS
            for server in with_workers(count)
            if server.is_installed()
            for at in [folder / f"{server.name}-{count}"]
        ]
        for number in range(1, rounds + 1):
            print(f"round {number} of {rounds}", file=sys.stderr)
            for count, server in started:
                found[server.server.name][count].append(measured(server, load, seconds))
    return found


def _line(count: int, found: list[Sample], one: list[Sample]) -> tuple[str, ...]:
    """Medians, as parts of what one worker does."""
    rate, cost = median(s.per_second for s in found), median(s.cpu_us for s in found)
    return (
        f"  {count} worker{'s' if count > 1 else ''}",
        f"{rate:,.0f}",
        f"{rate / median(s.per_second for s in one):.2f}",
        f"{cost:.2f}",
        f"{cost / median(s.cpu_us for s in one):.2f}",
        f"{median(s.use.cores_busy for s in found):.2f}",
        f"{median(s.use.cores_foreign for s in found):.2f}",
        f"{sum(s.outcome.lost for s in found):,}",
        f"{sum(s.outcome.wrong for s in found):,}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="medians are over these")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each load")
    chosen = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
        found = compare(chosen.rounds, chosen.seconds, Path(folder))
    lines: list[tuple[str, ...]] = [HEADER]
    for server, by_workers in found.items():
        one = by_workers[WORKERS[0]]
        lines += [(server,), *(_line(count, many, one) for count, many in by_workers.items())]
    print(aligned(lines))


if __name__ == "__main__":
    main()
