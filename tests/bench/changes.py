"""From a member's death to the first answer without it: `python changes.py --help`."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import Meter, Use, ahead, cores, describe, memory, on_cores, pinned
from bench.rows import SOCKETS, WINDOW, compiled
from bench.servers import SERVERS
from bench.steady import Asking
from bench.table import aligned
from harness.peers import Address
from harness.process import free_ports

FLIPPING = Path(__file__).with_name("flipping.py")
APEX = "pools.example"
SIZES = (1_000, 10_000, 100_000)
MEMBERS = 4
RATE = 4000  # questions a second of the steady asker: a change is seen 0.25 ms late at most
BETWEEN_S = 0.005  # from one change seen to the next
LONGEST_S = 10.0  # bounds a hang
LOAD_S = 600.0  # the load is ended before
QUESTIONS = 65_536

HEADER = (
    *("", "compiled s", "RSS MiB", "republished ms", "p99"),
    *("flip to answer ms", "p99", "worst", "worst gap ms", "answers/s", "busy", "others", "lost"),
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What one player did: how long each change took to compile and publish, and from the change
    of sides until an answer had it; the longest time without any answer; and the load meanwhile."""

    compiled_s: float
    rss_mib: float
    republished_s: list[float]
    shown_s: list[float]
    worst_gap_s: float
    answers_per_s: float
    lost: int
    use: Use


class Flipping:
    """The server that `flipping.py` is; from its first answers on."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._process = process
        self.compiled_s = float(self._heard())

    def flip(self, member: str) -> None:
        """Has a member change sides, and does not wait for it."""
        assert self._process.stdin
        self._process.stdin.write(f"{member}\n")
        self._process.stdin.flush()

    def flipped_at(self) -> float:
        """When the last one changed sides (time.monotonic)."""
        return float(self._heard())

    def end(self) -> list[float]:
        """How long each change took to compile and publish, in seconds."""
        assert self._process.stdin
        self._process.stdin.close()
        took: list[float] = json.loads(self._heard())
        return took

    def _heard(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def name_of(pool: int) -> str:
    return f"pool{pool:06}.{APEX}"


def member_of(pool: int, member: int) -> str:
    number = pool * MEMBERS + member
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def zone_text(pools: int) -> str:
    return (
        f"$ORIGIN {APEX}.\n$TTL 60\n"
        "@ IN SOA ns.elsewhere.example. hostmaster ( 1 3600 900 604800 60 )\n"
        "@ IN NS ns.elsewhere.example.\n"
    ) + "".join(
        f"{name_of(pool)}. IN A {member_of(pool, member)}\n"
        for pool in range(pools)
        for member in range(MEMBERS)
    )


@contextmanager
def flipping(
    name: str, pools: int, folder: Path, address: Address, where: Iterable[int]
) -> Iterator[Flipping]:
    """The player of that name with so many pools, on the cores `where`."""
    zone = folder / "zone"
    zone.write_text(zone_text(pools))
    *_, config = SERVERS[name].configure({APEX: zone}, folder, address)
    command = on_cores(where, [sys.executable, str(FLIPPING), config])
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield Flipping(process)
        process.wait(LONGEST_S)
    except Exception:
        print((folder / "log").read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        process.kill()
        process.wait()


@contextmanager
def blasted(pools: int, folder: Path, address: Address) -> Iterator["subprocess.Popen[str]"]:
    """Questions for all pools, as fast as they are answered; ended when left."""
    questions = folder / "questions"
    rng = Random(1)
    drawn = (name_of(rng.randrange(pools)) for _ in range(QUESTIONS))
    questions.write_text("".join(f"{name} 1 0\n" for name in drawn))
    to = ["-s", address[0], "-p", str(address[1]), "-l", str(LOAD_S)]
    strength = ["-w", str(WINDOW), "-c", str(SOCKETS), "-f", str(questions)]
    command = [str(compiled("dnsblast", folder)), *to, *strength]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measure(name: str, pools: int, flips: int, folder: Path) -> Changes:
    """Has one member after the other of random pools change sides."""
    address = ("127.0.0.1", free_ports(1)[0])
    at = cores()
    with (
        pinned(at.client),
        flipping(name, pools, folder, address, at.server) as server,
        blasted(pools, folder, address) as load,
        Asking(address, RATE) as asking,
    ):
        rss_mib = memory(server.pid).rss_mib
        meter = Meter(server.pid)
        with ahead():
            shown_s = list(_flipped(server, asking, pools, flips))
            asking.end()
        load.terminate()
        report = json.loads(load.communicate()[0])
        return Changes(
            compiled_s=server.compiled_s,
            rss_mib=rss_mib,
            republished_s=server.end(),
            shown_s=shown_s,
            worst_gap_s=asking.worst_gap_s,
            answers_per_s=report["qps"],
            lost=report["lost"] + asking.unanswered,
            use=meter.read(),
        )


def _flipped(server: Flipping, asking: Asking, pools: int, flips: int) -> Iterator[float]:
    """How long it took each time until an answer showed it, in seconds."""
    rng = Random(2)
    is_down: dict[int, bool] = defaultdict(bool)
    for _ in range(flips):
        pool = rng.randrange(pools)
        asking.about(name_of(pool))
        asking.on_for(BETWEEN_S)
        is_down[pool] = not is_down[pool]
        answers = MEMBERS - is_down[pool]
        server.flip(member_of(pool, 0))
        seen_at = asking.on_until(_shows(pool, answers), LONGEST_S)
        yield seen_at - server.flipped_at()


def _shows(pool: int, answers: int) -> Callable[[bytes], bool]:
    """Whether a reply is about this pool, and has so many addresses."""
    label = name_of(pool).split(".")[0].encode()
    return lambda reply: label in reply and int.from_bytes(reply[6:8], "big") == answers


def _line(name: str, found: Changes) -> tuple[str, ...]:
    republished, shown = sorted(found.republished_s), sorted(found.shown_s)
    return (
        f"  {name}",
        f"{found.compiled_s:.1f}",
        f"{found.rss_mib:.0f}",
        f"{median(republished) * 1000:.2f}",
        f"{_p99(republished) * 1000:.2f}",
        f"{median(shown) * 1000:.2f}",
        f"{_p99(shown) * 1000:.2f}",
        f"{shown[-1] * 1000:.2f}",
        f"{found.worst_gap_s * 1000:.2f}",
        f"{found.answers_per_s:,.0f}",
        f"{found.use.cores_busy:.2f}",
        f"{found.use.cores_foreign:.2f}",
        f"{found.lost:,}",
    )


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


def main() -> None:
    here = [name for name in ("rrdns-c", "rrdns-python") if SERVERS[name].is_installed()]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, nargs="+", default=SIZES)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--only", nargs="+", choices=here, default=here, metavar="PLAYER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure goes there too")
    chosen = parser.parse_args()
    print(describe())
    lines: list[tuple[str, ...]] = [HEADER]
    plain: dict[int, dict[str, object]] = defaultdict(dict)
    for pools in chosen.pools:
        lines.append((f"{pools:,} pools of {MEMBERS}",))
        for name in chosen.only:
            print(f"{pools:,} pools: {name}", file=sys.stderr)
            with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
                changes = measure(name, pools, chosen.flips, Path(folder))
            lines.append(_line(SERVERS[name].name, changes))
            plain[pools][name] = asdict(changes)
    print(aligned(lines))
    if chosen.json:
        chosen.json.write_text(json.dumps(plain, indent=2))


if __name__ == "__main__":
    main()
