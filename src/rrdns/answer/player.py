"""From octets to octets for one endpoint: the table where it can, else the reference."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from .compiler import Edition, T, T_co
from .cookie import Client, CookieJar
from .entry import Entries
from .playable import Played
from .reference import Reply, Transport, refuse_plainly, respond
from .resolve import First, RCode
from .snapshot import Cursors, Snapshot
from .wire import HEADER_OCTETS

log = logging.getLogger(__name__)

K = TypeVar("K")

LOGGED_OCTETS = 300  # of a query, enough for any name
LOGGED_FAULTS = 20  # so that whoever finds a defect of ours can not fill the disk with it


class Playing(Entries, Protocol):
    """A table that answers queries itself."""

    def play(
        self, packet: bytes, transport: Transport, client: Client, jar: CookieJar | None
    ) -> Played | None:
        """The reply to `packet`; None where it is left to the reference answerer."""
        ...


class Published(Protocol[T_co]):
    """What a player reads, once for each query."""

    @property
    def edition(self) -> Edition[T_co]: ...


@dataclass(slots=True)
class Publication(Generic[T]):
    """Where the current edition is. The only thing that changes under a player, and as a whole.

    `followers` are told of each edition that is published.
    """

    edition: Edition[T]
    followers: tuple[Callable[[Edition[T]], None], ...] = ()

    def publish(self, edition: Edition[T]) -> None:
        """Has every query that comes from now on answered from `edition`."""
        self.edition = edition
        for follower in self.followers:
            follower(edition)


@dataclass(slots=True)
class Tally:
    """What was answered over one transport. Only the thread that answers writes it.

    `left` went to the reference answerer; `overflowed` would have, were there not too much of it.
    `unsent` are replies that the system did not take.
    """

    by_rcode: list[int] = field(default_factory=lambda: [0] * (max(RCode) + 1))
    firsts: Counter[First] = field(default_factory=Counter)
    unanswered: int = 0
    faults: int = 0
    left: int = 0
    overflowed: int = 0
    unsent: int = 0

    @property
    def rcodes(self) -> dict[RCode, int]:
        """How many replies there were of each RCODE, but for those of which there was none."""
        return {rcode: count for rcode in RCode if (count := self.by_rcode[rcode])}

    def copy(self) -> "Tally":
        """A copy, which another thread may make while it is written."""
        return replace(self, by_rcode=self.by_rcode.copy(), firsts=_copied(self.firsts))


def _copied(counter: Counter[K]) -> Counter[K]:
    """A key that is new meanwhile breaks a copy off; keys are few, so that one attempt succeeds."""
    while True:
        try:
            return Counter(dict(counter))
        except RuntimeError:
            continue


class Clerk:
    """Answers what no table holds, by the reference; octets in, octets or None for silence out."""

    def __init__(
        self,
        publication: Published[Entries],
        cursors: Cursors,
        transport: Transport,
        jar: CookieJar | None = None,
    ) -> None:
        self._publication = publication
        self._cursors = cursors
        self._transport = transport
        self._jar = jar
        self.tally = Tally()

    def answer(self, packet: bytes, client: Client) -> bytes | None:
        """The reply to `packet` from `client`. It never raises, and reads the published edition
        once."""
        try:
            return self._by_reference(packet, client, self._publication.edition.snapshot)
        except Exception:
            return self._excuse(packet)

    def _by_reference(self, packet: bytes, client: Client, snapshot: Snapshot) -> bytes | None:
        self.tally.left += 1
        bake = partial(self._jar.bake, client=client) if self._jar else None
        return self._counted(respond(packet, snapshot, self._cursors, self._transport, bake))

    def _excuse(self, packet: bytes) -> bytes | None:
        """A defect of ours must cost this one query, never the server (RFC 1035 4.1.1, RCODE 2)."""
        self.tally.faults += 1
        if self.tally.faults <= LOGGED_FAULTS:
            log.exception("no answer to %s; please report this", packet[:LOGGED_OCTETS].hex())
        is_query = len(packet) >= HEADER_OCTETS and not packet[2] & 0x80
        return self._counted(refuse_plainly(packet, RCode.SERVFAIL) if is_query else None)

    def _counted(self, reply: Reply | None) -> bytes | None:
        if reply is None:
            self.tally.unanswered += 1
            return None
        self.tally.by_rcode[reply.rcode] += 1
        if reply.first is not None:
            self.tally.firsts[reply.first] += 1
        return reply.octets


class Player(Clerk):
    """Answers the queries of one endpoint: from the table where that can, else as a clerk."""

    def __init__(
        self,
        publication: Published[Playing],
        cursors: Cursors,
        transport: Transport,
        jar: CookieJar | None = None,
    ) -> None:
        super().__init__(publication, cursors, transport, jar)
        self._playing = publication

    def answer(self, packet: bytes, client: Client) -> bytes | None:
        """The reply to `packet` from `client`. It never raises, and reads the published edition
        once."""
        edition = self._playing.edition
        try:
            played = edition.entries.play(packet, self._transport, client, self._jar)
            if played is None:
                return self._by_reference(packet, client, edition.snapshot)
        except Exception:
            return self._excuse(packet)
        octets, rcode, first = played
        tally = self.tally
        tally.by_rcode[rcode] += 1
        if first is not None:
            tally.firsts[first] += 1
        return octets
