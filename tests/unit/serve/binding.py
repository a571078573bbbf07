"""The smallest table that the C player takes from Python, and who asks it."""

import struct
from typing import Any

import dns.message
import pytest

from harness.players import NOT_BUILT

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


def entry(**changed: object) -> Any:
    return player.Entry(**{**ENTRY, **changed})


def blank() -> Any:
    return player.Table(None, None)


def table() -> Any:
    return blank().with_entries([(NAME, 1, False, entry())], None)


def ask(asked: Any, packet: bytes = QUERY, client: str = CLIENT) -> bytes | None:
    reply: bytes | None = asked.play(packet, False, client, NOW, player.Tally())
    return reply
