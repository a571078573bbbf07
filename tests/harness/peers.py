"""The servers that rrdns is compared with, NSD and Knot, on free ports of the loopback address."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from .process import free_ports

Address = tuple[str, int]
Zones = Mapping[str, Path]
"""Apex in text form, without the final dot unless it is the root, and its master file."""

PROGRAMS = {"nsd": "nsd", "knot": "knotd"}
START_S = 30  # both start within a second; a busy machine gets more

_NSD = """\
server:
  ip-address: {host}@{port}
  server-count: 1
  minimal-responses: yes
  hide-version: yes
  hide-identity: yes
  rrl-ratelimit: 0
{rotation}  username: ""
  database: ""
  zonesdir: "{directory}"
  xfrdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
remote-control:
  control-enable: no
"""
_NSD_ZONE = """\
zone:
  name: "{apex}"
  zonefile: "{file}"
"""
_KNOT = """\
server:
  listen: {host}@{port}
  rundir: "{directory}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  identity: ""
  version: ""
  nsid: ""
{rotation}database:
  storage: "{directory}"
zone:
"""
_KNOT_ZONE = """\
  - domain: "{apex}"
    file: "{file}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
"""
_ROTATION = {"nsd": "  round-robin: yes\n", "knot": "  answer-rotation: on\n"}


def missing_programs() -> list[str]:
    """The peers' programs that are not installed."""
    return [program for program in PROGRAMS.values() if path_of(program) is None]


@contextmanager
def running(zones: Zones, directory: Path) -> Iterator[dict[str, Address]]:
    """NSD and Knot serving `zones`, by name with their addresses; ended when left."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_running(name, zones, directory / name)) for name in PROGRAMS
        }


@contextmanager
def _running(name: str, zones: Zones, directory: Path) -> Iterator[Address]:
    directory.mkdir(parents=True)
    address = ("127.0.0.1", free_ports(1)[0])
    with answering(command_of(name, zones, directory, address), address, zones, directory):
        yield address


@contextmanager
def answering(
    command: list[str], address: Address, zones: Zones, directory: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """The server that `command` runs, from its answers for all `zones` until left."""
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for_answers(process, address, zones, log)
        yield process
    finally:
        process.terminate()
        process.wait(START_S)


def command_of(
    name: str, zones: Zones, directory: Path, address: Address, *, rotate: bool = False
) -> list[str]:
    """Writes the configuration of a peer into `directory`; what to run, in the foreground."""
    head, entry = {"nsd": (_NSD, _NSD_ZONE), "knot": (_KNOT, _KNOT_ZONE)}[name]
    rotation = _ROTATION[name] if rotate else ""
    configuration = directory / f"{name}.conf"
    host, port = address
    configuration.write_text(
        head.format(host=host, port=port, directory=directory, rotation=rotation)
        + "".join(entry.format(apex=apex, file=file.resolve()) for apex, file in zones.items())
    )
    program = str(path_of(PROGRAMS[name]))
    foreground = ["-d"] if name == "nsd" else []
    return [program, *foreground, "-c", str(configuration)]


def path_of(program: str) -> str | None:
    """Where Debian puts servers may be missing from the PATH of a plain user."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def _wait_for_answers(
    process: subprocess.Popen[bytes], address: Address, zones: Zones, log: Path
) -> None:
    """Returns once every zone is answered for; RuntimeError with the log where it is not."""
    deadline = time.monotonic() + START_S
    for apex in zones:
        query = dns.message.make_query(apex, "SOA")
        while not _answers(address, query):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no answer for {apex}:\n{log.read_text()}")


def _answers(address: Address, query: dns.message.Message) -> bool:
    host, port = address
    try:
        return bool(dns.query.udp(query, host, port=port, timeout=0.2).answer)
    except (OSError, dns.exception.DNSException):
        time.sleep(0.01)  # a port that refuses does so at once
        return False
