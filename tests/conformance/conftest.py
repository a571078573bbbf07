"""The ways to ask: the answer room over octets, and a server process of each player over sockets.

Every test that takes `ask` runs fourteen times; `ask_udp`, `ask_tcp` and `server` are for what one
of them alone can show.
"""

import shutil
import string
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from harness.direct import InProcess, in_process
from harness.players import PLAYERS, needs_c
from harness.process import ServerProcess, serving
from harness.ways import Direct, OverTcp, OverUdp, Way
from harness.wire import has_ipv6
from rrdns.answer.reference import Transport
from rrdns.config.settings import PlayerChoice

ZONES = Path(__file__).parent / "zones"
LOOPBACKS = ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",)
EVERYWHERE = ("0.0.0.0", "::") if has_ipv6() else ("0.0.0.0",)


def _ways(*transports: str) -> list[object]:
    """The ways over `transports`, each a parameter: medium, where, who, transport."""
    direct = product(["direct"], ["octets"], ["reference", "python", "c"], transports)
    sockets = product(["sockets"], LOOPBACKS, ["python", "c"], transports)
    return [
        pytest.param(way, id=", ".join(way), marks=needs_c if "c" in way else ())
        for way in (*direct, *sockets)
    ]


def _listen(hosts: tuple[str, ...]) -> str:
    """`hosts` as rrdns.yaml lists them, on the harness's port."""
    bracketed = (f"[{host}]" if ":" in host else host for host in hosts)
    return "[" + ", ".join(f'"{host}:$DNS_PORT"' for host in bracketed) + "]"


def _config(hosts: tuple[str, ...]) -> str:
    text = (ZONES / "rrdns.yaml").read_text()
    return string.Template(text).safe_substitute(LISTEN=_listen(hosts))


def _with_zones(folder: Path) -> Path:
    return Path(shutil.copytree(ZONES, folder, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def in_process_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[PlayerChoice], InProcess]:
    """Gives the conformance zones as the server publishes them for a kind of players."""

    @cache
    def made(choice: PlayerChoice) -> InProcess:
        folder = _with_zones(tmp_path_factory.mktemp(f"direct-{choice}"))
        told = {"DNS_PORT": "5353", "STATUS_PORT": "8053", "PLAYER": choice}
        config = folder / "rrdns.yaml"
        config.write_text(string.Template(_config(LOOPBACKS)).substitute(told))
        return in_process(config, choice)

    return made


@pytest.fixture(scope="session")
def server_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[PlayerChoice], ServerProcess]]:
    """Gives a server of the conformance zones on the loopback addresses, by its player."""
    with ExitStack() as running:

        @cache
        def started(choice: PlayerChoice) -> ServerProcess:
            folder = _with_zones(tmp_path_factory.mktemp(f"server-{choice}"))
            return running.enter_context(serving(folder, _config(LOOPBACKS), player=choice))

        yield started


@pytest.fixture(scope="session", params=PLAYERS)
def server(
    request: pytest.FixtureRequest, server_of: Callable[[PlayerChoice], ServerProcess]
) -> ServerProcess:
    """A server of the conformance zones on the loopback addresses, over each player."""
    return server_of(request.param)


@pytest.fixture(scope="session", params=PLAYERS)
def open_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server that listens on all addresses, tells who it is, and closes idle connections soon."""
    folder = _with_zones(tmp_path_factory.mktemp("open"))
    told = "dns:\n  identity: {version: rrdns test, hostname: ns1.test, nsid: node-1}\n"
    told += "  tcp: {idle: 1s}\n"
    config = _config(EVERYWHERE).replace("dns:\n", told)
    with serving(folder, config, player=request.param) as running:
        yield running


@pytest.fixture(params=_ways("udp", "tcp"))
def ask(request: pytest.FixtureRequest) -> Way:
    """Every way to ask."""
    return _way(request)


@pytest.fixture(params=_ways("udp"))
def ask_udp(request: pytest.FixtureRequest) -> Way:
    """The ways over UDP."""
    return _way(request)


@pytest.fixture(params=_ways("tcp"))
def ask_tcp(request: pytest.FixtureRequest) -> Way:
    """The ways over TCP."""
    return _way(request)


@pytest.fixture(params=[OverUdp, OverTcp], ids=["udp", "tcp"])
def ask_open(request: pytest.FixtureRequest, open_server: ServerProcess) -> Way:
    """The server that tells who it is."""
    way: Way = request.param("127.0.0.1", open_server.dns_port)
    return way


@pytest.fixture(params=LOOPBACKS)
def host(request: pytest.FixtureRequest) -> str:
    """Each address that the server listens on."""
    address: str = request.param
    return address


def _way(request: pytest.FixtureRequest) -> Way:
    medium, where, who, transport = request.param
    if medium == "direct":
        choice = PlayerChoice.C if who == "c" else PlayerChoice.PYTHON
        made: InProcess = request.getfixturevalue("in_process_of")(choice)
        by = made.answer_by_reference if who == "reference" else made.answer
        return Direct(by(Transport(transport)), transport)
    port = request.getfixturevalue("server_of")(PlayerChoice(who)).dns_port
    return (OverUdp if transport == "udp" else OverTcp)(where, port)
