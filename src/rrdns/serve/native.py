"""The C player: what the answer room has compiled, in the form that C plays.

`_player` is there only where it was built; nobody but `players.py` imports this module.
"""

import itertools
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from rrdns.answer.compiler import Edition
from rrdns.answer.cookie import CookieJar
from rrdns.answer.entry import Entry, Question, Turning
from rrdns.answer.player import Clerk, Publication, Tally
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import First
from rrdns.answer.snapshot import Cursors
from rrdns.config.settings import Identity, PlayerChoice, TcpLimits

from . import _player
from .native_servers import NativeTcpServer, NativeUdpServer

SHARED_ENTRIES = 64  # looked for among those that came last; a zone's negative answers are


class Firsts:
    """The numbers under which C counts who came first; they are never given twice."""

    def __init__(self) -> None:
        self._numbers: dict[First, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, first: First) -> int:
        return self._numbers.setdefault(first, len(self._numbers))

    def counted(self, tallies: Iterable[_player.Tally]) -> Counter[First]:
        """What `tallies` have counted together, but for those that never came first."""
        numbers = list(self._numbers)
        counts = map(sum, zip(*(tally.firsts(len(numbers)) for tally in tallies), strict=True))
        return Counter({first: n for first, n in zip(numbers, counts, strict=False) if n})


class NativeTable:
    """A table of entries in C; `answer.entry.Entries`."""

    def __init__(
        self,
        cursors: Cursors,
        firsts: Firsts,
        jar: CookieJar | None,
        nsid: bytes | None = None,
        table: _player.Table | None = None,
    ) -> None:
        self._cursors = cursors
        self._firsts = firsts
        self._jar = jar
        self.table = _player.Table(self._secrets(), nsid) if table is None else table

    def with_entries(self, entries: Iterable[tuple[Question, Entry | None]]) -> "NativeTable":
        """A table that has these too; cookies are made with the jar's present secrets."""
        table = self.table.with_entries(self._items(entries), self._secrets())
        return NativeTable(self._cursors, self._firsts, self._jar, table=table)

    def pieces(self) -> list[object]:
        return [self.table]  # C takes it apart without the interpreter

    def _secrets(self) -> tuple[bytes, bytes] | None:
        return self._jar.secrets if self._jar else None

    def _items(self, entries: Iterable[tuple[Question, Entry | None]]) -> "Iterator[_player.Item]":
        made: dict[int, tuple[Entry, _player.Entry]] = {}  # by id; those of late, kept so it stays
        for (name, rtype, beneath), entry in entries:
            if entry is None:
                yield name, rtype, beneath, None
                continue
            if id(entry) not in made:
                made[id(entry)] = entry, self._native(entry)
                if len(made) > SHARED_ENTRIES:
                    del made[next(iter(made))]
            yield name, rtype, beneath, made[id(entry)][1]

    def _native(self, entry: Entry) -> _player.Entry:
        return _player.Entry(
            entry.rcode,
            entry.head,
            entry.sections,
            entry.cuts,
            entry.name_octets,
            entry.pointers,
            entry.datagram_only,
            self._turning(entry.turning) if entry.turning else None,
            entry.extended_error,
        )

    def _turning(self, turning: Turning) -> "_player.Turning":
        turns, key = turning.turns, turning.key
        size = len(turns.rdatas)
        return (
            self._cursors.cursor(key, turns),
            turning.start,
            turning.end,
            b"".join(turning.fixed + rdata for rdata in turns.rdatas),
            turns.heads,
            turns.bases,
            turns.hold,
            min(turns.answers or size, size),
            tuple(self._firsts.number((key, rdata)) for rdata in turns.rdatas),
        )


class NativePlayers:
    """Plays what is published, UDP on a thread for each socket, TCP on one for all."""

    choice = PlayerChoice.C

    def __init__(self, jar: CookieJar | None) -> None:
        self._jar = jar
        self._firsts = Firsts()
        self._clerks: dict[Transport, Clerk] = {}
        self._tallies: dict[Transport, list[_player.Tally]] = {each: [] for each in Transport}

    def cursors(self, rng: Random) -> Cursors:
        """Cursors that C can advance too."""
        return Cursors(
            rng,
            lambda start: _player.Cursor(count=start),
            lambda cursor: int(cursor.count),
            lambda rng: _player.Cursor(rng.getrandbits(64)),
        )

    def blank(self, cursors: Cursors, identity: Identity) -> NativeTable:
        """A table without entries."""
        nsid = None if identity.nsid is None else identity.nsid.encode()
        return NativeTable(cursors, self._firsts, self._jar, nsid)

    def udp(
        self,
        publication: Publication[NativeTable],
        cursors: Cursors,
        sockets: Sequence[socket.socket],
    ) -> NativeUdpServer:
        """What serves `sockets`, which are bound, from `publication`."""
        clerk = self._clerk(publication, cursors, Transport.UDP)
        tallies = [self._tally(Transport.UDP) for _ in sockets]
        server = NativeUdpServer(sockets, tallies, clerk.answer, clerk.tally)
        self._follow(publication, lambda edition: server.publish(edition.entries.table))
        return server

    def tcp(
        self,
        publication: Publication[NativeTable],
        cursors: Cursors,
        sockets: Sequence[socket.socket],
        limits: TcpLimits,
    ) -> NativeTcpServer:
        """What serves `sockets`, which listen, from `publication`."""
        clerk = self._clerk(publication, cursors, Transport.TCP)
        server = NativeTcpServer(sockets, limits, self._tally(Transport.TCP), clerk.answer)
        self._follow(publication, lambda edition: server.publish(edition.entries.table))
        return server

    def tally(self, transport: Transport) -> Tally:
        """What has been answered so far over `transport`, C and the reference together."""
        clerk = self._clerks.get(transport)
        total = clerk.tally.copy() if clerk else Tally()
        for tally in self._tallies[transport]:
            for rcode, count in enumerate(tally.rcodes()):
                total.by_rcode[rcode] += count
            total.unanswered += tally.silences
            total.overflowed += tally.overflowed
            total.unsent += tally.unsent
        total.firsts.update(self._firsts.counted(self._tallies[transport]))
        return total

    def _clerk(
        self, publication: Publication[NativeTable], cursors: Cursors, transport: Transport
    ) -> Clerk:
        self._clerks[transport] = Clerk(publication, cursors, transport, self._jar)
        return self._clerks[transport]

    def _tally(self, transport: Transport) -> _player.Tally:
        tally = _player.Tally()
        self._tallies[transport].append(tally)
        return tally

    def _follow(
        self,
        publication: Publication[NativeTable],
        publish: Callable[[Edition[NativeTable]], None],
    ) -> None:
        """Calls `publish` with each edition, once there is room to count what it hands out."""

        def follow(edition: Edition[NativeTable]) -> None:
            for tally in itertools.chain.from_iterable(self._tallies.values()):
                tally.reserve(len(self._firsts))
            publish(edition)

        follow(publication.edition)
        publication.followers += (follow,)
