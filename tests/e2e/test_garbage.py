"""Whatever arrives, the server lives, does not grow, and replies no more than it owes.

The packets are queries damaged at random, from a seed, so that a failure comes again.
"""

import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.rcode
import pytest

from e2e.side_by_side.sets import SETS, configuration, texts, zones_in
from harness.audit import audit
from harness.garbage import HEADER_OCTETS, damaged, valid_queries
from harness.process import ServerProcess, serving
from harness.wire import TcpClient, UdpClient, framed
from rrdns.config.settings import PlayerChoice

pytestmark = pytest.mark.timeout(600)

SEED = 1035
PACKETS = 6000
WARM_UP = 6000  # distinct names enough to fill every bounded cache
MOST_GROWTH_KIB = 4096  # over PACKETS; what each packet left behind would be far more
IN_FLIGHT = 50  # few enough for any socket buffer
TRIES = 5
SERVER_COOKIE_OCTETS = 16  # the only thing that a refusal may add to what it refuses
STREAMS = 200
LONGEST_STREAM = 3000

NAMES = (
    *("www.ordinary.example", "many.ordinary.example", "missing.ordinary.example"),
    *("x.y.wc.wild.example", "l00.alias.example", "ring1.alias.example", "x.dd.alias.example"),
    *("x.d-long.alias.example", "x.big.cut.example", "https.odd.example", "a\\.b.odd.example"),
    *("child.parent.example", "elsewhere.test", "."),
)
QUERIES = valid_queries(NAMES)
GOOD_QUERY = QUERIES[0]
WITH_DATA = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN}


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, player: PlayerChoice
) -> Iterator[ServerProcess]:
    """A server of the tricky zones."""
    zones = zones_in(SETS["usual"])
    folder = tmp_path_factory.mktemp("garbage")
    with serving(folder, configuration(zones), texts(zones), player=player) as running:
        yield running


def _is_due(packet: bytes) -> bool:
    """Whether `packet` is to be answered at all: not a response, and a whole header."""
    return len(packet) >= HEADER_OCTETS and not packet[2] & 0x80


def _batches(rng: random.Random, packets: int) -> Iterator[list[bytes]]:
    """Damaged packets; those of one batch that are due a reply have different IDs."""
    for start in range(0, packets, IN_FLIGHT):
        batch = [damaged(rng, QUERIES, (start + n) & 0xFFFF) for n in range(IN_FLIGHT)]
        yield list({packet[:2]: packet for packet in batch}.values())


def _check(packet: bytes, reply: bytes, transport: str) -> None:
    """What is owed to any packet, and that a refusal is hardly larger than what it refuses."""
    message = audit(packet, reply, transport)
    if message.rcode not in WITH_DATA:
        assert not message.records
        assert len(reply) <= max(len(packet), HEADER_OCTETS) + SERVER_COOKIE_OCTETS


def _exchange(client: UdpClient, batch: Sequence[bytes]) -> None:
    """Sends all of `batch` and checks the replies: one for each packet that is due one."""
    waiting = {packet[:2]: packet for packet in batch if _is_due(packet)}
    for packet in batch:
        client.send(packet)
    client.socket.settimeout(2.0)
    for _ in range(TRIES):
        try:
            while waiting:
                reply = client.receive()
                packet = waiting.pop(reply[:2])
                _check(packet, reply, "udp")
        except TimeoutError:  # a datagram got lost
            for packet in waiting.values():
                client.send(packet)
    assert not waiting, f"no reply to {[packet.hex() for packet in waiting.values()]}"


def _resident_kib(server: ServerProcess) -> int:
    """The memory that the server has resident (VmRSS of proc(5))."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _assert_well(server: ServerProcess) -> None:
    """The server answers, over UDP and TCP, and has not complained of a defect."""
    assert server.is_alive
    for transport in (UdpClient, TcpClient):
        with transport("127.0.0.1", server.dns_port) as client:
            reply = client.ask(GOOD_QUERY)
            assert audit(GOOD_QUERY, reply, "tcp").rcode == dns.rcode.NOERROR
            assert struct.unpack_from("!H", reply, 6) == (3,), "www has three addresses"
    assert "Traceback" not in server.log
    assert "report this" not in server.log


def test_damaged_queries_over_udp_get_what_they_are_owed(server: ServerProcess) -> None:
    with UdpClient("127.0.0.1", server.dns_port) as client:
        for batch in _batches(random.Random(SEED), PACKETS):
            _exchange(client, batch)
    _assert_well(server)


def test_damaged_queries_over_tcp_get_what_they_are_owed(server: ServerProcess) -> None:
    with TcpClient("127.0.0.1", server.dns_port) as client:
        for batch in _batches(random.Random(SEED + 1), PACKETS):
            client.send(*batch)
            for packet in filter(_is_due, batch):
                _check(packet, client.receive(), "tcp")
    _assert_well(server)


def test_streams_that_are_no_messages_end_and_harm_nobody(server: ServerProcess) -> None:
    rng = random.Random(SEED + 2)
    for number in range(STREAMS):
        with TcpClient("127.0.0.1", server.dns_port) as client:
            stream = framed(rng.choices(QUERIES, k=rng.randint(0, 3)))
            stream += rng.randbytes(rng.randint(0, LONGEST_STREAM))
            client.socket.sendall(stream)
            if number % 2:
                client.reset()
            else:
                client.finish_sending()
                while client.socket.recv(65536):
                    pass
    _assert_well(server)


def test_memory_does_not_grow_with_what_arrives(server: ServerProcess) -> None:
    rng = random.Random(SEED + 3)
    with UdpClient("127.0.0.1", server.dns_port) as client:
        for batch in _batches(rng, WARM_UP):
            _exchange(client, batch)
        before = _resident_kib(server)
        for batch in _batches(rng, PACKETS):
            _exchange(client, batch)
    assert _resident_kib(server) - before < MOST_GROWTH_KIB
    _assert_well(server)
