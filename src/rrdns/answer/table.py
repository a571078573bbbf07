"""The compiled table: what is cheap to know in advance, played by copying octets.

A query is one lookup of its question, one step of a cursor, one copy. The table is immutable; a
change makes a new one, which is published in one assignment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rrdns.zone.name import Name
from rrdns.zone.tree import RRType

from .reference import TRANSFER_TYPES, Transport
from .resolve import First, RCode
from .snapshot import RRKey, Snapshot
from .wire import (
    CLASS_IN,
    HEADER_OCTETS,
    OPTION_NSID,
    PLAIN_UDP_OCTETS,
    TCP_OCTETS,
    FormatError,
    find_edns,
    opt_record,
    room_for,
)

ONE_QUESTION = b"\0\1\0\0\0\0\0\0"  # the four counts of a query without EDNS
ONE_QUESTION_AND_OPT = b"\0\1\0\0\0\0\0\1"
SHORTEST_QUERY = HEADER_OCTETS + 1 + 4  # the root is asked

_IN = CLASS_IN.to_bytes(2, "big")
_QUERY_TYPES = frozenset(rtype.to_bytes(2, "big") for rtype in (*TRANSFER_TYPES, RRType.ANY))

MOST_OPTS = 1024  # remembered; clients send few that differ, but for cookies
LONGEST_OPT = 512  # octets of one, so that the memory for all of them has an end


@dataclass(frozen=True, slots=True)
class Entry:
    """One question's reply in all its turns.

    `heads` are the header behind the ID, indexed by `RD + 2 x EDNS`. `bodies` are the sections
    behind the question, one a turn, all of `octets` length; `cursor` gives the count of answers,
    and each turn lasts `hold` of them. `firsts` says who comes first in each turn, for counting.
    """

    rcode: RCode
    heads: tuple[bytes, bytes, bytes, bytes]
    bodies: tuple[bytes, ...]
    octets: int
    cursor: Callable[[], int] | None = None
    hold: int = 1
    firsts: tuple[First, ...] = ()


LEFT_TO_REFERENCE = Entry(RCode.NOERROR, (b"", b"", b"", b""), (), TCP_OCTETS)
"""The entry of a question whose reply is too large to be kept: it fits nowhere, so it is never
played, and `otherwise` is not asked either."""

Dependant = tuple[Name, int | None]
"""A question that the table holds, by its name and type; None: the types that the name lacks."""


@dataclass(frozen=True, slots=True)
class Table:
    """The compiled answers of one snapshot.

    `exact` is keyed by the question (folded name, type, class), `otherwise` by the folded name
    alone, for the types of class IN that have no entry of their own. `dependants` says which
    questions a change of an RRset touches.
    """

    snapshot: Snapshot
    exact: Mapping[bytes, Entry]
    otherwise: Mapping[bytes, Entry]
    dependants: Mapping[RRKey, frozenset[Dependant]]

    def play(self, packet: bytes, transport: Transport) -> tuple[bytes, Entry, int] | None:
        """The reply, its entry and turn; None where the table does not hold the answer.

        A zero octet can only end the name: inside a label it makes a key that no name has.
        """
        if len(packet) < SHORTEST_QUERY or packet[2] & 0xF8:  # a response, or another opcode
            return None
        end = packet.find(0, HEADER_OCTETS) + 1
        name, tail = packet[HEADER_OCTETS:end].lower(), packet[end : end + 4]
        entry = self.exact.get(name + tail)
        if entry is None:
            if tail[2:] != _IN or tail[:2] in _QUERY_TYPES:
                return None
            entry = self.otherwise.get(name)
            if entry is None:
                return None
        counts = packet[4:HEADER_OCTETS]
        if counts == ONE_QUESTION:
            opt = _NO_OPT
        elif counts == ONE_QUESTION_AND_OPT:
            plain = _plain_opt(packet[end + 4 : end + 4 + LONGEST_OPT])
            if plain is None or (plain.wants_nsid and self.snapshot.identity.nsid is not None):
                return None
            opt = plain
        else:
            return None
        room = TCP_OCTETS if transport.is_stream else opt.udp_room
        if entry.octets > room - (end + 4) - len(opt.reply):
            return None
        turn = entry.cursor() // entry.hold % len(entry.bodies) if entry.cursor else 0
        head = entry.heads[(packet[2] & 1) + (2 if opt.reply else 0)]
        question = packet[HEADER_OCTETS : end + 4]
        reply = packet[:2] + head + question + entry.bodies[turn] + opt.reply
        return reply, entry, turn


class _Opt(NamedTuple):
    """What the OPT of a query comes to: room for a reply over UDP, and our own OPT in it."""

    udp_room: int
    reply: bytes
    wants_nsid: bool


_NO_OPT = _Opt(PLAIN_UDP_OCTETS, b"", wants_nsid=False)


@lru_cache(MOST_OPTS)
def _plain_opt(octets: bytes) -> _Opt | None:
    """The OPT that `octets` begin with; None where it needs the reference."""
    try:
        edns = find_edns(octets, 0, 1)
    except FormatError:
        return None
    if edns is None or edns.version:
        return None
    reply = opt_record(dnssec_ok=edns.dnssec_ok)
    room = room_for(edns, is_stream=False)
    return _Opt(room, reply, OPTION_NSID in edns.option_codes)
