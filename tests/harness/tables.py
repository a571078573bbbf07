"""The tables there are, each to be put to the same tests, and a jar that bakes alike every time."""

from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from rrdns.answer.cookie import CookieJar, Secrets
from rrdns.answer.entry import Entries
from rrdns.answer.playable import Played
from rrdns.answer.reference import Transport
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import Table
from rrdns.config.settings import Identity, PlayerChoice

from .direct import CLIENT

NOW = 1_767_225_600  # 2026-01-01T00:00:00Z
SEED = 7


def jar() -> CookieJar:
    """A jar with a fixed clock."""
    return CookieJar(Secrets(bytes(16), bytes(range(16))), lambda: NOW)


class Kind(Protocol):
    """One kind of table; `jar` has the cookies, None: without."""

    @property
    def jar(self) -> CookieJar | None: ...

    def cursors(self, rng: Random) -> Cursors:
        """Cursors that this kind can play."""
        ...

    def blank(self, cursors: Cursors, identity: Identity) -> Entries:
        """A table without entries."""
        ...

    def play(self, table: Any, packet: bytes, transport: Transport) -> bytes | None:
        """The reply to `packet` from `CLIENT`; None where it is left to the reference."""
        ...


@dataclass(frozen=True, slots=True)
class PythonTable:
    """`answer/table.py`."""

    jar: CookieJar | None

    def cursors(self, rng: Random) -> Cursors:
        return Cursors(rng)

    def blank(self, cursors: Cursors, identity: Identity) -> Table:
        return Table(cursors, identity)

    def play(self, table: Any, packet: bytes, transport: Transport) -> bytes | None:
        played: Played | None = table.play(packet, transport, CLIENT, self.jar)
        return played and played[0]


class NativeTable:
    """`serve/native.py`."""

    def __init__(self, jar: CookieJar | None) -> None:
        from rrdns.serve import _player, native  # not everywhere there

        self.jar = jar
        self._players = native.NativePlayers(jar)
        self._tally = _player.Tally()

    def cursors(self, rng: Random) -> Cursors:
        return self._players.cursors(rng)

    def blank(self, cursors: Cursors, identity: Identity) -> Entries:
        return self._players.blank(cursors, identity)

    def play(self, table: Any, packet: bytes, transport: Transport) -> bytes | None:
        is_stream = transport is Transport.TCP
        reply: bytes | None = table.table.play(packet, is_stream, CLIENT, NOW, self._tally)
        return reply


def kind_of(choice: PlayerChoice, jar: CookieJar | None) -> Kind:
    """The table that `choice` plays."""
    return NativeTable(jar) if choice is PlayerChoice.C else PythonTable(jar)


def alike(kind: Kind, snapshot: Snapshot) -> Cursors:
    """Cursors that count and draw alike each time they are made for `snapshot`."""
    cursors = kind.cursors(Random(SEED))
    for key in sorted(snapshot.turns):
        cursors.cursor(key, snapshot.turns[key])
    return cursors
