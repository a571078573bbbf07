"""Whatever Python hands to the C player is taken or refused with an exception.

All of this runs under sanitizers too (tests/e2e/test_sanitized.py): they see what is read where
nothing is.
"""

import itertools
import random
import struct
from collections.abc import Iterator
from typing import Any

import dns.message
import pytest

from harness.garbage import damaged, valid_queries

from .binding import (
    CLIENT,
    HEAD,
    NAME,
    NOW,
    QUERY,
    RECORDS,
    REFUSED_WITH,
    TURNING,
    ask,
    blank,
    entry,
    player,
    table,
)

LONG_TUPLE = (0,) * 5000  # as many heads as bases are more turns than there may be

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
