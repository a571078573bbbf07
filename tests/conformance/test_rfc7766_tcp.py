"""RFC 7766: TCP is used like UDP, by clients of every kind, and none of them stops the others."""

import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import dns.message
import dns.opcode
import dns.rcode
import pytest

from harness.expect import parsed, rrsets
from harness.process import ServerProcess
from harness.ways import OverTcp, OverUdp, query
from harness.wire import TcpClient, UdpClient, framed

HOST = rrsets(parsed("host A 192.0.2.20"))
NAMES = ["host", "www", "nowhere", "c1", "x.wild", "www.sub", "mx"]


@pytest.fixture
def tcp(server: ServerProcess, host: str) -> TcpClient:
    """A new connection to the server."""
    return TcpClient(host, server.dns_port)


def assert_served(server: ServerProcess, host: str) -> None:
    """The server answers, by UDP and on a new connection."""
    assert server.is_alive
    for way in (OverUdp(host, server.dns_port), OverTcp(host, server.dns_port)):
        assert rrsets(way("host").answer) == HOST


def open_files(server: ServerProcess) -> int:
    """How many descriptors the server holds."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.mark.parametrize("qname", NAMES, ids=lambda qname: f"C01 {qname}")
def test_tcp_gives_the_same_records_as_udp(server: ServerProcess, host: str, qname: str) -> None:
    by_udp = OverUdp(host, server.dns_port)(qname, edns=1232)
    by_tcp = OverTcp(host, server.dns_port)(qname, edns=1232)
    assert by_tcp.rcode() == by_udp.rcode()
    assert rrsets(by_tcp.answer) == rrsets(by_udp.answer)
    assert rrsets(by_tcp.authority) == rrsets(by_udp.authority)


def test_c02_a_query_may_come_octet_by_octet(tcp: TcpClient) -> None:
    packet = query("host").to_wire()
    with tcp:
        for octet in framed([packet]):
            tcp.socket.sendall(bytes((octet,)))
        assert rrsets(dns.message.from_wire(tcp.receive()).answer) == HOST


def test_c02_several_queries_may_be_cut_anywhere(tcp: TcpClient) -> None:
    packets = [query(qname).to_wire() for qname in NAMES]
    stream = framed(packets)
    with tcp:
        for at in range(0, len(stream), 7):
            tcp.socket.sendall(stream[at : at + 7])
        assert [tcp.receive()[:2] for _ in packets] == [packet[:2] for packet in packets]


@pytest.mark.parametrize("number", [60, 1000], ids=lambda number: f"C03 {number} queries")
def test_queries_may_be_pipelined(tcp: TcpClient, number: int) -> None:
    packets = {}
    for at in range(number):
        message = query(NAMES[at % len(NAMES)])
        message.id = at
        packets[message.to_wire()[:2]] = message
    with tcp:
        tcp.send(*(message.to_wire() for message in packets.values()))
        replies = [tcp.receive() for _ in packets]
    assert {reply[:2] for reply in replies} == set(packets)
    for reply in replies:
        assert dns.message.from_wire(reply).question == packets[reply[:2]].question


def test_c04_a_connection_may_be_used_again(tcp: TcpClient) -> None:
    with tcp:
        for _ in range(100):
            assert rrsets(dns.message.from_wire(tcp.ask(query("host").to_wire())).answer) == HOST


def test_c05_an_idle_connection_is_still_open_after_two_seconds(tcp: TcpClient) -> None:
    with tcp:
        tcp.ask(query("host").to_wire())
        time.sleep(2)
        assert rrsets(dns.message.from_wire(tcp.ask(query("host").to_wire())).answer) == HOST


STALLED = {
    "C06 nothing is ever sent": b"",
    "C06 half a length": b"\0",
    "C06 a query that never ends": b"\0\x40abc",
    "C06 a whole query, then nothing": framed([query("host").to_wire()]),
    "C06 rubbish that is no query": framed([b"\0"]),
}


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_idle_and_stalled_connections_are_closed(open_server: ServerProcess, sent: bytes) -> None:
    """The server of this test is told to wait one second."""
    with TcpClient("127.0.0.1", open_server.dns_port) as client:
        client.socket.sendall(sent)
        if len(sent) > 20:
            client.receive()
        assert client.is_closed_by_server()


def test_c07_a_client_that_has_finished_sending_gets_its_replies(tcp: TcpClient) -> None:
    packets = [query(qname).to_wire() for qname in NAMES] * 20
    with tcp:
        tcp.send(*packets)
        tcp.finish_sending()
        assert [tcp.receive()[:2] for _ in packets] == [packet[:2] for packet in packets]
        assert tcp.is_closed_by_server()


def test_c07_large_replies_are_all_read_after_the_last_query(tcp: TcpClient) -> None:
    packets = [query("huge", "PTR").to_wire()] * 20
    with tcp:
        tcp.send(*packets)
        tcp.finish_sending()
        assert all(len(tcp.receive()) > 0x4000 for _ in packets)
        assert tcp.is_closed_by_server()


def test_c08_a_hundred_idle_connections_lock_nobody_out(server: ServerProcess, host: str) -> None:
    with ExitStack() as idle:
        for _ in range(100):
            idle.enter_context(TcpClient(host, server.dns_port))
        for _ in range(5):
            assert_served(server, host)


FRAMES = {
    "C09 length 0": b"",
    "C09 length 1": b"x",
    "C09 length 11": bytes(11),
    "C09 a header only": bytes(12),
    "C09 rubbish": bytes(range(256)) * 4,
    "C09 a response": b"\0\0\x80" + bytes(20),
    "C09 the longest message": b"\xff" * 65535,
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_rubbish_costs_nobody_an_answer(server: ServerProcess, host: str, frame: bytes) -> None:
    good = query("host").to_wire()
    with TcpClient(host, server.dns_port) as client:
        client.send(frame, frame, good)
        while (reply := client.receive())[:2] != good[:2] or not reply[2] & 0x80 or reply[3] & 0xF:
            pass
    assert rrsets(dns.message.from_wire(reply).answer) == HOST
    assert_served(server, host)


def test_c10_resets_in_the_middle_of_large_replies(server: ServerProcess, host: str) -> None:
    packets = [query("huge", "PTR").to_wire()] * 8
    before = open_files(server)
    for _ in range(50):
        client = TcpClient(host, server.dns_port, receive_buffer=4096)
        client.send(*packets)
        client.socket.recv(1000)
        client.reset()
    assert_served(server, host)
    deadline = time.monotonic() + 30
    while open_files(server) > before:
        assert time.monotonic() < deadline, "descriptors are stuck"
        time.sleep(0.05)


def test_c11_a_client_that_never_reads_stops_nobody(server: ServerProcess, host: str) -> None:
    """It sends until the server takes no more; what waits for it is bounded by then."""
    stream = framed([query("big", "TXT").to_wire()] * 20_000)
    with TcpClient(host, server.dns_port, receive_buffer=4096) as client:
        client.socket.setblocking(False)
        sent = 0
        for attempt in count():
            try:
                sent += client.socket.send(stream[sent:])
            except BlockingIOError:
                if attempt > 50:
                    break
            assert_served(server, host)
            if sent == len(stream):
                break
        assert_served(server, host)


def test_c12_dso_is_notimp_and_the_connection_lives(tcp: TcpClient) -> None:
    dso = bytearray(12)
    dso[2] = dns.opcode.Opcode(6) << 3
    keepalive = bytes(dso) + b"\0\1\0\x08\0\0\x3a\x98\0\0\x3a\x98"
    with tcp:
        reply = tcp.ask(keepalive)
        assert reply[3] & 0xF == dns.rcode.NOTIMP
        assert rrsets(dns.message.from_wire(tcp.ask(query("host").to_wire())).answer) == HOST


def test_udp_is_served_while_connections_are_busy(server: ServerProcess, host: str) -> None:
    """C11 seen from the other side: no UDP answer waits for a TCP client's."""
    packets = [query("huge", "PTR").to_wire()] * 20
    with TcpClient(host, server.dns_port) as busy, UdpClient(host, server.dns_port) as other:
        busy.send(*packets)
        for _ in range(50):
            assert other.ask(query("host").to_wire())
        assert all(len(busy.receive()) > 0x4000 for _ in packets)
