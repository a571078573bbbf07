"""Start, memory and reload with growing zones: `python footprint.py --help`."""

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import Memory, cores, describe, memory, pinned
from bench.servers import SERVERS, installed, running
from bench.steady import Steadiness, ask_through_a_change
from bench.table import aligned

APEX = "grow.example"
NAME = f"www.{APEX}"
OLD, NEW = "192.0.2.1", "192.0.2.2"
SIZES = (1, 1_000, 100_000)

# Those that can be told of a save by a signal; None: the save itself is enough.
RELOAD_SIGNALS = {"rrdns-c": None, "rrdns-python": None, "nsd": signal.SIGHUP}

HEADER = (
    *("", "start s", "RSS MiB", "PSS MiB", "reloaded MiB"),
    *("save to answer s", "worst reply ms", "worst gap ms", "lost"),
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one server needed for one zone; `loaded` is its memory before the reload."""

    start_s: float
    loaded: Memory
    reloaded: Memory
    steadiness: Steadiness


def zone_text(records: int, serial: int, address: str) -> str:
    """A zone with `records` A records beside SOA and NS; that of `NAME` is `address`."""
    head = (
        f"$ORIGIN {APEX}.\n$TTL 3600\n"
        f"@ IN SOA ns hostmaster ( {serial} 3600 900 604800 60 )\n"
        f"@ IN NS ns.elsewhere.example.\n"
        f"www 60 IN A {address}\n"
    )
    return head + "".join(
        f"host{n} IN A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(1, records)
    )


def measure(name: str, records: int, rate: float, folder: Path) -> Footprint:
    """Starts the server of that name, saves another version of its zone, and asks all the while."""
    server, told_by = SERVERS[name], RELOAD_SIGNALS[name]
    at = cores()
    zone, saved = folder / "zone", folder / "zone.saved"
    zone.write_text(zone_text(records, 1, OLD))
    saved.write_text(zone_text(records, 2, NEW))
    with pinned(at.client), running(server, {APEX: zone}, folder / "server", at.server) as started:
        loaded = memory(started.pid)
        steadiness = ask_through_a_change(
            started.address,
            NAME,
            rate,
            lambda: _save(saved, zone, started.pid, told_by),
            socket.inet_aton(NEW),
        )
        return Footprint(started.start_s, loaded, memory(started.pid), steadiness)


def _save(saved: Path, zone: Path, pid: int, told_by: signal.Signals | None) -> None:
    """Puts the new version in place as editors do, and says so where that is needed."""
    saved.replace(zone)
    if told_by is not None:
        os.kill(pid, told_by)


def _line(server: str, found: list[Footprint]) -> tuple[str, ...]:
    """Medians, but the worst of what is a worst in itself."""
    steady = [footprint.steadiness for footprint in found]
    return (
        f"  {server}",
        f"{median(footprint.start_s for footprint in found):.2f}",
        f"{median(footprint.loaded.rss_mib for footprint in found):.0f}",
        f"{median(footprint.loaded.pss_mib for footprint in found):.0f}",
        f"{median(footprint.reloaded.rss_mib for footprint in found):.0f}",
        f"{median(each.change_s for each in steady):.2f}",
        f"{max(each.worst_reply_s for each in steady) * 1000:.1f}",
        f"{max(each.worst_gap_s for each in steady) * 1000:.1f}",
        f"{sum(each.lost for each in steady)} of {sum(each.asked for each in steady):,}",
    )


def main() -> None:
    here = [name for name in installed() if name in RELOAD_SIGNALS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, nargs="+", default=SIZES, help="A records a zone")
    parser.add_argument("--rate", type=float, default=2000, help="questions a second")
    parser.add_argument("--only", nargs="+", choices=here, default=here, metavar="SERVER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure goes there too")
    chosen = parser.parse_args()
    print(describe())
    found: defaultdict[int, defaultdict[str, list[Footprint]]]
    found = defaultdict(lambda: defaultdict(list))
    for number in range(1, chosen.rounds + 1):
        for records in chosen.records:
            print(f"round {number} of {chosen.rounds}: {records:,} records", file=sys.stderr)
            for name in chosen.only:
                with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
                    measured = measure(name, records, chosen.rate, Path(folder))
                    found[records][SERVERS[name].name].append(measured)
    lines: list[tuple[str, ...]] = [HEADER]
    for records, of_size in found.items():
        lines += [(f"{records:,} records",), *(_line(*each) for each in of_size.items())]
    print(aligned(lines))
    if chosen.json:
        plain = {
            str(records): {name: [asdict(each) for each in all_] for name, all_ in of_size.items()}
            for records, of_size in found.items()
        }
        chosen.json.write_text(json.dumps(plain, indent=2))


if __name__ == "__main__":
    main()
