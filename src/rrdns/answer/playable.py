"""Entries in the form in which the Python table plays them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rrdns.zone.name import Name

from .entry import Entry, Turning
from .resolve import First, RCode
from .snapshot import Cursors
from .wire import EDNS_UDP_OCTETS, TCP_OCTETS, head

_FITS_NOWHERE = TCP_OCTETS + 1
_FITS_ALWAYS = -TCP_OCTETS
_TC = 0x02  # in the first octet of the flags
_RD = 0x01

Heads = tuple[bytes, bytes, bytes, bytes]
"""The header behind the ID, for queries by `RD + 2 x EDNS`."""


Played = tuple[bytes, RCode, First | None]
"""A reply, and what is counted of it: the RCODE, and who came first of which RRset."""


@dataclass(slots=True, eq=False)
class Playable:
    """An entry in all its turns; nobody changes it.

    `bodies` are the sections, one a turn, all of `octets` length. Each turn lasts `hold` of the
    answers that `cursor` counts, and `firsts` says who comes first in it. Where there are no
    bodies, whatever fits is left to the reference.

    `moving` is a number as long as a body, which has a 1 in each pointer that moves along with a
    name longer than `name_octets`; if there are any, `numbers` are the bodies as numbers, so that
    all pointers move in one sum. `extended_error` is as in an entry.
    """

    rcode: RCode
    heads: Heads
    bodies: tuple[bytes, ...]
    octets: int
    cuts: tuple[tuple[int, int], ...]
    name_octets: int = 0
    moving: int = 0
    numbers: tuple[int, ...] = ()
    datagram_only: bool = False
    cursor: Iterator[int] | None = None
    hold: int = 1
    firsts: tuple[First | None, ...] = ()
    extended_error: bytes = b""

    def over_a_stream(self) -> "Playable":
        """The same, unless that gets another answer."""
        return LEFT_TO_REFERENCE if self.datagram_only else self

    def fitted(self, room: int) -> "Playable | None":
        """As much of it as there is room for, or TC and nothing (RFC 2181 section 9); there is none
        for an Extended DNS Error then."""
        for arcount, octets in self.cuts:
            if octets <= room:
                return self._cut(arcount, octets) if self.bodies else None
        flags = self.heads[0]
        heads = _heads(bytes((flags[0] | _TC,)) + flags[1:4] + bytes(6))
        return Playable(
            self.rcode, heads, (b"",), 0, (), cursor=self.cursor, hold=self.hold, firsts=(None,)
        )

    def _cut(self, arcount: int, octets: int) -> "Playable":
        cut_off = 8 * (self.octets - octets)
        return Playable(
            self.rcode,
            _heads(self.heads[0][:8] + arcount.to_bytes(2, "big")),
            tuple(body[:octets] for body in self.bodies),
            octets,
            (),
            self.name_octets,
            self.moving >> cut_off,
            tuple(number >> cut_off for number in self.numbers),
            self.datagram_only,
            self.cursor,
            self.hold,
            self.firsts,
        )

    def moved(self, turn: int, name_octets: int) -> bytes:
        """The body of a turn behind a question name of that length."""
        number = self.numbers[turn] + (name_octets - self.name_octets) * self.moving
        return number.to_bytes(self.octets, "big")


@cache  # as many as there are combinations of flags and counts; shared by all that have the same
def _heads(plain: bytes) -> Heads:
    with_opt = plain[:8] + (int.from_bytes(plain[8:], "big") + 1).to_bytes(2, "big")
    return plain, _desired(plain), with_opt, _desired(with_opt)


def _desired(octets: bytes) -> bytes:
    return bytes((octets[0] | _RD,)) + octets[1:]


REFUSED = Playable(RCode.REFUSED, _heads(head(RCode.REFUSED)), (b"",), 0, ((0, 0),))

LEFT_TO_REFERENCE = Playable(
    RCode.NOERROR, REFUSED.heads, (), _FITS_NOWHERE, cuts=((0, _FITS_ALWAYS),)
)


class Playables:
    """Makes playables from entries; such as have the same octets, share them."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._of_many: dict[int, tuple[Entry, Playable]] = {}  # the entry, so that its id stays
        self._name: Name | None = None
        self._of_name: list[tuple[Entry, Playable]] = []

    def of(self, name: Name, entry: Entry | None) -> Playable:
        """The playable form of `entry`; those of a name are best asked for one after the other."""
        if entry is None:
            return LEFT_TO_REFERENCE
        if entry.pointers and id(entry) not in self._of_many:
            self._of_many[id(entry)] = entry, self._made(entry)
        if entry.pointers:
            return self._of_many[id(entry)][1]
        if name != self._name:
            self._name, self._of_name = name, []
        playable = self._made(entry)
        self._of_name.append((entry, playable))
        return playable

    def _made(self, entry: Entry) -> Playable:
        made = Playable(
            entry.rcode,
            _heads(entry.head),
            (),
            len(entry.sections),
            entry.cuts,
            entry.name_octets,
            _moving(entry),
            datagram_only=entry.datagram_only,
            extended_error=entry.extended_error,
        )
        turning = entry.turning
        if turning:
            made.cursor = self._cursors.cursor(turning.key, turning.turns)
            made.hold = turning.turns.hold
        if turning and len(entry.sections) > EDNS_UDP_OCTETS:
            made.bodies, made.octets = (), _FITS_NOWHERE  # most of them would be kept for nothing
        else:
            made.bodies, made.firsts = self._bodies(entry)
        if made.moving:
            made.numbers = tuple(int.from_bytes(body, "big") for body in made.bodies)
        return made

    def _bodies(self, entry: Entry) -> tuple[tuple[bytes, ...], tuple[First | None, ...]]:
        """The sections of every turn, and who is first in it."""
        turning = entry.turning
        for other, like in self._of_name:
            if other.turning is turning and other.sections is entry.sections:
                return like.bodies, like.firsts
        if turning is None:
            return (entry.sections,), ()
        turns = turning.turns
        orders = [turns.order(turn) for turn in range(turns.count)]
        body_of = {order: _body(entry.sections, turning, order) for order in set(orders)}
        first_of = {rdata: (turning.key, rdata) for rdata in turns.rdatas}
        bodies = tuple(body_of[order] for order in orders)
        return bodies, tuple(first_of[order[0]] for order in orders)


def _body(sections: bytes, turning: Turning, order: tuple[bytes, ...]) -> bytes:
    """The sections with the turning records in `order`."""
    records = b"".join(turning.fixed + rdata for rdata in order)
    return sections[: turning.start] + records + sections[turning.end :]


def _moving(entry: Entry) -> int:
    return sum(1 << 8 * (len(entry.sections) - 2 - at) for at in entry.pointers)
