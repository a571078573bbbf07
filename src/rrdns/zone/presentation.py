"""Records in presentation format (RFC 1035 section 5.1), for people."""

from collections.abc import Iterator

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from . import name as names
from .tree import RRset


def rrset_lines(rrset: RRset) -> Iterator[str]:
    """A line for each record: `www.linux.example. 60 IN A 192.0.2.1`."""
    head = f"{names.to_text(rrset.owner)} {rrset.ttl} IN {type_text(rrset.rtype)}"
    for rdata in rrset.rdatas:
        yield f"{head} {rdata_text(rrset.rtype, rdata)}"


def type_text(rtype: int) -> str:
    """The mnemonic of a type, `TYPE65280` where it has none (RFC 3597 section 5)."""
    return dns.rdatatype.to_text(_known(rtype))


def type_from_text(text: str) -> int:
    """The type of that mnemonic, in any letter case. ValueError says in words what is wrong."""
    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{text!r} is not a type of record; write for example A or AAAA") from None


def rdata_text(rtype: int, rdata: bytes) -> str:
    """RDATA in presentation format."""
    try:
        parsed = dns.rdata.from_wire(dns.rdataclass.IN, _known(rtype), rdata, 0, len(rdata))
    except dns.exception.DNSException:
        return f"\\# {len(rdata)} {rdata.hex()}"
    return parsed.to_text()


def _known(rtype: int) -> dns.rdatatype.RdataType:
    return dns.rdatatype.RdataType.make(rtype)
