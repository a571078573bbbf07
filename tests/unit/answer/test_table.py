"""What the Python table leaves to the reference, and what strangers can not make it do."""

import struct
from random import Random

import pytest

from harness.direct import CLIENT
from harness.tables import jar
from rrdns.answer import table as table_module
from rrdns.answer.compiler import compile_edition
from rrdns.answer.reference import Transport, respond
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import MOST_OPTS, Table
from rrdns.answer.wire import Edns, find_edns
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX, WWW = from_text("lab.example"), from_text("www.lab.example")
SOA = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
ZONE = Zone.of(APEX, [SOA, RRset(WWW, RRType.A, 60, (bytes(4),))])
SNAPSHOT = Snapshot({APEX: ZONE})
COOKIE = 10


@pytest.fixture
def table() -> Table:
    return compile_edition(SNAPSHOT, Table(Cursors(Random(1)), SNAPSHOT.identity)).entries


def query(qname: bytes, *, rest: bytes = b"\0\1\0\1", additional: bytes = b"") -> bytes:
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, bool(additional)) + qname + rest + additional


def opt(options: bytes = b"", *, payload: int = 1232) -> bytes:
    return b"\0" + struct.pack("!HHIH", 41, payload, 0, len(options)) + options


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


LEFT = {
    "nothing": b"",
    "no whole header": query(WWW)[:11],
    "a response": b"\0\7\x80\0" + query(WWW)[4:],
    "another opcode": b"\0\7\x10\0" + query(WWW)[4:],
    "no question": bytes(4) + bytes(8),
    "two questions": bytes(4) + b"\0\2" + query(WWW)[6:],
    "a name without end": query(b"\1a" * 200),
    "a name that is cut off in a label": query(b"\7lab\0"),
    "a label of 64 octets": query(b"\x40" + b"a" * 64 + APEX),
    "a pointer": query(b"\xc0" + b"a" * 0xC0 + APEX),
    "a name of 256 octets": query(b"\x3f" + b"a" * 63 + (b"\x3b" + b"a" * 59) * 3 + APEX[1:]),
    "a zero octet in a label": query(b"\3a\0b" + APEX),
    "another class": query(WWW, rest=b"\0\1\0\3"),
    "no class": query(WWW, rest=b"\0\1"),
    "nothing behind the name": query(WWW, rest=b""),
    "nothing behind a name that does not exist": query(b"\1x" + WWW, rest=b""),
    "another class of a foreign name": query(b"\1x\0", rest=b"\0\1\0\3"),
    "a record that is no OPT": query(WWW, additional=b"\0\0\1\0\1" + bytes(6)),
    "an OPT that is cut off": query(WWW, additional=opt()[:-1]),
    "another version of EDNS": query(WWW, additional=b"\0\0\x29\4\xd0\0\1\0\0\0\0"),
    "a malformed cookie": query(WWW, additional=opt(option(COOKIE, b"7octets"))),
    "a cookie longer than its OPT": query(WWW, additional=opt(option(COOKIE, bytes(8))[:-1])),
    "a very long OPT": query(WWW, additional=opt(option(65001, bytes(600)))),
}


@pytest.mark.parametrize("packet", LEFT.values(), ids=LEFT)
def test_what_is_odd_is_left_to_the_reference(table: Table, packet: bytes) -> None:
    assert table.play(packet, Transport.UDP, CLIENT, jar()) is None


def test_a_table_without_entries_refuses(table: Table) -> None:
    blank = Table(Cursors(Random(1)), SNAPSHOT.identity)
    for qname in (WWW, b"\0"):
        expected = respond(query(qname), Snapshot({}), Cursors(Random(1)), Transport.UDP)
        assert expected is not None
        assert blank.play(query(qname), Transport.UDP) == (expected.octets, expected.rcode, None)


def test_an_any_of_a_name_is_left_where_a_stream_gets_more(table: Table) -> None:
    packet = query(WWW, rest=b"\0\xff\0\1")
    assert table.play(packet, Transport.UDP)
    assert table.play(packet, Transport.TCP) is None
    below = query(Name(b"\1x" + WWW), rest=b"\0\xff\0\1")
    assert table.play(below, Transport.TCP)


def test_what_is_remembered_of_opts_is_not_the_cookies(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def counted(octets: bytes, at: int, count: int) -> Edns | None:
        read.append(octets)
        return find_edns(octets, at, count)

    monkeypatch.setattr(table_module, "find_edns", counted)
    for baker in (jar(), None):
        for at in range(2 * MOST_OPTS):
            packet = query(WWW, additional=opt(option(COOKIE, at.to_bytes(8, "big"))))
            assert table.play(packet, Transport.UDP, CLIENT, baker)
    assert len(read) == 2
