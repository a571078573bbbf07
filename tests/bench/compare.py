"""rrdns beside the other servers that are installed, in one run: `python compare.py --help`."""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import cores, cpu_s, describe, pinned
from bench.rows import APEX, ZONE, Row, rows
from bench.servers import SERVERS, Running, installed, running
from bench.table import Sample, Samples, as_json, render


def measure(server: Running, row: Row, seconds: float) -> Sample:
    """One load on one server, and the CPU time that the server took for it."""
    before = cpu_s(server.pid)
    outcome = row.load(server.address, seconds)
    return Sample(outcome, cpu_s(server.pid) - before)


def compare(names: list[str], rounds: int, seconds: float, folder: Path) -> Samples:
    """Every round visits every server with every load, so that a moment in which the machine is
    busy with something else hits all alike."""
    zone = folder / "zone"
    zone.write_text(ZONE)
    at = cores()
    loads = rows(folder)
    samples: dict[str, dict[str, list[Sample]]] = {row.name: defaultdict(list) for row in loads}
    with ExitStack() as stack:
        stack.enter_context(pinned(at.client))
        servers = [
            stack.enter_context(running(SERVERS[name], {APEX: zone}, folder / name, at.server))
            for name in names
        ]
        for number in range(1, rounds + 1):
            for row in loads:
                print(f"round {number} of {rounds}: {row.name}", file=sys.stderr)
                for server in servers:
                    if server.server.pipelines or not row.pipelined:
                        sample = measure(server, row, seconds)
                        samples[row.name][server.server.name].append(sample)
    return samples


def main() -> None:
    here = [server.name for server in installed()]
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
    chosen = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
        samples = compare(chosen.only, chosen.rounds, chosen.seconds, Path(folder))
    print(render(samples))
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(samples), indent=2))


if __name__ == "__main__":
    main()
