"""Several threads answer as one: everybody gets a reply, and the turns are shared out exactly."""

import re
import selectors
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.message
import pytest

from harness.players import needs_c
from harness.process import ServerProcess, serving
from harness.wire import WAIT_S, TcpClient, UdpClient

pytestmark = needs_c

WORKERS = 2
CLIENTS = 40  # a port each, which the kernel shares out to the workers
LAPS = 25
WINDOW = 5  # queries of a client that are under way; all of them fit into the smallest buffer
LOAD = 20_000  # queries before the stop

CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"], player: c, workers: {WORKERS}}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
"""
MIRRORS = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
ZONE = """
$TTL 60
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    127.0.0.1
"""
ZONE += "".join(f"www A {mirror}\n" for mirror in MIRRORS)

HELD = dns.message.make_query("www.lab.example", "A").to_wire()[2:]
LEFT = dns.message.make_query("version.bind", "TXT", "CH").to_wire()[2:]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}) as running:
        yield running


@pytest.fixture
def clients(server: ServerProcess) -> Iterator[list[UdpClient]]:
    with ExitStack() as opened:
        yield [
            opened.enter_context(UdpClient("127.0.0.1", server.dns_port)) for _ in range(CLIENTS)
        ]


def numbered(number: int, question: bytes = HELD) -> bytes:
    return (number & 0xFFFF).to_bytes(2, "big") + question


def first(reply: bytes) -> str:
    """Who comes first in a reply; dnspython would sort them."""
    return str(next(iter(dns.message.from_wire(reply).answer[0])))


def wakings(server: ServerProcess) -> dict[str, int]:
    """How often each worker has waited for a datagram (proc(5)), by the name of its thread."""
    found = {}
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if re.fullmatch(r"rrdns-udp-\d+", name):
            said = re.search(
                r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M
            )
            found[name] = int(said[1]) if said else 0
    return found


def test_the_turns_of_all_workers_together_are_exact(
    server: ServerProcess, clients: list[UdpClient]
) -> None:
    before = wakings(server)
    assert len(before) == WORKERS
    firsts: Counter[str] = Counter()
    for lap in range(LAPS * len(MIRRORS)):
        for number, client in enumerate(clients):
            client.send(numbered(lap * CLIENTS + number))
        firsts.update(first(client.receive()) for client in clients)
    assert firsts == dict.fromkeys(MIRRORS, LAPS * CLIENTS)
    after = wakings(server)
    assert all(after[name] > before[name] for name in before), "one worker has slept through it"


def test_udp_and_tcp_take_turns_from_one_count(
    server: ServerProcess, clients: list[UdpClient]
) -> None:
    firsts: Counter[str] = Counter()
    with TcpClient("127.0.0.1", server.dns_port) as stream:
        for _ in MIRRORS:
            for number, client in enumerate(clients):
                client.send(numbered(number))
            stream.send(*(numbered(number) for number in range(CLIENTS)))
            firsts.update(first(client.receive()) for client in clients)
            firsts.update(first(stream.receive()) for _ in clients)
    assert firsts == dict.fromkeys(MIRRORS, 2 * CLIENTS)


@dataclass
class Load:
    """Queries that are under way, by client and ID; each reply makes room for the next."""

    clients: list[UdpClient]
    number: int = 0

    def __post_init__(self) -> None:
        self.under_way: set[tuple[int, bytes]] = set()
        self.selector = selectors.DefaultSelector()
        for at, client in enumerate(self.clients):
            self.selector.register(client.socket, selectors.EVENT_READ, at)

    def ask(self, at: int) -> None:
        """Client `at` asks what is next; one in a hundred questions is left to the reference."""
        self.number += 1
        packet = numbered(self.number, HELD if self.number % 100 else LEFT)
        self.under_way.add((at, packet[:2]))
        self.clients[at].send(packet)

    def receive(self) -> list[int]:
        """Takes the replies that are there, waiting for one; who got them."""
        ready = [key.data for key, _ in self.selector.select(WAIT_S)]
        assert ready, f"{len(self.under_way)} queries have no reply"
        for at in ready:
            self.under_way.remove((at, self.clients[at].receive()[:2]))
        return ready


def test_what_came_before_the_stop_is_answered_under_full_load(
    server: ServerProcess, clients: list[UdpClient]
) -> None:
    load = Load(clients)
    for _ in range(WINDOW):
        for at in range(CLIENTS):
            load.ask(at)
    while load.number < LOAD:
        for at in load.receive():
            load.ask(at)
    assert len(load.under_way) == WINDOW * CLIENTS
    server.send(signal.SIGTERM)
    while load.under_way:
        load.receive()
    server.stop()
