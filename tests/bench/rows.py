"""The rows of the table: what is asked, and how hard.

To add one, write what asks a server for some seconds and returns an `Outcome`, and list it in
`rows`. Names and types are those of `ZONE`, which every server serves.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.peers import Address

APEX = "linux.example"
NAME = f"www.{APEX}"
ZONE = f"""\
$ORIGIN {APEX}.
$TTL 3600
@ IN SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@ IN NS ns1
@ IN NS ns2
ns1 IN A 127.0.0.1
ns2 IN A 127.0.0.2
mail IN A 192.0.2.9
@ IN MX 10 mail
www 60 IN A 192.0.2.1
www 60 IN A 192.0.2.2
www 60 IN A 192.0.2.3
"""

BLAST_SOURCE = Path(__file__).with_name("dnsblast.c")
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


Load = Callable[[Address, float], Outcome]
"""Asks one server for some seconds, as fast as it answers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One load for all servers; `pipelined` ones are spared a server that can not do that."""

    name: str
    load: Load
    pipelined: bool = False


def rows(folder: Path) -> list[Row]:
    """All loads for which the tools are here; `folder` takes what has to be made for them."""
    blast = _compiled(folder)
    queries = folder / "queries"
    queries.write_text(f"{NAME} A\n")
    found = [
        Row("hit", _blasting(blast, NAME, "noerror")),
        Row("hit, EDNS", _blasting(blast, NAME, "noerror", "-e")),
        Row("NXDOMAIN flood", _blasting(blast, APEX, "nxdomain", "-r")),
    ]
    if shutil.which("dnsperf"):
        found.append(Row("TCP, pipelined", _streaming(queries), pipelined=True))
    return found


def _compiled(folder: Path) -> Path:
    program = folder / "dnsblast"
    subprocess.run(["cc", "-O2", "-o", str(program), str(BLAST_SOURCE)], check=True)
    return program


def _blasting(blast: Path, name: str, right_rcode: str, *options: str) -> Load:
    """UDP; `options` are dnsblast's, and `right_rcode` the key of its report."""
    strength = ["-w", str(WINDOW), "-c", str(SOCKETS)]

    def load(address: Address, seconds: float) -> Outcome:
        to = ["-s", address[0], "-p", str(address[1]), "-l", str(seconds)]
        report = json.loads(_output([str(blast), *to, *strength, *options, name]))
        right = report[right_rcode]
        return Outcome(right, report["answered"] - right, report["lost"], report["qps"])

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
