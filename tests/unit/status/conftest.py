"""A server without its sockets, all of it real but what its probes find."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from random import Random

import aiohttp
import pytest

from harness.awaiting import eventually
from rrdns.answer.player import Player, Tally
from rrdns.answer.reference import Transport
from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.config.settings import Listen, PlayerChoice
from rrdns.health.check import Target
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome
from rrdns.load import Loaded, load
from rrdns.memory import Memory
from rrdns.status.metrics import ProbeTimes
from rrdns.status.observed import Reloads
from rrdns.status.site import StatusSite
from rrdns.steward import Steward

STARTED_AT = 1_767_225_600.0  # 2026-01-01T00:00:00Z

ANY_PORT = Listen(ip_address("127.0.0.1"), 0)

PASS = Result(Outcome.PASS, "0.4 ms", 0.0004)
FAIL = Result(Outcome.FAIL, "no answer within 1 s", 1.0)
ERROR = Result(Outcome.ERROR, "raw sockets are not permitted", 0.0)

ZONE = """\
$TTL 60
@       SOA ns1 hostmaster 7 3600 600 86400 60
        NS  ns1
ns1     A   192.0.2.53
www     A   192.0.2.1
        A   192.0.2.2
        AAAA 2001:db8::1
"""

CONFIG = """\
dns: {listen: ["127.0.0.1:0"]}
status: {listen: "127.0.0.1:0"}
zones: {linux.example: linux.example.zone}
checks:
  alive: {type: icmp}
  web: {type: tcp, port: 80}
pools:
  www.linux.example:
    checks: [alive, web]
    all_down: [last-good, all]
    members:
      192.0.2.1: {name: marconi}
"""


@dataclass
class Findings:
    """Fake probers: what each probe finds, by address and name of the check; PASS else."""

    found: defaultdict[tuple[str, str], Result] = field(
        default_factory=lambda: defaultdict(lambda: PASS)
    )

    def say(self, address: str, result: Result) -> None:
        """Every check of `address` finds this from now on."""
        for check in ("alive", "web"):
            self.found[address, check] = result

    async def probe(self, target: Target) -> Result:
        return self.found[str(target.address), target.check.name]

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Players:
    """What the status room sees of those who answer."""

    answerers: Mapping[Transport, Player]
    choice = PlayerChoice.PYTHON

    def tally(self, transport: Transport) -> Tally:
        return self.answerers[transport].tally.copy()


@dataclass
class Server:
    """What the status room reads; `start` brings it to where it answers."""

    loaded: Loaded
    findings: Findings = field(default_factory=Findings)
    started_at: float = STARTED_AT
    ready: bool = False
    reloads: Reloads = field(default_factory=Reloads)
    probe_times: ProbeTimes = field(default_factory=ProbeTimes)
    tcp_connections: int = 0
    tcp_connections_limit: int = 1000
    udp_workers: int = 1
    memory: Memory = field(default_factory=lambda: Memory(None, 300.0, time.time))

    def __post_init__(self) -> None:
        self.steward = Steward(
            Table,
            Cursors,
            Random(0),
            self.probe_times.observe,
            self.findings,
            lambda: STARTED_AT + 1,
        )
        publisher = self.steward.publisher
        self.answerers = {
            transport: Player(publisher.publication, publisher.cursors, transport)
            for transport in Transport
        }
        self.players = Players(self.answerers)

    @property
    def targets(self) -> list[Target]:
        pools = self.loaded.pools
        return [t for pool in pools for member in pool.members for t in pool.targets(member)]

    async def remember(self) -> bool:
        return False

    async def start(self) -> None:
        """The first round, and what follows it."""
        await self.steward.take_force(self.loaded)
        self.ready = True


async def until_cut_off(server: Server) -> None:
    """Returns once `server` has found that no anchor answers."""
    monitor = server.steward.monitor
    await eventually(lambda: monitor.vantage and monitor.vantage.cut_off)


MakeServer = Callable[..., Server]


@pytest.fixture
async def make_server(tmp_path: Path) -> AsyncIterator[MakeServer]:
    """Makes servers, not started, from the text of a configuration and a zone."""
    servers = []

    def make(config: str = CONFIG, zone: str = ZONE) -> Server:
        (tmp_path / "linux.example.zone").write_text(zone)
        (tmp_path / "rrdns.yaml").write_text(config)
        servers.append(Server(load(tmp_path / "rrdns.yaml")))
        return servers[-1]

    yield make
    for server in servers:
        await server.steward.aclose()


@pytest.fixture
async def server(make_server: MakeServer) -> Server:
    """The example of the documentation, answering, everybody up."""
    server = make_server()
    await server.start()
    return server


@pytest.fixture
async def site(server: Server) -> AsyncIterator[StatusSite]:
    """The status server of `server`, on a free port."""
    site = StatusSite(server, ANY_PORT)
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def client(site: StatusSite) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of `site`."""
    host, port = site.address
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
