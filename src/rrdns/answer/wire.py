"""Messages as octets (RFC 1035 section 4): the only room that knows dnslib.

dnslib's buffer and record classes do the encoding. Two things they do not do are added here:
labels of any octets (RFC 2181 section 11), and no compression pointer beyond its 14 bits.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from dnslib import (
    CNAME,
    EDNS0,
    MX,
    NS,
    PTR,
    RD,
    RR,
    SOA,
    DNSBuffer,
    DNSError,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from rrdns.pool.turns import Note
from rrdns.zone import name as names
from rrdns.zone.name import MAX_NAME_OCTETS, Name
from rrdns.zone.tree import ADDRESS_TYPES, RRset, RRType

from .resolve import Answer, RCode

HEADER_OCTETS = 12
CLASS_IN = 1
CLASS_CHAOS = 3
TYPE_OPT = 41
TYPE_TXT = 16
OPTION_NSID = 3
OPTION_COOKIE = 10
OPTION_EXTENDED_ERROR = 15
OPT_OCTETS = 11  # before its options: owner, type, class, TTL, length
LONGEST_EXTRA_TEXT = 128  # octets: "SHOULD avoid lengthy" ones (RFC 8914 section 3)

QR, AA, TC, RD_FLAG = 0x8000, 0x0400, 0x0200, 0x0100
LARGEST_POINTER = 0x3FFF
LARGEST_LABEL = 63

PLAIN_UDP_OCTETS = 512  # RFC 1035 section 4.2.1
EDNS_UDP_OCTETS = 1232  # RFC 9715: no fragments over any path
TCP_OCTETS = 65535


@dataclass(frozen=True, slots=True)
class Edns:
    """The OPT record of a query (RFC 6891 section 6.1).

    `cookie` is the data of its COOKIE option, of the first if there are several (RFC 7873 5.2).
    """

    payload: int
    version: int
    dnssec_ok: bool
    option_codes: frozenset[int]
    cookie: bytes | None = None

    @classmethod
    def of(cls, payload: int, ttl: int, rdata: bytes) -> Self:
        """From the fields of the OPT record; FormatError where an option is cut off."""
        codes = set()
        cookie = None
        at = 0
        while at < len(rdata):
            if at + 4 > len(rdata):
                raise FormatError("an EDNS option is cut off")
            code, length = struct.unpack_from("!HH", rdata, at)
            at += 4 + length
            codes.add(code)
            if code == OPTION_COOKIE and cookie is None:
                cookie = rdata[at - length : at]
        if at > len(rdata):
            raise FormatError("an EDNS option is longer than its OPT record")
        return cls(payload, ttl >> 16 & 0xFF, bool(ttl & 0x8000), frozenset(codes), cookie)


@dataclass(frozen=True, slots=True)
class Query:
    """A message that asks exactly one question. `question` is as sent, letter case included."""

    question: bytes
    qname: Name
    qtype: int
    qclass: int
    edns: Edns | None


class FormatError(Exception):
    """The message can not be read; for a query the RCODE is FORMERR."""


def parse_query(packet: bytes) -> Query:
    """The question and the EDNS parameters of `packet`, which has at least a header.

    Octets after the last counted record are ignored, other records are stepped over. FormatError
    for anything that is cut off, has not exactly one question, or has a malformed OPT.
    """
    qdcount, *others = struct.unpack_from("!HHHH", packet, 4)
    if qdcount != 1:
        raise FormatError("not exactly one question")
    qname, end = _question_name(packet)
    if end + 4 > len(packet):
        raise FormatError("the question is cut off")
    qtype, qclass = struct.unpack_from("!HH", packet, end)
    edns = find_edns(packet, end + 4, sum(others))
    return Query(packet[HEADER_OCTETS : end + 4], qname, qtype, qclass, edns)


def encode_query(qname: Name, qtype: int, message_id: int, *, with_edns: bool = False) -> bytes:
    """A query as a client sends it: one question of class IN, no recursion desired, no EDNS unless
    asked for; then with a payload size as ours."""
    record = DNSRecord(DNSHeader(id=message_id, rd=0), q=DNSQuestion(_label(qname), qtype))
    if with_edns:
        record.add_ar(EDNS0(udp_len=EDNS_UDP_OCTETS))
    return bytes(record.pack())


def is_truncated(message: bytes) -> bool:
    """Whether TC is set in `message`, which has at least a header."""
    return bool(message[2] & TC >> 8)


def addresses_in(reply: bytes) -> list[str]:
    """The addresses in the answer section of `reply`, in its order. Raises FormatError."""
    try:
        records = DNSRecord.parse(reply).rr
    except DNSError as error:
        raise FormatError(str(error)) from None
    return [str(record.rdata) for record in records if record.rtype in ADDRESS_TYPES]


def question_of(packet: bytes) -> bytes:
    """The single question as sent, or nothing where there is none to be read."""
    if packet[4:6] != b"\0\1":
        return b""
    try:
        _, end = _question_name(packet)
    except FormatError:
        return b""
    return packet[HEADER_OCTETS : end + 4] if end + 4 <= len(packet) else b""


def _question_name(packet: bytes) -> tuple[Name, int]:
    """The name asked and the offset behind it. No pointer is valid there: only the header, which
    is no name, comes before (RFC 1035 section 4.1.4)."""
    at = HEADER_OCTETS
    while at < len(packet):
        length = packet[at]
        if length > LARGEST_LABEL or at - HEADER_OCTETS >= MAX_NAME_OCTETS:
            break
        at += 1 + length
        if not length:
            return Name(packet[HEADER_OCTETS:at].lower()), at
    raise FormatError("the name asked is cut off, too long, or no name")


def readable_edns(packet: bytes) -> Edns | None:
    """The EDNS parameters of any message, however many questions it asks; None where it has none
    or they can not be read. `packet` has at least a header."""
    qdcount, *others = struct.unpack_from("!HHHH", packet, 4)
    at = HEADER_OCTETS
    try:
        for _ in range(qdcount):
            at = _skip_name(packet, at) + 4
        return find_edns(packet, at, sum(others))
    except FormatError:
        return None


def find_edns(packet: bytes, at: int, count: int) -> Edns | None:
    """Steps over `count` records from `at` on; returns the OPT among them, if there is one."""
    found = None
    for _ in range(count):
        start, at = at, _skip_name(packet, at)
        if at + 10 > len(packet):
            raise FormatError("a record is cut off")
        rtype, rclass, ttl, length = struct.unpack_from("!HHIH", packet, at)
        at += 10 + length
        if at > len(packet):
            raise FormatError("the data of a record is cut off")
        if rtype == TYPE_OPT:
            if found or packet[start]:
                raise FormatError("several OPT records, or one that is not at the root")
            found = Edns.of(rclass, ttl, packet[at - length : at])
    return found


def room_for(edns: Edns | None, is_stream: bool) -> int:
    """How many octets a reply may have (RFC 6891 section 6.2.3)."""
    if is_stream:
        return TCP_OCTETS
    if edns is None:
        return PLAIN_UDP_OCTETS
    return min(max(edns.payload, PLAIN_UDP_OCTETS), EDNS_UDP_OCTETS)


def _skip_name(packet: bytes, at: int) -> int:
    """The offset behind the name at `at`; a pointer ends it and is not followed."""
    while at < len(packet):
        length = packet[at]
        if length >= 0xC0:
            return at + 2
        if length > LARGEST_LABEL:
            break
        at += 1 + length
        if not length:
            return at
    raise FormatError("the name of a record is cut off")


@dataclass(frozen=True, slots=True)
class Sections:
    """The records of an answer, encoded behind a question of its name.

    `counts` are those of answer and authority. `cuts` are (ARCOUNT, octets) at which the
    additional section may end, most first; none of them leaves out glue. `last` is where the
    records of the last RRset of the answer section begin and end. `pointers` are where the
    compression pointers are that would point elsewhere behind a longer question: all but those to
    the name asked.
    """

    octets: bytes
    counts: tuple[int, int]
    cuts: tuple[tuple[int, int], ...]
    last: tuple[int, int]
    pointers: tuple[int, ...]


def encode_sections(qname: Name, answer: Answer) -> Sections:
    """The three sections behind the question, names compressed (RFC 1035 section 4.1.4)."""
    buffer = _Buffer()
    buffer.append(bytes(HEADER_OCTETS))
    buffer.encode_name(_label(qname))
    buffer.append(bytes(4))
    start = buffer.offset
    last_start = start
    ancount = 0
    for rrset in answer.answer:
        last_start = buffer.offset
        ancount += buffer.append_rrset(rrset)
    last = (last_start - start, buffer.offset - start)
    nscount = sum(map(buffer.append_rrset, answer.authority))
    arcount = sum(map(buffer.append_rrset, answer.glue))
    cuts = [(arcount, buffer.offset - start)]
    for rrset in answer.additional:
        arcount += buffer.append_rrset(rrset)
        cuts.append((arcount, buffer.offset - start))
    octets = bytes(buffer.data[start:])
    pointers = tuple(at - start for at in buffer.moving)
    return Sections(octets, (ancount, nscount), tuple(reversed(cuts)), last, pointers)


def compressible_names(rrset: RRset) -> Iterator[Name]:
    """The names in the records of `rrset` that compression looks at: owner and targets."""
    yield rrset.owner
    for rdata in rrset.rdatas:
        yield from _names_in(rrset.rtype, rdata)


def head(
    rcode: RCode,
    counts: tuple[int, int, int, int] = (1, 0, 0, 0),
    *,
    opcode: int = 0,
    authoritative: bool = False,
    truncated: bool = False,
    recursion_desired: bool = False,
) -> bytes:
    """The header behind the ID: flags and counts. RA, Z, AD and CD are never set."""
    flags = QR | opcode << 11 | rcode & 0xF
    flags |= AA * authoritative | TC * truncated | RD_FLAG * recursion_desired
    return struct.pack("!HHHHH", flags, *counts)


def opt_record(
    *,
    dnssec_ok: bool,
    rcode: RCode = RCode.NOERROR,
    nsid: bytes | None = None,
    cookie: bytes | None = None,
) -> bytes:
    """Our OPT: version 0, our payload size, DO as asked, the upper bits of `rcode`, and the options
    given, NSID first."""
    options = _option(OPTION_NSID, nsid) + _option(OPTION_COOKIE, cookie)
    ttl = rcode >> 4 << 24 | 0x8000 * dnssec_ok
    return struct.pack("!BHHIH", 0, TYPE_OPT, EDNS_UDP_OCTETS, ttl, len(options)) + options


def extended_error(note: Note) -> bytes:
    """The option that tells `note` (RFC 8914 section 2), in whole characters of UTF-8."""
    text = note.text.encode()[:LONGEST_EXTRA_TEXT].decode(errors="ignore")
    return _option(OPTION_EXTENDED_ERROR, struct.pack("!H", note.code) + text.encode())


def with_option(opt: bytes, option: bytes) -> bytes:
    """`opt`, a whole OPT record, with `option` behind those that it has."""
    length = len(opt) - OPT_OCTETS + len(option)
    return opt[: OPT_OCTETS - 2] + struct.pack("!H", length) + opt[OPT_OCTETS:] + option


def _option(code: int, data: bytes | None) -> bytes:
    return b"" if data is None else struct.pack("!HH", code, len(data)) + data


def encode_text_answer(text: str) -> bytes:
    """One CHAOS TXT record with TTL 0 at the name of the question (RFC 4892)."""
    data = text.encode()[:255]
    fixed = struct.pack("!HHHIH", 0xC000 | HEADER_OCTETS, TYPE_TXT, CLASS_CHAOS, 0, 1 + len(data))
    return fixed + bytes((len(data),)) + data


@lru_cache(maxsize=4096)
def _label(name: Name) -> DNSLabel:
    return DNSLabel(names.labels(name))


def _names_in(rtype: int, rdata: bytes) -> tuple[Name, ...]:
    """The names in `rdata`, of the types of RFC 1035: no others may be compressed (RFC 3597 4)."""
    match rtype:
        case RRType.NS | RRType.CNAME | RRType.PTR:
            return (Name(rdata),)
        case RRType.MX:
            return (Name(rdata[2:]),)
        case RRType.SOA:
            mname = names.leading(rdata)
            return mname, names.leading(rdata[len(mname) :])
    return ()


def _rd(rtype: int, rdata: bytes) -> RD:
    """dnslib's form of `rdata`."""
    labels = [_label(name) for name in _names_in(rtype, rdata)]
    match rtype:
        case RRType.NS | RRType.CNAME | RRType.PTR:
            return {RRType.NS: NS, RRType.CNAME: CNAME, RRType.PTR: PTR}[RRType(rtype)](*labels)
        case RRType.MX:
            return MX(*labels, int.from_bytes(rdata[:2], "big"))
        case RRType.SOA:
            return SOA(*labels, struct.unpack("!5I", rdata[-20:]))
    return RD(rdata)


class _Buffer(DNSBuffer):  # type: ignore[misc]  # dnslib is untyped
    """dnslib's buffer, for any label and for messages beyond 16 KiB.

    `moving` are the offsets of the pointers to anything but the name of the question.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moving: list[int] = []

    def encode_name(self, name: DNSLabel) -> None:
        for depth in range(len(name.label)):
            suffix = name.label[depth:]
            known_at = self.names.get(suffix)
            if known_at is not None:
                if known_at > HEADER_OCTETS:
                    self.moving.append(self.offset)
                self.pack("!H", 0xC000 | known_at)
                return
            if self.offset <= LARGEST_POINTER:
                self.names[suffix] = self.offset
            self.append(bytes((len(suffix[0]),)) + suffix[0])
        self.append(b"\0")

    def append_rrset(self, rrset: RRset) -> int:
        """Appends the records of `rrset`; returns how many there are."""
        owner = _label(rrset.owner)
        for rdata in rrset.rdatas:
            RR(owner, rrset.rtype, CLASS_IN, rrset.ttl, _rd(rrset.rtype, rdata)).pack(self)
        return len(rrset.rdatas)
