"""What a reply should hold, written as a master file writes it."""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from .ways import ORIGIN, Way, name

DEFAULT_TTL = 3600
NEGATIVE_TTL = 300
SOA_DATA = "SOA ns1 hostmaster 2024010101 7200 900 1209600 300"
SOA = f"@ {NEGATIVE_TTL} {SOA_DATA}"  # as negative answers carry it

RRsetKey = tuple[str, str, int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the reply to it.

    The sections are master-file lines relative to the tricky zone, with its default TTL. The
    order of RRsets in the answer section matters, nothing else does.
    """

    title: str
    qname: str
    qtype: str = "A"
    rcode: str = "NOERROR"
    authoritative: bool = True
    answer: str = ""
    authority: str = ""
    additional: str = ""

    def check(self, way: Way) -> None:
        """Asks, and asserts that the reply is as written."""
        reply = way(self.qname, self.qtype, edns=1232)
        assert dns.rcode.to_text(reply.rcode()) == self.rcode
        assert bool(reply.flags & dns.flags.AA) is self.authoritative
        assert not reply.flags & dns.flags.TC
        assert rrsets(reply.answer) == rrsets(parsed(self.answer))
        assert set(rrsets(reply.authority)) == set(rrsets(parsed(self.authority)))
        assert set(rrsets(reply.additional)) == set(rrsets(parsed(self.additional)))


def parsed(text: str) -> list[dns.rrset.RRset]:
    """The records that `text` writes, one RRset a record."""
    return [_parsed_line(line.split()) for line in text.splitlines()]


def _parsed_line(words: list[str]) -> dns.rrset.RRset:
    owner, *rest = words
    ttl = int(rest.pop(0)) if rest[0].isdecimal() else DEFAULT_TTL
    rtype, *data = rest
    return dns.rrset.from_text_list(
        name(owner), ttl, "IN", rtype, [" ".join(data)], origin=ORIGIN, relativize=False
    )


def rrsets(section: Iterable[dns.rrset.RRset]) -> list[RRsetKey]:
    """The RRsets of a section, in order of appearance, as values to compare."""
    ttls: dict[tuple[str, str], int] = {}
    data: dict[tuple[str, str], set[str]] = {}
    for rrset in section:
        key = (rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype))
        ttls[key] = rrset.ttl
        data.setdefault(key, set()).update(rdata.to_text().lower() for rdata in rrset)
    return [(*key, ttls[key], frozenset(data[key])) for key in data]
