"""The reference answerer: from the octets of a query to the octets of the reply.

Plain and complete, by the RFCs, and slow. It answers what the compiled table does not hold, and it
is what the table is held equal to.
"""

from dataclasses import dataclass
from enum import Enum

from rrdns.config.settings import Identity
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRType

from .resolve import Answer, First, RCode, resolve
from .snapshot import Cursors, Snapshot
from .wire import (
    CLASS_CHAOS,
    CLASS_IN,
    HEADER_OCTETS,
    OPTION_NSID,
    TYPE_TXT,
    FormatError,
    Query,
    encode_sections,
    encode_text_answer,
    head,
    opt_record,
    parse_query,
    question_of,
    room_for,
)

OPCODE_QUERY, OPCODE_NOTIFY, OPCODE_UPDATE = 0, 4, 5

# Octets of a record at the least: the root as owner, and no data (RFC 1035 section 4.1.3). What
# can not fit is not encoded only to be thrown away: a thousand records take some 10 ms.
SHORTEST_RECORD = 11

TRANSFER_TYPES = (251, 252)  # IXFR and AXFR: a whole zone, which nobody is given yet

_VERSION_NAMES = {from_text("version.bind"), from_text("version.server")}
_HOSTNAME_NAMES = {from_text("hostname.bind"), from_text("id.server")}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, and what is counted of it: the RCODE, and who came first of which RRset."""

    octets: bytes
    rcode: RCode
    first: First | None = None


class Transport(Enum):
    """What carries the message; it decides how much fits and whether ANY is answered whole.

    `is_stream` says whether a reply may be as long as its two octets of length can say. Every
    query reads it, so it is no property.
    """

    UDP = "udp"
    TCP = "tcp"

    def __init__(self, value: str) -> None:
        self.is_stream = value == "tcp"


def respond(
    packet: bytes, snapshot: Snapshot, cursors: Cursors, transport: Transport
) -> Reply | None:
    """The reply to `packet`, or None where silence is due: a response, or no whole header."""
    if len(packet) < HEADER_OCTETS or packet[2] & 0x80:
        return None
    opcode = packet[2] >> 3 & 0xF
    if opcode != OPCODE_QUERY:
        rcode = RCode.REFUSED if opcode in (OPCODE_NOTIFY, OPCODE_UPDATE) else RCode.NOTIMP
        return refuse_plainly(packet, rcode, _opt_for(packet))
    try:
        query = parse_query(packet)
    except FormatError:
        return refuse_plainly(packet, RCode.FORMERR)
    return _Reply(packet, query, snapshot, transport).answer(cursors)


def refuse_plainly(packet: bytes, rcode: RCode, opt: bytes = b"") -> Reply:
    """A header with `rcode`, the question if it can be read, and `opt`; `packet` has a header."""
    question = question_of(packet)
    flags = head(
        rcode,
        (bool(question), 0, 0, bool(opt)),
        opcode=packet[2] >> 3 & 0xF,
        recursion_desired=bool(packet[2] & 1),
    )
    return Reply(packet[:2] + flags + question + opt, rcode)


def _opt_for(packet: bytes) -> bytes:
    """Our OPT if that of `packet` can be read: it is owed with any opcode (RFC 6891 6.1.1)."""
    try:
        edns = parse_query(packet).edns
    except FormatError:
        return b""
    return opt_record(dnssec_ok=edns.dnssec_ok) if edns else b""


class _Reply:
    """The reply to one well-formed query."""

    def __init__(
        self, packet: bytes, query: Query, snapshot: Snapshot, transport: Transport
    ) -> None:
        self.message_id = packet[:2]
        self.recursion_desired = bool(packet[2] & 1)
        self.query = query
        self.snapshot = snapshot
        self.transport = transport

    def answer(self, cursors: Cursors) -> Reply:
        query = self.query
        if query.edns and query.edns.version > 0:
            return self._refusal(RCode.BADVERS)
        if query.qclass == CLASS_CHAOS:
            return self._chaos()
        if query.qclass != CLASS_IN:
            return self._refusal(RCode.REFUSED)
        if query.qtype in TRANSFER_TYPES:
            return self._refusal(RCode.REFUSED)
        whole_any = self.transport.is_stream
        answer = resolve(self.snapshot, query.qname, query.qtype, whole_any=whole_any)
        if answer.turning is not None:
            turns = self.snapshot.turns[answer.turning]
            count = cursors.cursor(answer.turning, turns)()
            answer = answer.with_order(turns.order(turns.turn_at(count)))
        return self._fitted(answer)

    def _fitted(self, answer: Answer) -> Reply:
        """The largest form of `answer` that fits: additional records go first, then all goes and
        TC says so (RFC 2181 section 9)."""
        opt = self._opt(answer.rcode)
        room = (
            room_for(self.query.edns, self.transport.is_stream)
            - HEADER_OCTETS
            - len(self.query.question)
            - len(opt)
        )
        if answer.owed_records * SHORTEST_RECORD <= room:
            sections = encode_sections(self.query.qname, answer)
            for arcount, octets in sections.cuts:
                if octets <= room:
                    counts = (1, *sections.counts, arcount + bool(opt))
                    flags = self._head(answer.rcode, counts, authoritative=answer.authoritative)
                    message = self._message(flags, sections.octets[:octets], opt)
                    return Reply(message, answer.rcode, answer.first)
        counts = (1, 0, 0, int(bool(opt)))
        flags = self._head(answer.rcode, counts, authoritative=answer.authoritative, truncated=True)
        return Reply(self._message(flags, b"", opt), answer.rcode)

    def _refusal(self, rcode: RCode) -> Reply:
        """An RCODE and nothing else."""
        return self._fitted(Answer(rcode, authoritative=False))

    def _chaos(self) -> Reply:
        """What we tell of ourselves, if anything (RFC 4892)."""
        text = _identity_text(self.snapshot.identity, self.query.qname)
        if text is None or self.query.qtype not in (TYPE_TXT, RRType.ANY):
            return self._refusal(RCode.REFUSED)
        opt = self._opt(RCode.NOERROR)
        flags = self._head(RCode.NOERROR, (1, 1, 0, int(bool(opt))), authoritative=True)
        return Reply(self._message(flags, encode_text_answer(text), opt), RCode.NOERROR)

    def _opt(self, rcode: RCode) -> bytes:
        """Our OPT where the query has one (RFC 6891 section 7), with NSID where asked and told."""
        edns = self.query.edns
        if edns is None:
            return b""
        nsid = self.snapshot.identity.nsid
        told = nsid.encode() if nsid is not None and OPTION_NSID in edns.option_codes else None
        return opt_record(dnssec_ok=edns.dnssec_ok, rcode=rcode, nsid=told)

    def _head(
        self,
        rcode: RCode,
        counts: tuple[int, int, int, int],
        *,
        authoritative: bool,
        truncated: bool = False,
    ) -> bytes:
        return head(
            rcode,
            counts,
            authoritative=authoritative,
            truncated=truncated,
            recursion_desired=self.recursion_desired,
        )

    def _message(self, flags: bytes, sections: bytes, opt: bytes) -> bytes:
        return self.message_id + flags + self.query.question + sections + opt


def _identity_text(identity: Identity, qname: Name) -> str | None:
    if qname in _VERSION_NAMES:
        return identity.version
    if qname in _HOSTNAME_NAMES:
        return identity.hostname
    return None
