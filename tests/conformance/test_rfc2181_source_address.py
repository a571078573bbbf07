"""RFC 2181 section 4.1: a reply comes from the address and port that were asked."""

import socket

import dns.message
import pytest

from harness.expect import parsed, rrsets
from harness.process import ServerProcess
from harness.ways import query
from harness.wire import WAIT_S, UdpClient, family_of, has_ipv6

HOST = rrsets(parsed("host A 192.0.2.20"))
OURS = ["127.0.0.1", "127.0.0.2", "127.1.2.3", *(["::1"] if has_ipv6() else [])]


def source_of_reply(host: str, port: int) -> tuple[str, int]:
    """Where the reply to a query sent to `host` comes from; the client's socket takes any."""
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT_S)
        client.sendto(query("host").to_wire(), (host, port))
        reply, source = client.recvfrom(65535)
    assert rrsets(dns.message.from_wire(reply).answer) == HOST
    return source[0], source[1]


def test_u01_a_reply_comes_from_where_it_was_asked(server: ServerProcess, host: str) -> None:
    assert source_of_reply(host, server.dns_port) == (host, server.dns_port)


@pytest.mark.parametrize("address", OURS, ids=lambda address: f"U02 {address}")
def test_a_server_on_all_addresses_replies_from_the_one_asked(
    open_server: ServerProcess, address: str
) -> None:
    assert source_of_reply(address, open_server.dns_port) == (address, open_server.dns_port)


def test_u03_a_burst_from_one_socket_is_answered(server: ServerProcess, host: str) -> None:
    """At least 99 % of 150; what one moment's buffers lose must not be a rule, so one more try."""
    assert max(_answered_of_burst(server, host) for _ in range(2)) >= 149


def _answered_of_burst(server: ServerProcess, host: str) -> int:
    with UdpClient(host, server.dns_port) as client:
        wanted: set[bytes] = set()
        for number in range(150):
            message = query("host")
            message.id = number
            packet = message.to_wire()
            wanted.add(packet[:2])
            client.send(packet)
        client.socket.settimeout(2)
        answered: set[bytes] = set()
        try:
            while answered != wanted:
                answered.add(client.receive()[:2])
        except TimeoutError:
            pass
        return len(answered)
