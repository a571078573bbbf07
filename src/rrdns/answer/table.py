"""The table in pure Python: entries, played by copying octets.

A query is one lookup of its name, one of its type, one step of a cursor, one copy. The table is
immutable; a change makes a new one, which shares what has not changed.
"""

import struct
from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache, lru_cache, partial
from typing import Self

from rrdns.config.settings import Identity
from rrdns.zone.name import MAX_NAME_OCTETS

from .cookie import COOKIE_OCTETS, Client, CookieJar, is_well_formed
from .entry import Entry, Question
from .playable import REFUSED, Playable, Playables, Played
from .reference import TRANSFER_TYPES, Transport
from .sharded import Sharded
from .snapshot import Cursors
from .wire import (
    CLASS_IN,
    HEADER_OCTETS,
    LARGEST_LABEL,
    OPT_OCTETS,
    OPTION_COOKIE,
    OPTION_NSID,
    PLAIN_UDP_OCTETS,
    TCP_OCTETS,
    FormatError,
    find_edns,
    opt_record,
    room_for,
    with_option,
)

MOST_OPTS = 1024  # remembered; clients send few that differ, but for cookies
LONGEST_OPT = 512  # octets of one, so that the memory for all of them has an end

Opt = tuple[int, bytes]
"""What the OPT of a query comes to: room for a reply over UDP, and our OPT."""

_NO_OPT: Opt = PLAIN_UDP_OCTETS, b""

Answers = Mapping[bytes, Playable]
"""What is played at a name, or beneath it, by type and class as a question has them; ABSENT: for
all types of class IN that are not there."""

ABSENT = b"absent"  # longer than what any question has there

_WITH_EDNS = 2
_LENGTH = struct.Struct("!H")
_OPTION = struct.Struct("!HH")

# The header behind the ID of queries that are played, to `RD + 2 x EDNS`: any flags but QR and an
# opcode, one question, and at most one record, which has to be OPT.
_FORMS: Mapping[bytes, int] = {
    bytes((flags, more, 0, 1, 0, 0, 0, 0, 0, has_opt)): (flags & 1) + _WITH_EDNS * has_opt
    for flags in range(8)
    for more in range(256)
    for has_opt in range(2)
}

_IN = CLASS_IN.to_bytes(2, "big")
_TRANSFERS = frozenset(rtype.to_bytes(2, "big") + _IN for rtype in TRANSFER_TYPES)
_FOREIGN: Answers = {ABSENT: REFUSED}


class Table:
    """The compiled answers of one snapshot; at first none, so that every name is another's."""

    __slots__ = (
        "_beneath",
        "_cursors",
        "_longest",
        "_mask",
        "_opt_before_cookie",
        "_opt_of",
        "_own",
        "_shards",
    )

    def __init__(self, cursors: Cursors, identity: Identity) -> None:
        nsid = None if identity.nsid is None else identity.nsid.encode()
        self._cursors = cursors
        self._opt_of = lru_cache(MOST_OPTS)(partial(_read_opt, nsid))
        self._opt_before_cookie = lru_cache(MOST_OPTS)(
            partial(_read_opt, nsid, cookie=bytes(COOKIE_OCTETS))
        )
        self._own: Sharded[bytes, Answers] = Sharded()
        self._shards, self._mask = self._own.shards, self._own.mask  # where every query begins
        self._beneath: Sharded[bytes, Answers] = Sharded()
        self._longest = 0  # of the names there, in octets: longer ones need no lookup

    def with_entries(self, entries: Iterable[tuple[Question, Entry | None]]) -> Self:
        """A table that has these too, in place of those that it had for the same questions."""
        own: dict[bytes, dict[bytes, Playable]] = {}
        beneath: dict[bytes, dict[bytes, Playable]] = {}
        playables = Playables(self._cursors)
        for question, entry in entries:
            changed, before = (beneath, self._beneath) if question.beneath else (own, self._own)
            answers = changed.get(question.name)
            if answers is None:
                answers = changed[question.name] = dict(before.get(question.name, {}))
            answers[_kind(question.rtype)] = playables.of(question.name, entry)
        after = copy(self)
        after._own = self._own.updated(own)
        after._shards, after._mask = after._own.shards, after._own.mask
        after._beneath = self._beneath.updated(beneath)
        after._longest = max((self._longest, *map(len, beneath)))
        return after

    def pieces(self) -> list[object]:
        return [*self._own.pieces(), *self._beneath.pieces()]

    def play(
        self, packet: bytes, transport: Transport, client: Client = "", jar: CookieJar | None = None
    ) -> Played | None:
        """The reply to `packet` from `client`, with a cookie from `jar`; None where it is left to
        the reference.

        A zero octet can only end the name: inside a label it makes a key that no name has.
        """
        form = _FORMS.get(packet[2:HEADER_OCTETS])
        end = packet.find(0, HEADER_OCTETS) + 1
        name, kind = packet[HEADER_OCTETS:end].lower(), packet[end : end + 4]
        answers = self._shards[hash(name) & self._mask].get(name)
        if answers is None or (playable := answers.get(kind)) is None:
            playable = self._without_own(name, kind, answers)
        if form is None or playable is None:
            return None
        question = packet[HEADER_OCTETS : end + 4]
        has_opt = form >= _WITH_EDNS
        found = self._opt(packet[end + 4 :][:LONGEST_OPT], client, jar) if has_opt else _NO_OPT
        if found is None:
            return None
        room, opt = found
        if transport.is_stream:
            room, playable = TCP_OCTETS, playable.over_a_stream()
        room -= end + 4 + len(opt)
        if playable.octets > room:
            playable = playable.fitted(room)
            if playable is None:
                return None
        if opt and playable.extended_error:
            opt = _explained(opt, playable, room)
        if playable.cursor is None:
            turn, first = 0, None
        else:
            turn = next(playable.cursor) // playable.hold % len(playable.bodies)
            first = playable.firsts[turn]
        body = playable.bodies[turn]
        if playable.moving:
            body = playable.moved(turn, end - HEADER_OCTETS)
        return packet[:2] + playable.heads[form] + question + body + opt, playable.rcode, first

    def _without_own(self, name: bytes, kind: bytes, answers: Answers | None) -> Playable | None:
        """What is played to a question without an entry of its own, `answers` being those of the
        name; None where it is left to the reference."""
        if kind[2:] != _IN:
            return None
        if answers is None:
            answers = self._above(name)
            if answers is None:
                return None
        if kind in _TRANSFERS:
            return REFUSED
        return answers.get(kind) or answers[ABSENT]

    def _above(self, name: bytes) -> Answers | None:
        """What stands beneath the closest ancestor of `name`; None where that is no whole name."""
        beneath = self._beneath
        if not 0 < len(name) <= MAX_NAME_OCTETS:
            return None
        at = 0
        while octets := name[at]:
            at += 1 + octets
            if octets > LARGEST_LABEL or at >= len(name):
                return None
            if len(name) - at > self._longest:
                continue
            above = name[at:]
            answers = beneath.shards[hash(above) & beneath.mask].get(above)
            if answers is not None:
                return answers
        return _FOREIGN

    def _opt(self, octets: bytes, client: Client, jar: CookieJar | None) -> Opt | None:
        """What the OPT that `octets` begin with comes to; None where it is left to the reference.

        Every client has a cookie of its own, so what is remembered of an OPT has it blotted out.
        """
        if len(octets) == OPT_OCTETS:
            return self._opt_of(octets)
        at, end = _cookie_in(octets)
        blotted = octets[:at] + bytes(end - at) + octets[end:]
        if at == 0 or jar is None:
            return self._opt_of(blotted)
        before_cookie = self._opt_before_cookie(blotted)
        option = octets[at:end]
        if before_cookie is None or not is_well_formed(option):
            return None
        room, reply = before_cookie
        return room, reply + jar.bake(option, client)


def _read_opt(nsid: bytes | None, octets: bytes, cookie: bytes | None = None) -> Opt | None:
    """What the OPT that `octets` begin with comes to, ours without the octets of the `cookie` at
    its end; None where it is left to the reference."""
    try:
        edns = find_edns(octets, 0, 1)
    except FormatError:
        return None
    if edns is None or edns.version:
        return None
    told = nsid if OPTION_NSID in edns.option_codes else None
    reply = opt_record(dnssec_ok=edns.dnssec_ok, nsid=told, cookie=cookie)
    return room_for(edns, is_stream=False), reply[: len(reply) - len(cookie or b"")]


def _explained(opt: bytes, playable: Playable, room: int) -> bytes:
    """`opt` with the extended error, if there is room for that beside the whole of the answer."""
    fits = playable.octets + len(playable.extended_error) <= room
    return with_option(opt, playable.extended_error) if fits else opt


def _cookie_in(octets: bytes) -> tuple[int, int]:
    """Where the data of the first COOKIE option begins and ends in an OPT; 0, 0 without one."""
    if len(octets) < OPT_OCTETS:
        return 0, 0
    at = OPT_OCTETS
    end = min(at + _LENGTH.unpack_from(octets, at - _LENGTH.size)[0], len(octets))
    while at + _OPTION.size <= end:
        code, length = _OPTION.unpack_from(octets, at)
        at += _OPTION.size + length
        if code == OPTION_COOKIE:
            return (at - length, at) if at <= end else (0, 0)
    return 0, 0


@cache  # the same octets for all names that have the type
def _kind(rtype: int | None) -> bytes:
    return ABSENT if rtype is None else rtype.to_bytes(2, "big") + _IN
