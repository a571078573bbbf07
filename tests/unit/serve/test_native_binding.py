"""Whatever Python hands to the C player is taken or refused with an exception.

All of this runs under sanitizers too (tests/e2e/test_sanitized.py): they see what is read where
nothing is.
"""

import errno
import itertools
import os
import random
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import pytest

from harness.garbage import damaged, valid_queries
from harness.players import NOT_BUILT
from harness.wire import TcpClient

player = pytest.importorskip("rrdns.serve._player", reason=NOT_BUILT, exc_type=ImportError)

REFUSED_WITH = (ValueError, TypeError, OverflowError)

NAME = b"\x01x\x00"
QUERY = dns.message.make_query("x.", "A", flags=0, id=7).to_wire()
CHAOS = dns.message.make_query("version.bind", "TXT", "CH").to_wire()
RESPONSE = QUERY[:2] + b"\x80" + QUERY[3:]
CLIENT, NOW = "192.0.2.99", 1_767_225_600
HOST = "127.0.0.1"

RECORD_OCTETS = 16
RECORDS = b"".join(
    b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes((192, 0, 2, last)) for last in (1, 2, 3)
)
HEAD = b"\x84\0\0\1\0\3\0\0\0\0"
LONG_TUPLE = (0,) * 5000  # as many heads as bases are more turns than there may be

TURNING = {
    "cursor": player.Cursor(),
    "start": 0,
    "end": len(RECORDS),
    "records": RECORDS,
    "heads": (0, 1, 2),
    "bases": ((0, 1, 2),),
    "hold": 1,
    "handed_out": 3,
    "members": (0, 1, 2),
}
ENTRY = {
    "rcode": 0,
    "head": HEAD,
    "sections": RECORDS,
    "cuts": ((0, len(RECORDS)),),
    "name_octets": len(NAME),
    "pointers": (),
    "datagram_only": False,
    "turning": tuple(TURNING.values()),
}

BAD_ENTRIES: dict[str, dict[str, object]] = {
    "an RCODE of EDNS": {"rcode": 16},
    "no octet as RCODE": {"rcode": 256},
    "text as RCODE": {"rcode": "x"},
    "a head too short": {"head": HEAD[:-1]},
    "a head too long": {"head": HEAD + b"\0"},
    "text as sections": {"sections": "x"},
    "no cut": {"cuts": ()},
    "cuts in a list": {"cuts": [(0, 48)]},
    "a cut that is none": {"cuts": (48,)},
    "half a cut": {"cuts": ((48,),)},
    "a cut behind the end": {"cuts": ((0, 49),)},
    "a cut before nothing": {"cuts": ((0, -1),)},
    "a cut with more records than fit": {"cuts": ((65535, 48),)},
    "cuts that rise": {"cuts": ((0, 47), (0, 48))},
    "a cut through turns": {"cuts": ((0, 48), (0, 47))},
    "no name": {"name_octets": 0},
    "a name too long": {"name_octets": 256},
    "a pointer behind the end": {"pointers": (47,)},
    "a pointer far behind the end": {"pointers": (2**32,)},
    "a pointer beyond numbers": {"pointers": (2**64,)},
    "a pointer before the start": {"pointers": (-1,)},
    "text as a pointer": {"pointers": ("x",)},
    "pointers backwards": {"pointers": (16, 0)},
    "a pointer twice": {"pointers": (16, 16)},
    "a pointer inside another": {"pointers": (16, 17)},
    "a cut through a pointer": {"cuts": ((0, 48), (0, 17)), "pointers": (16,), "turning": None},
    "an error without a code": {"extended_error": b"\0\x0f\0\1\0"},
    "another option as error": {"extended_error": b"\0\x0a\0\2\0\0"},
    "an error longer than it says": {"extended_error": b"\0\x0f\0\2\0\0x"},
    "an error shorter than it says": {"extended_error": b"\0\x0f\0\3\0\0"},
    "an error too long": {"extended_error": b"\0\x0f\0\x83" + bytes(131)},
    "text as an error": {"extended_error": "x"},
    "turns that are none": {"turning": 1},
    "too few parts of turns": {"turning": tuple(TURNING.values())[:-1]},
}
BAD_TURNINGS: dict[str, dict[str, object]] = {
    "a cursor of Python's": {"cursor": itertools.count()},
    "an end before the start": {"start": 48, "end": 0},
    "an end behind the end": {"start": 16, "end": 64},
    "an end beyond numbers": {"end": 2**32 - 1},
    "records of no size": {"records": RECORDS[:-1]},
    "records too short": {"records": RECORDS[:-3]},
    "records too many": {"records": 2 * RECORDS},
    "no members": {"members": ()},
    "a member fewer": {"members": (0, 1)},
    "a member that is no number": {"members": (0, 1, None)},
    "no heads": {"heads": ()},
    "a head of nobody": {"heads": (0, 3)},
    "a negative head": {"heads": (-1,)},
    "no bases": {"bases": ()},
    "a base of some": {"bases": ((0, 1),)},
    "a base of more": {"bases": ((0, 1, 2, 0),)},
    "a base with nobody": {"bases": ((0, 1, 3),)},
    "a base that is none": {"bases": (7,)},
    "more turns than may be": {"bases": ((0, 1, 2),) * 5000, "heads": LONG_TUPLE},
    "held for nothing": {"hold": 0},
    "more handed out than there are": {"handed_out": 4},
    "fewer handed out than stand there": {"handed_out": 2},
}
BAD_NAMES = {
    "nothing": b"",
    "no end": b"\x01x",
    "a label cut off": b"\x03x",
    "a label too long": b"\x40" + b"x" * 64 + b"\0",
    "a pointer": b"\xc0\x00",
    "octets behind the end": b"\x01x\0\0",
    "a name too long": b"\x01x" * 127 + b"\x01\0",
    "text": "x",
}
LONGEST_NAMES = (b"\x01x" * 127 + b"\0", b"\x3f" + b"x" * 63 + b"\x01y" * 95 + b"\0", b"\0")


def entry(**changed: object) -> Any:
    return player.Entry(**{**ENTRY, **changed})


def blank() -> Any:
    return player.Table(None, None)


def table() -> Any:
    return blank().with_entries([(NAME, 1, False, entry())], None)


def ask(asked: Any, packet: bytes = QUERY, client: str = CLIENT) -> bytes | None:
    reply: bytes | None = asked.play(packet, False, client, NOW, player.Tally())
    return reply


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        yield sock


# -- entries and tables ----------------------------------------------------------------------------


def test_an_entry_whose_parts_fit_is_played() -> None:
    reply = ask(table())
    assert reply is not None
    answer = dns.message.from_wire(reply).answer
    assert [record.address for rrset in answer for record in rrset] == [
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
    ]


@pytest.mark.parametrize("octets", [0, 1, 128])
def test_an_extended_error_is_told_as_it_is(octets: int) -> None:
    error = b"\0\x0f" + struct.pack("!HH", 2 + octets, 3) + b"x" * octets
    told = blank().with_entries([(NAME, 1, False, entry(extended_error=error))], None)
    reply = ask(told, QUERY[:11] + b"\1" + QUERY[12:] + struct.pack("!BHHIH", 0, 41, 512, 0, 0))
    assert reply is not None
    assert reply.endswith(struct.pack("!H", len(error)) + error)
    assert error not in (ask(told) or error)


@pytest.mark.parametrize("changed", BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_an_entry_whose_parts_contradict_each_other_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(REFUSED_WITH):
        entry(**changed)


@pytest.mark.parametrize("changed", BAD_TURNINGS.values(), ids=BAD_TURNINGS)
def test_turns_that_contradict_each_other_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(REFUSED_WITH):
        entry(turning=tuple({**TURNING, **changed}.values()))


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(REFUSED_WITH):
        blank().with_entries([(name, 1, False, entry())], None)


@pytest.mark.parametrize("name", LONGEST_NAMES, ids=["most labels", "longest label", "root"])
def test_any_name_is_found_again(name: bytes) -> None:
    there = blank().with_entries([(name, 1, False, entry(name_octets=len(name)))], None)
    assert len(there) == 1
    packet = QUERY[:12] + name.upper() + QUERY[-4:]
    reply = ask(there, packet)
    assert reply is not None
    assert reply[12:].startswith(packet[12:])


BAD_ITEMS = [
    *((), (NAME,), [NAME, 1, False, None], None),
    *((NAME, -1, False, None), (NAME, 65536, False, None), (NAME, 2**70, False, None)),
    *((NAME, "A", False, None), (NAME, 1, False, 7)),
]


@pytest.mark.parametrize("item", BAD_ITEMS, ids=repr)
def test_what_is_no_item_is_refused(item: object) -> None:
    with pytest.raises(REFUSED_WITH):
        blank().with_entries([item], None)


def test_what_fails_midway_changes_no_table() -> None:
    def items() -> Iterator[tuple[bytes, int, bool, Any]]:
        yield NAME, 1, False, None
        raise RuntimeError("midway")

    before = table()
    with pytest.raises(RuntimeError, match="midway"):
        before.with_entries(items(), None)
    assert ask(before) is not None
    with pytest.raises(TypeError):
        before.with_entries(7, None)


@pytest.mark.parametrize(
    "secrets",
    [(bytes(15), bytes(16)), (bytes(16), bytes(17)), (bytes(16),), bytes(32), 7],
    ids=repr,
)
def test_what_are_no_secrets_is_refused(secrets: object) -> None:
    with pytest.raises(REFUSED_WITH):
        player.Table(secrets, None)
    with pytest.raises(REFUSED_WITH):
        table().with_entries((), secrets)


def test_an_nsid_is_no_longer_than_any_reply_has_room_for() -> None:
    name = b"\x01x" * 127 + b"\0"
    query = QUERY[:11] + b"\1" + name + QUERY[-4:]
    options = struct.pack("!HHHH", 3, 0, 10, 8) + bytes(8)
    query += struct.pack("!BHHIH", 0, 41, 512, 0, len(options)) + options
    told = player.Table((bytes(16), bytes(16)), b"n" * 128)
    reply = ask(told, query)
    assert reply is not None
    assert b"n" * 128 in reply
    assert len(reply) <= 512
    with pytest.raises(ValueError, match="NSID"):
        player.Table(None, b"n" * 129)


# -- playing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "client", ["", "x", "192.0.2.256", "192.0.2", "2001:db8:::1", "%", ":" * 46, "1" * 5000]
)
def test_what_is_no_address_is_refused(client: str) -> None:
    with pytest.raises(ValueError, match="is not an IP address"):
        ask(table(), client=client)


@pytest.mark.parametrize("client", ["2001:db8::1", "fe80::1%a-scope-that-is-long", "::"])
def test_any_address_asks(client: str) -> None:
    assert ask(table(), client=client) is not None


def test_no_message_is_longer_than_a_stream_can_say() -> None:
    assert ask(table(), QUERY + bytes(65535 - len(QUERY))) is not None
    with pytest.raises(ValueError, match="no message is that long"):
        ask(table(), bytes(65536))
    with pytest.raises(TypeError):
        table().play(QUERY, False, CLIENT, NOW, 7)


def test_whatever_is_asked_gets_octets_or_is_left() -> None:
    rng = random.Random(1035)
    queries = valid_queries(("x.", "y.x.", "elsewhere.test"))
    for _ in range(20_000):
        packet = damaged(rng, queries, 7)
        for is_stream in (False, True):
            reply = table().play(packet, is_stream, CLIENT, NOW, player.Tally())
            assert not reply or reply[:2] == packet[:2]


# -- counts ----------------------------------------------------------------------------------------


def test_a_cursor_counts_or_draws() -> None:
    assert list(itertools.islice(player.Cursor(), 3)) == [0, 1, 2]
    assert next(player.Cursor(0)) == 0xE220A839  # splitmix64 of 0 begins with e220a8397b1dcdaf
    assert next(player.Cursor(2**64 - 1)) < 2**32


def test_a_cursor_begins_and_tells_where_it_is() -> None:
    for seed in (None, 7):
        cursor, later = player.Cursor(seed), player.Cursor(seed, count=2)
        numbers = [next(cursor) for _ in range(4)]
        assert [next(later), next(later)] == numbers[2:]
        assert cursor.count == later.count == 4
    assert player.Cursor(count=2**63 - 1).count == 2**63 - 1
    for bad in (-1, 2**63, "x", None):
        with pytest.raises(REFUSED_WITH):
            player.Cursor(count=bad)


@pytest.mark.parametrize("seed", [-1, 2**64, "x", 1.5])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(REFUSED_WITH):
        player.Cursor(seed)


def test_only_members_with_room_are_counted() -> None:
    tally = player.Tally()
    asked = table()
    asked.play(QUERY, False, CLIENT, NOW, tally)
    assert tally.firsts(3) == [0, 0, 0]
    tally.reserve(1)
    for _ in range(3):
        asked.play(QUERY, False, CLIENT, NOW, tally)
    assert tally.firsts(3) == [1, 1, 1]
    assert tally.rcodes() == (4,) + (0,) * 15


@pytest.mark.parametrize("members", [-1, 2**32, 2**64, "x"])
@pytest.mark.parametrize("method", ["firsts", "reserve"])
def test_what_is_no_number_of_members_is_refused(method: str, members: object) -> None:
    with pytest.raises(REFUSED_WITH):
        getattr(player.Tally(), method)(members)


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
