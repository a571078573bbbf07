"""rrdns beside the other servers that are installed, in one run: `python compare.py --help`."""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench import chart, zones
from bench.machine import cores, describe, pinned
from bench.rows import rows
from bench.sample import Sample, measured
from bench.servers import SERVERS, installed, running
from bench.table import MARK, Samples, as_json, rates, render


def compare(names: list[str], rounds: int, seconds: float, folder: Path) -> Samples:
    """Every round visits every server with every load, so that a moment in which the machine is
    busy with something else hits all alike."""
    served = zones.written(folder)
    at = cores()
    loads = rows(folder)
    samples: dict[str, dict[str, list[Sample]]] = {row.name: defaultdict(list) for row in loads}
    with ExitStack() as stack:
        stack.enter_context(pinned(at.client))
        servers = [
            stack.enter_context(running(SERVERS[name], served, folder / name, at.server))
            for name in names
        ]
        for number in range(1, rounds + 1):
            for row in loads:
                print(f"round {number} of {rounds}: {row.name}", file=sys.stderr)
                for server in servers:
                    if server.server.over_tcp or not row.over_tcp:
                        sample = measured(server, row.load, seconds)
                        samples[row.name][server.server.name].append(sample)
    return samples


def main() -> None:
    here = installed()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="medians are over these")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each load")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=here,
        default=here,
        metavar="SERVER",
        help=f"of {', '.join(here)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="every sample goes there too")
    parser.add_argument(
        "--chart", type=Path, metavar="FILE", help=f"drawn as SVG, as parts of what {MARK} does"
    )
    chosen = parser.parse_args()
    if chosen.chart and MARK not in chosen.only:
        parser.error(f"a chart needs {MARK}")
    print(describe())
    with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
        samples = compare(chosen.only, chosen.rounds, chosen.seconds, Path(folder))
    print(render(samples))
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(samples), indent=2))
    if chosen.chart:
        chosen.chart.write_text(chart.drawn(rates(samples), MARK))


if __name__ == "__main__":
    main()
