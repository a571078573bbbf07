"""The servers that are compared: how each is told to serve the same zones with one worker.

To add one, write what makes its configuration and returns its command, and list it in `SERVERS`.
"""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import peers
from harness.peers import Address, Zones
from harness.process import free_ports

from .machine import on_cores

DNSLIB_SERVER = Path(__file__).with_name("dnslib_server.py")

Configure = Callable[[Zones, Path, Address], list[str]]
"""Writes the configuration into a folder; what to run, in the foreground."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that may be installed here, by its name in the tables."""

    name: str
    configure: Configure
    is_installed: Callable[[], bool]
    over_tcp: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `address`, its first answer `start_s` after it was started.

    `pid` is the parent of all its processes.
    """

    server: Server
    address: Address
    pid: int
    start_s: float


@contextmanager
def running(
    server: Server, zones: Zones, directory: Path, where: Iterable[int]
) -> Iterator[Running]:
    """`server` with `zones` on the cores `where`, from its first answers until left."""
    directory.mkdir(parents=True)
    (port,) = free_ports(1)
    address = ("127.0.0.1", port)
    command = on_cores(where, server.configure(zones, directory, address))
    begun = time.monotonic()
    with peers.answering(command, address, zones, directory) as process:
        yield Running(server, address, process.pid, time.monotonic() - begun)


def rrdns(player: str, workers: int = 1, more: str = "") -> Configure:
    """With `more` at the end of its configuration."""

    def configure(zones: Zones, directory: Path, address: Address) -> list[str]:
        config = directory / "rrdns.yaml"
        (status_port,) = free_ports(1)
        host, port = address
        listed = "".join(f'  "{apex}": "{file.resolve()}"\n' for apex, file in zones.items())
        config.write_text(
            f'dns:\n  listen: ["{host}:{port}"]\n  player: {player}\n  workers: {workers}\n'
            f'status:\n  listen: "127.0.0.1:{status_port}"\n'
            f"zones:\n{listed}{more}"
        )
        return [sys.executable, "-m", "rrdns", "serve", "-c", str(config)]

    return configure


def _dnslib(zones: Zones, directory: Path, address: Address) -> list[str]:
    host, port = address
    files = [str(file.resolve()) for file in zones.values()]
    return [sys.executable, str(DNSLIB_SERVER), host, str(port), *files]


def _nsd(zones: Zones, directory: Path, address: Address) -> list[str]:
    return peers.command_of("nsd", zones, directory, address, rotate=True)


def _knot(zones: Zones, directory: Path, address: Address) -> list[str]:
    return peers.command_of("knot", zones, directory, address, rotate=True)


def gdnsd(threads: int = 1, more: str = "") -> Configure:
    """With `more` at the end of its configuration.

    gdnsd orders the addresses of an RRset by itself; its zone files are named by the apex.
    """

    def configure(zones: Zones, directory: Path, address: Address) -> list[str]:
        host, port = address
        zone_files = directory / "zones"
        zone_files.mkdir()
        for apex, file in zones.items():
            (zone_files / apex).symlink_to(file.resolve())
        (directory / "config").write_text(
            f"options => {{ listen => {host}:{port}, udp_threads => {threads}, tcp_threads => 1,"
            f" run_dir = {directory}/run, state_dir = {directory}/state }}\n{more}"
        )
        return [_program("gdnsd"), "-c", str(directory), "start"]

    return configure


def _bind(zones: Zones, directory: Path, address: Address) -> list[str]:
    host, port = address
    config = directory / "named.conf"
    config.write_text(
        f'options {{ directory "{directory}"; listen-on port {port} {{ {host}; }};'
        " listen-on-v6 { none; }; pid-file none; recursion no; minimal-responses yes;"
        " rrset-order { order cyclic; }; session-keyfile none; };\n"
        f"controls {{ }};\n{_bind_zones(zones, 'primary')}"
    )
    return [_program("named"), "-g", "-n", "1", "-U", "1", "-c", str(config)]


def powerdns(*options: str) -> Configure:
    """With these command line options beside the usual ones."""

    def configure(zones: Zones, directory: Path, address: Address) -> list[str]:
        host, port = address
        config = directory / "named.conf"
        config.write_text(_bind_zones(zones, "master"))
        return [
            _program("pdns_server"),
            *("--no-config", f"--config-dir={directory}", f"--socket-dir={directory}"),
            *("--daemon=no", "--guardian=no", "--setuid=", "--setgid="),
            *("--launch=bind", f"--bind-config={config}"),
            *(f"--local-address={host}", f"--local-port={port}"),
            *("--receiver-threads=1", "--distributor-threads=1"),
            *options,
        ]

    return configure


def _bind_zones(zones: Zones, role: str) -> str:
    return "".join(
        f'zone "{apex}" {{ type {role}; file "{file.resolve()}"; }};\n'
        for apex, file in zones.items()
    )


def _program(name: str) -> str:
    return str(peers.path_of(name))


def _peer(name: str, program: str, configure: Configure) -> Server:
    return Server(name, configure, lambda: peers.path_of(program) is not None)


def _c_player_is_built() -> bool:
    return importlib.util.find_spec("rrdns.serve._player") is not None


SERVERS: Mapping[str, Server] = {
    "rrdns-c": Server("rrdns (C)", rrdns("c"), _c_player_is_built),
    "rrdns-python": Server("rrdns (Python)", rrdns("python"), lambda: True),
    "gdnsd": _peer("gdnsd", "gdnsd", gdnsd()),
    "nsd": _peer("NSD", "nsd", _nsd),
    "knot": _peer("Knot", "knotd", _knot),
    "bind": _peer("BIND", "named", _bind),
    "powerdns": _peer("PowerDNS", "pdns_server", powerdns()),
    "dnslib": Server(
        "dnslib",
        _dnslib,
        lambda: importlib.util.find_spec("dnslib") is not None,
        over_tcp=False,
    ),
}
"""By their names on the command line, each with one worker."""


def with_workers(count: int) -> list[Server]:
    """Those that share their sockets between workers as rrdns does, with so many of them."""
    return [
        Server("rrdns (C)", rrdns("c", count), _c_player_is_built),
        _peer("gdnsd", "gdnsd", gdnsd(count)),
    ]


def installed() -> list[str]:
    """The names of those that can be run here."""
    return [name for name, server in SERVERS.items() if server.is_installed()]
