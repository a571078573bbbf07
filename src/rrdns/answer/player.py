"""From octets to octets for one endpoint: the table where it can, else the reference."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from .reference import Reply, Transport, refuse_plainly, respond
from .resolve import First, RCode
from .snapshot import Cursors
from .table import Table
from .wire import HEADER_OCTETS

log = logging.getLogger(__name__)

LOGGED_OCTETS = 300  # of a query, enough for any name
LOGGED_FAULTS = 20  # so that whoever finds a defect of ours can not fill the disk with it


@dataclass(slots=True)
class Publication:
    """Where the current table is. The only thing that changes under a player, and as a whole."""

    table: Table


@dataclass(slots=True)
class Tally:
    """What one player has answered. Only its own thread writes it; readers add up copies."""

    rcodes: Counter[RCode] = field(default_factory=Counter)
    firsts: Counter[First] = field(default_factory=Counter)
    unanswered: int = 0
    faults: int = 0


class Player:
    """Answers the queries of one endpoint; `bytes` in, `bytes` or None for silence out."""

    def __init__(self, publication: Publication, cursors: Cursors, transport: Transport) -> None:
        self._publication = publication
        self._cursors = cursors
        self._transport = transport
        self.tally = Tally()

    def answer(self, packet: bytes) -> bytes | None:
        """The reply to `packet`. It never raises, and reads the published table once."""
        table = self._publication.table
        try:
            played = table.play(packet, self._transport)
            if played is None:
                return self._counted(
                    respond(packet, table.snapshot, self._cursors, self._transport)
                )
        except Exception:
            return self._counted(self._excuse(packet))
        octets, entry, turn = played
        self.tally.rcodes[entry.rcode] += 1
        if entry.firsts:
            self.tally.firsts[entry.firsts[turn]] += 1
        return octets

    def _excuse(self, packet: bytes) -> Reply | None:
        """A defect of ours must cost this one query, never the server (RFC 1035 4.1.1, RCODE 2)."""
        self.tally.faults += 1
        if self.tally.faults <= LOGGED_FAULTS:
            log.exception("no answer to %s; please report this", packet[:LOGGED_OCTETS].hex())
        if len(packet) < HEADER_OCTETS or packet[2] & 0x80:
            return None
        return refuse_plainly(packet, RCode.SERVFAIL)

    def _counted(self, reply: Reply | None) -> bytes | None:
        if reply is None:
            self.tally.unanswered += 1
            return None
        self.tally.rcodes[reply.rcode] += 1
        if reply.first is not None:
            self.tally.firsts[reply.first] += 1
        return reply.octets
