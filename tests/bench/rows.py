"""The rows of the table: what is asked, and how hard.

To add one, write what asks a server for some seconds and returns an `Outcome`, and list it in
`rows`. Names and types are those of `zones.py`.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.peers import Address

from .zones import APEX, NAME, NXDOMAIN, questions

SOURCES = Path(__file__).parent
WINDOW, SOCKETS = 256, 4  # queries in flight over UDP, and the sockets that share them
TCP_CONNECTIONS, TCP_IN_FLIGHT = 20, 200
LATE_S = 1  # a query over TCP that has not been answered by then is lost


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one load: answers with the right RCODE, with another, and queries lost."""

    right: int
    wrong: int
    lost: int
    per_second: float

    @property
    def answers(self) -> int:
        return self.right + self.wrong

    def __add__(self, other: "Outcome") -> "Outcome":
        """Of two loads at the same time."""
        return Outcome(
            self.right + other.right,
            self.wrong + other.wrong,
            self.lost + other.lost,
            self.per_second + other.per_second,
        )


Load = Callable[[Address, float], Outcome]
"""Asks one server for some seconds, as fast as it answers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One load for all servers; those `over_tcp` are spared a server that has none."""

    name: str
    load: Load
    over_tcp: bool = False


def rows(folder: Path) -> list[Row]:
    """All loads for which the tools are here; `folder` takes what has to be made for them."""
    blast, tcp_blast = compiled("dnsblast", folder), compiled("tcpblast", folder)
    mixture, queries = folder / "mixture", folder / "queries"
    mixture.write_text(questions())
    queries.write_text(f"{NAME} A\n")
    found = [
        Row("hit", blasting(blast, NAME)),
        Row("hit, EDNS", blasting(blast, "-e", NAME)),
        Row("NXDOMAIN flood", blasting(blast, "-r", "-x", str(NXDOMAIN), APEX)),
        Row("mixed, 100,000 names", blasting(blast, "-f", str(mixture))),
        Row("TCP, a query a connection", _connecting(tcp_blast), over_tcp=True),
    ]
    if shutil.which("dnsperf"):
        found.insert(-1, Row("TCP, pipelined", _streaming(queries), over_tcp=True))
    return found


def compiled(name: str, folder: Path) -> Path:
    """The program of a C file here, made in `folder`."""
    program = folder / name
    subprocess.run(["cc", "-O2", "-o", str(program), str(SOURCES / f"{name}.c")], check=True)
    return program


def blasting(blast: Path, *what: str, sockets: int = SOCKETS) -> Load:
    """UDP, by dnsblast; `what` is asked, in its terms."""
    return _by(blast, "-w", str(WINDOW), "-c", str(sockets), *what)


def at_once(load: Load, count: int) -> Load:
    """`load`, so many times at the same time."""

    def together(address: Address, seconds: float) -> Outcome:
        with ThreadPoolExecutor(count) as pool:
            first, *others = pool.map(lambda _: load(address, seconds), range(count))
        for other in others:
            first += other
        return first

    return together


def _connecting(tcp_blast: Path) -> Load:
    """TCP, by tcpblast: dnsperf waits up to 0.1 s before it takes up a connection again."""
    return _by(tcp_blast, "-c", str(TCP_CONNECTIONS), NAME)


def _by(program: Path, *options: str) -> Load:
    """What one of our own programs finds, which report alike."""

    def load(address: Address, seconds: float) -> Outcome:
        to = ["-s", address[0], "-p", str(address[1]), "-l", str(seconds)]
        report = json.loads(_output([str(program), *to, *options]))
        return Outcome(report["right"], report["wrong"], report["lost"], report["qps"])

    return load


def _streaming(queries: Path) -> Load:
    """TCP, by dnsperf, which takes whole seconds and reports in words."""
    strength = ["-c", str(TCP_CONNECTIONS), "-q", str(TCP_IN_FLIGHT), "-t", str(LATE_S)]

    def load(address: Address, seconds: float) -> Outcome:
        to = ["-s", address[0], "-p", str(address[1]), "-l", str(max(1, round(seconds)))]
        report = _output(["dnsperf", "-m", "tcp", "-d", str(queries), *to, *strength])
        completed = int(_field(report, r"Queries completed: +(\d+)"))
        right = int(_field(report, r"NOERROR (\d+)"))
        lost = int(_field(report, r"Queries lost: +(\d+)"))
        rate = float(_field(report, r"Queries per second: +([\d.]+)"))
        return Outcome(right, completed - right, lost, rate)

    return load


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _field(report: str, pattern: str) -> str:
    """The group of `pattern`, 0 where dnsperf leaves the line out."""
    found = re.search(pattern, report)
    return found[1] if found else "0"
