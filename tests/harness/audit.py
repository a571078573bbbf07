"""What holds for every reply, whatever was asked.

The reader of messages here is a third one, beside the server's and dnspython's, because it has to
see what they hide: where compression pointers point, and what data looks like before expansion.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.opcode
import dns.rcode

HEADER_OCTETS = 12
LARGEST_UDP_REPLY = 1232
PLAIN_UDP_REPLY = 512
TYPE_OPT = 41
OPTION_COOKIE = 10
OPTION_EXTENDED_ERROR = 15
LONGEST_EXTRA_TEXT = 128
CLIENT_COOKIE_OCTETS = 8
SHORTEST_COOKIE, LONGEST_COOKIE = 16, 40

# Types of RFC 1035 whose data may hold compressed names, and where the first name begins.
COMPRESSIBLE = {2: 0, 5: 0, 6: 0, 12: 0, 15: 2}


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the message; `owner` is expanded and folded, `rdata` as sent."""

    owner: bytes
    rtype: int
    rclass: int
    ttl: int
    rdata: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A message taken apart: flags, the question's octets, the records of the three sections."""

    flags: int
    question: bytes
    sections: tuple[tuple[Record, ...], tuple[Record, ...], tuple[Record, ...]]

    @property
    def rcode(self) -> int:
        return self.flags & 0xF

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of all sections but for OPT."""
        return tuple(r for section in self.sections for r in section if r.rtype != TYPE_OPT)

    @property
    def opts(self) -> tuple[Record, ...]:
        return tuple(r for section in self.sections for r in section if r.rtype == TYPE_OPT)

    @property
    def options(self) -> tuple[tuple[int, bytes], ...]:
        """The EDNS options, as code and data, in their order."""
        return tuple(option for opt in self.opts for option in _options(opt.rdata))


def take_apart(message: bytes) -> Message:
    """Reads `message` to its end; AssertionError where it is not well-formed."""
    _, flags, qdcount, *counts = struct.unpack_from("!6H", message)
    at = HEADER_OCTETS
    for _ in range(qdcount):
        _, at = _name(message, at)
        at += 4
    question = message[HEADER_OCTETS:at]
    sections: list[tuple[Record, ...]] = []
    for count in counts:
        section = []
        for _ in range(count):
            record, at = _record(message, at)
            section.append(record)
        sections.append(tuple(section))
    assert at == len(message), f"{len(message) - at} octets stand after the last record"
    answer, authority, additional = sections
    return Message(flags, question, (answer, authority, additional))


def audit(query: bytes, reply: bytes, transport: str) -> Message:
    """Asserts what any reply to `query` owes, and takes it apart."""
    message = take_apart(reply)
    assert reply[:2] == query[:2], "the ID is not the query's (RFC 1035 4.1.1)"
    assert message.flags & 0x8000, "QR is clear (RFC 1035 4.1.1)"
    assert reply[2] & 0x78 == query[2] & 0x78, "the opcode is not the query's (RFC 1035 4.1.1)"
    assert reply[2] & 1 == query[2] & 1, "RD is not the query's (RFC 1035 4.1.1)"
    assert not message.flags & 0x00F0, "RA, Z, AD or CD is set (RFC 1035 4.1.1, RFC 4035 3.1.6)"
    assert message.question in (b"", query[HEADER_OCTETS : HEADER_OCTETS + len(message.question)])
    assert len(reply) <= _limit(query, transport), "the reply is too large (RFC 6891 6.2.5)"
    _audit_records(message)
    _audit_opt(query, message)
    return message


def _audit_records(message: Message) -> None:
    seen = set()
    ttls: dict[tuple[bytes, int], int] = {}
    for record in message.records:
        key = (record.owner, record.rtype, record.rdata)
        if record.rtype not in COMPRESSIBLE:  # else equal data may be written in two ways
            assert key not in seen, f"a record stands twice (RFC 2181 5): {record}"
        seen.add(key)
        ttl = ttls.setdefault(key[:2], record.ttl)
        assert ttl == record.ttl, f"an RRset has two TTLs (RFC 2181 5.2): {record}"
    assert not message.flags & 0x0200 or not message.sections[0], "TC is set beside whole answers"


def _audit_opt(query: bytes, message: Message) -> None:
    assert len(message.opts) <= 1, "there are several OPT records (RFC 6891 6.1.1)"
    try:
        asked = dns.message.from_wire(query, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return  # what can not be read may hold no OPT that could be seen
    assert bool(message.opts) == (asked.edns >= 0), "OPT goes with OPT (RFC 6891 6.1.1, 7)"
    for opt in message.opts:
        assert opt.owner == b"\0"
        assert opt.rclass >= PLAIN_UDP_REPLY, "a UDP size below 512 is offered (RFC 6891 6.2.3)"
        assert opt.rclass <= LARGEST_UDP_REPLY, "a UDP size above 1232 is offered (RFC 9715)"
        assert opt.ttl >> 16 & 0xFF == 0, "the EDNS version is not 0 (RFC 6891 6.1.3)"
        assert not opt.ttl & 0x7FFF, "unknown EDNS flags are set (RFC 6891 6.1.4)"
    _audit_cookie(asked, message)
    _audit_extended_error(message)


def _audit_cookie(asked: dns.message.Message, message: Message) -> None:
    sent = [option.to_wire() for option in asked.options if option.otype == OPTION_COOKIE]
    baked = [data for code, data in message.options if code == OPTION_COOKIE]
    assert len(baked) <= min(1, len(sent)), "a cookie comes unasked or twice (RFC 7873 5.2)"
    for cookie in baked:
        assert SHORTEST_COOKIE <= len(cookie) <= LONGEST_COOKIE, "no cookie is so long (RFC 7873 4)"
        assert cookie.startswith(sent[0][:CLIENT_COOKIE_OCTETS]), (
            "the cookie is not the client's (RFC 7873 5.2)"
        )


def _audit_extended_error(message: Message) -> None:
    told = [data for code, data in message.options if code == OPTION_EXTENDED_ERROR]
    assert len(told) <= 1, "there is more to tell than one thing"
    assert not (told and message.flags & 0x0200), "it goes before anything else (RFC 8914 3)"
    for data in told:
        text = data[2:].decode()
        assert len(data) >= 2, "there is no INFO-CODE (RFC 8914 2)"
        assert len(data) <= 2 + LONGEST_EXTRA_TEXT, "the text is lengthy (RFC 8914 3)"
        assert not text.endswith("\0"), "the text ends in NUL (RFC 8914 2)"


def _limit(query: bytes, transport: str) -> int:
    if transport == "tcp":
        return 65535
    try:
        asked = dns.message.from_wire(query, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        has_records = query[6:HEADER_OCTETS] != bytes(6)
        return LARGEST_UDP_REPLY if has_records else PLAIN_UDP_REPLY  # one may be an OPT
    if asked.edns < 0:
        return PLAIN_UDP_REPLY
    return min(max(asked.payload, PLAIN_UDP_REPLY), LARGEST_UDP_REPLY)


def _record(message: bytes, at: int) -> tuple[Record, int]:
    owner, at = _name(message, at)
    rtype, rclass, ttl, length = struct.unpack_from("!HHIH", message, at)
    start, end = at + 10, at + 10 + length
    assert end <= len(message), "record data reaches beyond the message"
    if rtype in COMPRESSIBLE:
        _, after = _name(message, start + COMPRESSIBLE[rtype])
        if rtype == 6:
            _, after = _name(message, after)
            after += 20
        assert after == end, "record data is not as long as it says"
    return Record(owner, rtype, rclass, ttl, message[start:end]), end


def _options(rdata: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(rdata):
        code, length = struct.unpack_from("!HH", rdata, at)
        at += 4 + length
        assert at <= len(rdata), "an option reaches beyond its OPT"
        yield code, rdata[at - length : at]


def _name(message: bytes, at: int) -> tuple[bytes, int]:
    """The name at `at`, expanded and folded, and the offset behind it."""
    expanded = b""
    end = None
    earliest = at
    while length := message[at]:
        if length >= 0xC0:
            target = struct.unpack_from("!H", message, at)[0] & 0x3FFF
            assert HEADER_OCTETS <= target < earliest, "a pointer does not go back (RFC 1035 4.1.4)"
            end = end or at + 2
            at = earliest = target
            continue
        assert length <= 63, "a label is of no known kind"
        expanded += message[at : at + 1 + length]
        at += 1 + length
    assert len(expanded) < 255, "a name is longer than 255 octets"
    return expanded.lower() + b"\0", end or at + 1
