"""Ten thousand members, pinged every two seconds, beside fping: `python probes.py --help`."""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path
from statistics import linear_regression

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `bench` and `harness` are

from bench.machine import cores, cpu_s, describe, memory, on_cores
from bench.table import aligned
from harness import process

MEMBERS_A_POOL = 4
INTERVAL_S = 2.0
FIRST = IPv4Address("127.64.0.1")
WARM_UP_S = 20.0
SAMPLE_S = 5.0
PROBES = "rrdns_probes_total"
LATENESS = "rrdns_probe_lateness_seconds"

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"]}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {many.example: many.example.zone}
checks: {alive: {type: icmp, interval: 2s}}
pools:
"""
ZONE = "$TTL 60\n@ SOA ns hostmaster ( 1 3600 900 604800 60 )\n@ NS ns\nns A 127.0.0.1\n"
HEADER = (
    "",
    "probes/s",
    "passed",
    "CPU share",
    "CPU us/probe",
    "99 % late by",
    "all late by",
    "RSS MiB",
    "MiB/h",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server did in `seconds`. Lateness, from when a probe was due, is a bound."""

    seconds: float
    sent: int
    passed: int
    cpu_s: float
    rss_mib: float
    rss_mib_an_hour: float
    late_p99_s: float | None = None
    late_max_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """How it stood with a process at one moment."""

    at: float
    cpu_s: float
    rss_mib: float


def watched(pid: int, seconds: float) -> list[Sample]:
    """Samples of a process for so long."""
    samples = [_sample(pid)]
    while samples[-1].at - samples[0].at < seconds:
        time.sleep(min(SAMPLE_S, seconds))
        samples.append(_sample(pid))
    return samples


def _sample(pid: int) -> Sample:
    return Sample(time.monotonic(), cpu_s(pid), memory(pid).rss_mib)


def figures(samples: list[Sample], sent: int, passed: int, **late: float) -> Figures:
    first, last = samples[0], samples[-1]
    slope, _ = linear_regression([s.at for s in samples], [s.rss_mib for s in samples])
    return Figures(
        last.at - first.at,
        sent,
        passed,
        last.cpu_s - first.cpu_s,
        last.rss_mib,
        slope * 3600,
        **{f"late_{name}_s": value for name, value in late.items()},
    )


def measure_rrdns(members: int, seconds: float, folder: Path) -> Figures:
    """The whole server, from its files to its metrics."""
    config, zone = CONFIG, ZONE
    for number in range(0, members, MEMBERS_A_POOL):
        config += f"  p{number}.many.example: {{checks: [alive]}}\n"
        zone += "".join(
            f"p{number} A {FIRST + each}\n"
            for each in range(number, min(number + MEMBERS_A_POOL, members))
        )
    wrapper = tuple(on_cores(cores().server, []))
    with process.serving(folder, config, {"many.example.zone": zone}, wrapper) as server:
        server.wrapper = ()  # asked from here
        time.sleep(WARM_UP_S)
        before = scrape(server)
        samples = watched(server.process.pid, seconds)
        after = scrape(server)
        grown = {name: value - before.get(name, 0.0) for name, value in after.items()}
        outcomes = {name: n for name, n in grown.items() if name.startswith(PROBES)}
        passed = sum(n for name, n in outcomes.items() if 'outcome="pass"' in name)
        return figures(
            samples,
            round(sum(outcomes.values())),
            round(passed),
            p99=percentile(grown, 0.99),
            max=percentile(grown, 1.0),
        )


def scrape(server: process.ServerProcess) -> dict[str, float]:
    """Every sample of the metrics by its name and labels."""
    lines = server.get("/metrics").decode().splitlines()
    split = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in split}


def percentile(grown: dict[str, float], share: float) -> float:
    """The bound of the histogram below which this share of the probes was late."""
    count = grown[f"{LATENESS}_count"]
    bounds = {
        float(found[1]): value
        for name, value in grown.items()
        if (found := re.fullmatch(f'{LATENESS}_bucket{{le="(.*)"}}', name))
    }
    return min(bound for bound, below in bounds.items() if below >= share * count)


def measure_fping(members: int, seconds: float, folder: Path) -> Figures:
    """fping, which goes round its list for ever."""
    targets = folder / "targets"
    targets.write_text("".join(f"{FIRST + number}\n" for number in range(members)))
    gap_ms = INTERVAL_S * 1000 / members
    loop = ["fping", "-l", "-q", "-p", f"{INTERVAL_S * 1000:.0f}", "-i", f"{gap_ms:.3f}"]
    command = on_cores(cores().server, [*loop, "-f", str(targets)])
    with (folder / "said").open("wb") as said:
        began = time.monotonic()
        running = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            time.sleep(min(WARM_UP_S, seconds))
            samples = watched(running.pid, seconds)
        finally:
            running.send_signal(signal.SIGINT)
            running.wait()
    lived_s = time.monotonic() - began
    counts = re.findall(r"= (\d+)/(\d+)/", (folder / "said").read_text())
    of_these = (samples[-1].at - samples[0].at) / lived_s
    sent, passed = (round(sum(int(pair[n]) for pair in counts) * of_these) for n in (0, 1))
    return figures(samples, sent, passed)


def line(name: str, found: Figures) -> tuple[str, ...]:
    def milliseconds(late_s: float | None) -> str:
        return "" if late_s is None else f"< {late_s * 1000:g} ms"

    return (
        name,
        f"{found.sent / found.seconds:,.0f}",
        f"{found.passed / found.sent:.2%}",
        f"{found.cpu_s / found.seconds:.1%}",
        f"{found.cpu_s / found.sent * 1e6:.1f}",
        milliseconds(found.late_p99_s),
        milliseconds(found.late_max_s),
        f"{found.rss_mib:.0f}",
        f"{found.rss_mib_an_hour:+.1f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=3.0, help="of each of the two")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure goes there too")
    chosen = parser.parse_args()
    print(describe())
    found: dict[str, Figures] = {}
    for name, measure in {"rrdns": measure_rrdns, "fping": measure_fping}.items():
        if name == "rrdns" or shutil.which(name):
            print(f"{name}: {chosen.minutes:g} minutes", file=sys.stderr)
            with tempfile.TemporaryDirectory(prefix="rrdns-bench-") as folder:
                found[name] = measure(chosen.members, chosen.minutes * 60, Path(folder))
    print(aligned([HEADER, *(line(*each) for each in found.items())]))
    if len(found) == 2:
        mine, theirs = (each.cpu_s / each.sent for each in found.values())
        print(f"CPU for each probe: {mine / theirs:.2f} of fping's")
    if chosen.json:
        plain = {name: asdict(each) for name, each in found.items()}
        chosen.json.write_text(json.dumps(plain, indent=2))


if __name__ == "__main__":
    main()
