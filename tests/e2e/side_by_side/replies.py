"""What is compared of a reply, aspect by aspect, without what servers may do differently."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Record = tuple[str, str, int, bytes]
"""Owner and type in text form, TTL, and data; letter case of names folded."""

_COMPARED_FLAGS = dns.flags.AA | dns.flags.TC | dns.flags.RD | dns.flags.AD | dns.flags.CD


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; what is None was not looked at.

    `chain` is the order of the RRsets of the answer section. `additional` is looked at in
    referrals, where it is glue; elsewhere RFC 1034 section 4.3.2 leaves it to the server. Of a
    truncated reply the sections are not looked at: nobody may use them (RFC 2181 section 9).
    """

    rcode: str
    flags: str
    question: bytes
    edns: tuple[int, int, bool] | None
    answer: frozenset[Record] | None
    chain: tuple[tuple[str, str], ...] | None
    authority: frozenset[Record] | None
    additional: frozenset[Record] | None


ASPECTS = tuple(field.name for field in fields(Reply))


def read_reply(wire: bytes) -> Reply:
    """The reply that `wire` holds. dnspython's errors where it is malformed."""
    message = dns.message.from_wire(wire, one_rr_per_rrset=True, raise_on_truncation=False)
    truncated = bool(message.flags & dns.flags.TC)
    referral = not message.answer and any(
        rrset.rdtype == dns.rdatatype.NS for rrset in message.authority
    )
    return Reply(
        rcode=dns.rcode.to_text(message.rcode()),
        flags=dns.flags.to_text(message.flags & _COMPARED_FLAGS),
        question=_question(wire),
        edns=_edns(message),
        answer=None if truncated else _records(message.answer),
        chain=None if truncated else _order(message.answer),
        authority=None if truncated else _records(message.authority),
        additional=_records(message.additional) if referral and not truncated else None,
    )


def _question(wire: bytes) -> bytes:
    """The question as it is in the reply, letter case included."""
    if struct.unpack_from("!H", wire, 4) != (1,):
        return b""
    end = 12
    while wire[end]:
        end += 1 + wire[end]
    return wire[12 : end + 5]


def _edns(message: dns.message.Message) -> tuple[int, int, bool] | None:
    if message.edns < 0:
        return None
    return message.edns, message.payload, bool(message.ednsflags & dns.flags.DO)


def _records(section: Iterable[dns.rrset.RRset]) -> frozenset[Record]:
    return frozenset(
        (*_key(rrset), rrset.ttl, rdata.to_digestable()) for rrset in section for rdata in rrset
    )


def _order(section: Iterable[dns.rrset.RRset]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(map(_key, section)))


def _key(rrset: dns.rrset.RRset) -> tuple[str, str]:
    return rrset.name.canonicalize().to_text(), dns.rdatatype.to_text(rrset.rdtype)
