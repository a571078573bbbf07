"""The servers in C start, stop and hand over what Python may tell them, and refuse the rest.

All of this runs under sanitizers too (tests/e2e/test_sanitized.py): they see what is read where
nothing is.
"""

import errno
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.wire import TcpClient

from .binding import CHAOS, HOST, NAME, QUERY, REFUSED_WITH, blank, entry, player, table


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        yield sock


# -- UDP -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sockets", [[], (1,), ((1,),), ((1, 2),), (("x", player.Tally()),), 7])
def test_what_are_no_sockets_is_refused(sockets: object) -> None:
    with pytest.raises(REFUSED_WITH):
        player.Udp(sockets)


def assert_starts_once_and_only_with_a_table(server: Any) -> None:
    with pytest.raises(TypeError):
        server.publish(7)
    with pytest.raises(ValueError, match="no table"):
        server.start()
    server.publish(table())
    server.start()
    for _ in range(2):
        with pytest.raises(OSError, match=os.strerror(errno.EALREADY)):
            server.start()
        server.stop()
    assert server.take_left() is None


def test_udp_starts_once_and_only_with_a_table(udp: socket.socket) -> None:
    assert_starts_once_and_only_with_a_table(player.Udp(((udp.fileno(), player.Tally()),)))


def threads() -> int:
    """How many threads this process has, those of which Python knows nothing included."""
    return len(list(Path("/proc/self/task").iterdir()))


def test_one_that_is_forgotten_after_its_sockets_ends_its_threads(udp: socket.socket) -> None:
    server = player.Udp(((udp.fileno(), player.Tally()),))
    server.publish(table())
    server.start()
    before = threads()
    udp.close()
    del server
    assert threads() == before - 1


def test_a_socket_that_is_none_starts_nothing(udp: socket.socket) -> None:
    server = player.Udp(((udp.fileno(), player.Tally()), (-1, player.Tally())))
    server.publish(table())
    before = threads()
    with pytest.raises(OSError, match="Bad file descriptor"):
        server.start()
    assert threads() == before
    assert server.take_left() is None


def left_behind(udp: socket.socket, count: int, tally: Any) -> Any:
    """A server that is stopped as soon as it has begun, and finds `count` queries that are left."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(count):
            client.sendto(CHAOS, udp.getsockname())
    server = player.Udp(((udp.fileno(), tally),))
    server.publish(table())
    return server


def test_what_was_left_before_the_stop_is_taken_after_it(udp: socket.socket) -> None:
    tally, taken = player.Tally(), []
    server = left_behind(udp, 150, tally)
    taker = threading.Thread(target=lambda: taken.extend(iter(server.take_left, None)))
    taker.start()
    server.start()
    server.stop()
    taker.join()
    assert tally.left == len(taken) == 150
    assert {query for query, _, _ in taken} == {CHAOS}
    assert tally.silences == 0


def test_only_what_was_taken_is_a_way_back(udp: socket.socket) -> None:
    server = left_behind(udp, 1, player.Tally())
    server.start()
    server.stop()
    _, client, way = server.take_left()
    assert client == HOST
    longest = b"\xff" * 4
    for forged in (b"", way[:-1], way + b"\0", longest + way[4:], way[:4] + longest + way[8:]):
        with pytest.raises(ValueError, match="no way back"):
            server.send(forged, QUERY)
    with pytest.raises(OSError, match=r"."):
        server.send(way, bytes(70_000))
    server.send(way, QUERY)


def test_many_may_publish_at_a_time(udp: socket.socket) -> None:
    server = player.Udp(((udp.fileno(), player.Tally()),))
    large = blank().with_entries(
        ((struct.pack("!BIB", 4, n, 0), 1, False, None) for n in range(20_000)), None
    )

    def publish() -> None:
        for _ in range(200):
            server.publish(large.with_entries([(NAME, 1, False, entry())], None))

    server.publish(table())
    server.start()
    publishers = [threading.Thread(target=publish) for _ in range(3)]
    for thread in publishers:
        thread.start()
    for thread in publishers:
        thread.join()
    server.stop()


# -- TCP -------------------------------------------------------------------------------------------

LIMITS = (30.0, 100, 10, 0.25)
BAD_LIMITS = {
    "none": (),
    "too few": LIMITS[:-1],
    "text": ("30", 100, 10, 0.25),
    "no connections": (30.0, 0, 10, 0.25),
    "fewer than none": (30.0, -1, 10, 0.25),
    "more than there is memory for": (30.0, 2**40, 10, 0.25),
    "more than numbers go": (30.0, 2**70, 10, 0.25),
    "none of one client": (30.0, 100, 0, 0.25),
    "a time before now": (-1.0, 100, 10, 0.25),
    "no time": (float("nan"), 100, 10, 0.25),
    "a time without end": (30.0, 100, 10, float("inf")),
}


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0)) as sock:
        sock.setblocking(False)
        yield sock


def tcp_server(*sockets: int) -> Any:
    return player.Tcp(sockets, LIMITS, player.Tally())


@pytest.mark.parametrize("limits", BAD_LIMITS.values(), ids=BAD_LIMITS)
def test_what_are_no_limits_is_refused(limits: object) -> None:
    with pytest.raises(REFUSED_WITH):
        player.Tcp((), limits, player.Tally())


@pytest.mark.parametrize("sockets", [[], 7, ("x",), (2**70,), ((1,),)])
def test_what_are_no_listening_sockets_is_refused(sockets: object) -> None:
    with pytest.raises(REFUSED_WITH):
        player.Tcp(sockets, LIMITS, player.Tally())
    with pytest.raises(TypeError):
        player.Tcp((), LIMITS, 7)


def test_tcp_starts_once_and_only_with_a_table(tcp: socket.socket) -> None:
    assert_starts_once_and_only_with_a_table(tcp_server(tcp.fileno()))


@pytest.mark.parametrize("number", [-1, 2**31, 2**40])
def test_what_does_not_listen_starts_nothing(tcp: socket.socket, number: int) -> None:
    server = tcp_server(tcp.fileno(), number)
    server.publish(table())
    before = threads()
    with pytest.raises(OSError, match="Bad file descriptor"):
        server.start()
    assert threads() == before
    assert server.take_left() is None


def test_a_tcp_server_that_is_forgotten_ends_its_thread_and_connections(
    tcp: socket.socket,
) -> None:
    before = threads()
    server = tcp_server(tcp.fileno())
    server.publish(table())
    server.start()
    with TcpClient(*tcp.getsockname()) as client:
        assert client.ask(QUERY)[:2] == QUERY[:2]
        del server
        assert client.is_closed_by_server()
    assert threads() == before


def test_replies_reach_only_whom_they_are_for(tcp: socket.socket) -> None:
    server = tcp_server(tcp.fileno())
    server.publish(table())
    server.start()
    with TcpClient(*tcp.getsockname()) as client:
        client.send(CHAOS)
        query, address, ticket = server.take_left()
        assert (query, address) == (CHAOS, HOST)
        for forged in (0, ticket + 1, ticket + 2**32, 2**64 - 1, ticket & 0xFFFF_FFFF):
            server.send(forged, b"forged")
        with pytest.raises(ValueError, match="no message is that long"):
            server.send(ticket, bytes(65_536))
        for wrong in ("text", 7):
            with pytest.raises(TypeError):
                server.send(ticket, wrong)
        server.send(ticket, bytes(65_535))
        assert client.receive() == bytes(65_535)
        client.send(CHAOS, QUERY)
        *_, ticket = server.take_left()
        server.send(ticket, None)
        assert client.receive()[:2] == QUERY[:2]
    server.stop()
    server.send(ticket, b"late")
