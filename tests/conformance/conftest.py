"""The ways to ask: the answer room over octets, and one server process over sockets.

Every test that takes `ask` runs eight times; `ask_udp`, `ask_tcp` and `ask_sockets` are for what
one of them alone can show.
"""

import shutil
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.process import ServerProcess, serving
from harness.ways import Direct, OverTcp, OverUdp, Way
from harness.wire import has_ipv6
from harness.zones import published, reference_player, table_player
from rrdns.answer.reference import Transport
from rrdns.publisher import Publisher

ZONES = Path(__file__).parent / "zones"
LOOPBACKS = ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",)

DIRECT_UDP = ["direct, reference, udp", "direct, table, udp"]
DIRECT_TCP = ["direct, reference, tcp", "direct, table, tcp"]
SOCKETS_UDP = [f"sockets, {host}, udp" for host in LOOPBACKS]
SOCKETS_TCP = [f"sockets, {host}, tcp" for host in LOOPBACKS]


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
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """The conformance zones as the server publishes them."""
    folder = _with_zones(tmp_path_factory.mktemp("direct"))
    ports = {"DNS_PORT": "5353", "STATUS_PORT": "8053"}
    config = folder / "rrdns.yaml"
    config.write_text(string.Template(_config(LOOPBACKS)).substitute(ports))
    return published(config)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of the conformance zones on the loopback addresses."""
    folder = _with_zones(tmp_path_factory.mktemp("server"))
    with serving(folder, _config(LOOPBACKS)) as running:
        yield running


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that listens on all addresses, tells who it is, and closes idle connections soon."""
    folder = _with_zones(tmp_path_factory.mktemp("open"))
    everywhere = ("0.0.0.0", "::") if has_ipv6() else ("0.0.0.0",)
    told = "dns:\n  identity: {version: rrdns test, hostname: ns1.test, nsid: node-1}\n"
    told += "  tcp: {idle: 1s}\n"
    with serving(folder, _config(everywhere).replace("dns:\n", told)) as running:
        yield running


@pytest.fixture(params=[*DIRECT_UDP, *DIRECT_TCP, *SOCKETS_UDP, *SOCKETS_TCP])
def ask(request: pytest.FixtureRequest) -> Way:
    """Every way to ask."""
    return _way(request)


@pytest.fixture(params=[*DIRECT_UDP, *SOCKETS_UDP])
def ask_udp(request: pytest.FixtureRequest) -> Way:
    """The ways over UDP."""
    return _way(request)


@pytest.fixture(params=[*DIRECT_TCP, *SOCKETS_TCP])
def ask_tcp(request: pytest.FixtureRequest) -> Way:
    """The ways over TCP."""
    return _way(request)


@pytest.fixture(params=LOOPBACKS)
def host(request: pytest.FixtureRequest) -> str:
    """Each address that the server listens on."""
    address: str = request.param
    return address


def _way(request: pytest.FixtureRequest) -> Way:
    medium, which, transport = request.param.split(", ")
    if medium == "direct":
        publisher = request.getfixturevalue("publisher")
        player_of = table_player if which == "table" else reference_player
        table = publisher.publication.table
        return Direct(player_of(table, Transport(transport), publisher.cursors), transport)
    port = request.getfixturevalue("server").dns_port
    return (OverUdp if transport == "udp" else OverTcp)(which, port)
