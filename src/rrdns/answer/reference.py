"""The reference answerer: from the octets of a query to the octets of the reply.

Plain and complete, by the RFCs, and slow. It answers what the compiled table does not hold, and it
is what the table is held equal to.
"""

from dataclasses import dataclass
from enum import Enum

from rrdns.config.settings import Identity
from rrdns.pool.turns import Note
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRType

from .cookie import CLIENT_OCTETS, Bake, is_well_formed
from .resolve import Answer, First, RCode, resolve
from .snapshot import Counting, Snapshot
from .wire import (
    CLASS_CHAOS,
    CLASS_IN,
    HEADER_OCTETS,
    OPTION_NSID,
    TYPE_TXT,
    Edns,
    FormatError,
    Query,
    encode_sections,
    encode_text_answer,
    extended_error,
    head,
    opt_record,
    parse_query,
    question_of,
    readable_edns,
    room_for,
    with_option,
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
    packet: bytes,
    snapshot: Snapshot,
    cursors: Counting,
    transport: Transport,
    bake: Bake | None = None,
) -> Reply | None:
    """The reply to `packet`, or None where silence is due: a response, or no whole header.

    Without `bake` cookies are not done, and the option is as unknown as any other.
    """
    if len(packet) < HEADER_OCTETS or packet[2] & 0x80:
        return None
    opcode = packet[2] >> 3 & 0xF
    if opcode != OPCODE_QUERY:
        rcode = RCode.REFUSED if opcode in (OPCODE_NOTIFY, OPCODE_UPDATE) else RCode.NOTIMP
        opt = _opt(readable_edns(packet), rcode, snapshot.identity, bake)
        return refuse_plainly(packet, rcode, opt)
    try:
        query = parse_query(packet)
    except FormatError:
        return _unread(packet, snapshot.identity, bake)
    return _Reply(packet, query, snapshot, transport, bake).answer(cursors)


def resolve_in_turn(
    snapshot: Snapshot, cursors: Counting, qname: Name, qtype: int, transport: Transport
) -> Answer:
    """The answer over `transport`, with what takes turns in the order of the next turn."""
    answer = resolve(snapshot, qname, qtype, whole_any=transport.is_stream)
    if answer.turning is None:
        return answer
    turns = snapshot.turns[answer.turning]
    count = next(cursors.cursor(answer.turning, turns))
    return answer.with_order(turns.order(turns.turn_at(count)))


def _unread(packet: bytes, identity: Identity, bake: Bake | None) -> Reply:
    """FORMERR; but who asks nothing and sends a cookie asks whether it is good (RFC 7873 5.4)."""
    edns = readable_edns(packet)
    baked = _baked(edns, bake)
    if edns is None or baked is None or packet[4:6] != b"\0\0":
        rcode = RCode.FORMERR
    elif edns.version > 0:
        rcode = RCode.BADVERS
    elif edns.cookie in (baked, baked[:CLIENT_OCTETS]):
        rcode = RCode.NOERROR
    else:
        rcode = RCode.BADCOOKIE
    return refuse_plainly(packet, rcode, _opt(edns, rcode, identity, bake))


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


def _opt(edns: Edns | None, rcode: RCode, identity: Identity, bake: Bake | None) -> bytes:
    """Our OPT where the query has one, whatever the opcode and RCODE (RFC 6891 6.1.1 and 7): with
    NSID where it is asked for and told, with a cookie where one came."""
    if edns is None:
        return b""
    nsid = identity.nsid if OPTION_NSID in edns.option_codes else None
    return opt_record(
        dnssec_ok=edns.dnssec_ok,
        rcode=rcode,
        nsid=None if nsid is None else nsid.encode(),
        cookie=_baked(edns, bake),
    )


def _baked(edns: Edns | None, bake: Bake | None) -> bytes | None:
    """Our cookie for a client that sent one that is well-formed."""
    if bake is None or edns is None or edns.cookie is None or not is_well_formed(edns.cookie):
        return None
    return bake(edns.cookie)


class _Reply:
    """The reply to one well-formed query."""

    def __init__(
        self,
        packet: bytes,
        query: Query,
        snapshot: Snapshot,
        transport: Transport,
        bake: Bake | None,
    ) -> None:
        self.message_id = packet[:2]
        self.recursion_desired = bool(packet[2] & 1)
        self.query = query
        self.snapshot = snapshot
        self.transport = transport
        self.bake = bake

    def answer(self, cursors: Counting) -> Reply:
        query = self.query
        if query.edns and query.edns.version > 0:
            return self._refusal(RCode.BADVERS)
        if self._has_malformed_cookie():
            return self._refusal(RCode.FORMERR)
        if query.qclass == CLASS_CHAOS:
            return self._chaos()
        if query.qclass != CLASS_IN:
            return self._refusal(RCode.REFUSED)
        if query.qtype in TRANSFER_TYPES:
            return self._refusal(RCode.REFUSED)
        return self._fitted(
            resolve_in_turn(self.snapshot, cursors, query.qname, query.qtype, self.transport)
        )

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
            opt = _explained(opt, answer.note, room - len(sections.octets))
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

    def _has_malformed_cookie(self) -> bool:
        """Whether that is the client's mistake (RFC 7873 5.2.2); without cookies it is none."""
        edns = self.query.edns
        cookie = edns.cookie if edns and self.bake else None
        return cookie is not None and not is_well_formed(cookie)

    def _opt(self, rcode: RCode) -> bytes:
        return _opt(self.query.edns, rcode, self.snapshot.identity, self.bake)

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


def _explained(opt: bytes, note: Note | None, room: int) -> bytes:
    """`opt`, if there is one, with an Extended DNS Error that tells `note`.

    It goes before anything else does where there is no room (RFC 8914 section 3). TC is not set for
    it, as it SHOULD be: a client would ask again, over TCP, for an answer that it has.
    """
    if not opt or note is None or len(option := extended_error(note)) > room:
        return opt
    return with_option(opt, option)


def _identity_text(identity: Identity, qname: Name) -> str | None:
    if qname in _VERSION_NAMES:
        return identity.version
    if qname in _HOSTNAME_NAMES:
        return identity.hostname
    return None
