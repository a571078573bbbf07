"""RFC 3597, RFC 6895 section 3.1: types that we do not know, and types that are no data."""

import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.expect import SOA, Case, parsed, rrsets
from harness.ways import Way, query

CASES = [
    Case("T06 an unknown type at an existing name is NODATA", "host", "TYPE65399", authority=SOA),
    Case(
        "T06 an unknown type at an empty non-terminal is NODATA",
        "c.ent",
        "TYPE65399",
        authority=SOA,
    ),
    Case(
        "T06 an unknown type at a missing name is NXDOMAIN",
        "nowhere",
        "TYPE65399",
        rcode="NXDOMAIN",
        authority=SOA,
    ),
    Case("T06 the largest type there is", "host", "TYPE65535", authority=SOA),
    Case(
        "T06 an unknown type follows aliases",
        "c1",
        "TYPE65399",
        answer="c1 CNAME c2\nc2 CNAME host",
        authority=SOA,
    ),
    Case(
        "T07 data of an unknown type is served octet for octet",
        "unknown",
        "TYPE65280",
        answer=r"unknown TYPE65280 \# 5 0102030405",
    ),
    Case(
        "T07 empty data of an unknown type",
        "unknown",
        "TYPE65281",
        answer=r"unknown TYPE65281 \# 0",
    ),
    Case(
        "T07 data that looks like compression pointers",
        "pointers",
        "TYPE65280",
        answer=r"pointers TYPE65280 \# 4 C00CC00C",
    ),
    Case(
        "T07 a known type written as an unknown one", "generic", "A", answer="generic A 192.0.2.210"
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_unknown_types(ask: Way, case: Case) -> None:
    case.check(ask)


META_TYPES = {
    "T11 type 0 is NODATA": ("TYPE0", dns.rcode.NOERROR),
    "T11 OPT is NODATA": ("OPT", dns.rcode.NOERROR),
    "T11 TKEY is NODATA": ("TKEY", dns.rcode.NOERROR),
    "T11 TSIG is NODATA": ("TSIG", dns.rcode.NOERROR),
    "T11 MAILB is NODATA": ("MAILB", dns.rcode.NOERROR),
    "T11 MAILA is NODATA": ("MAILA", dns.rcode.NOERROR),
}


@pytest.mark.parametrize("edns", [None, 1232], ids=["plain", "with EDNS"])
@pytest.mark.parametrize(("qtype", "rcode"), META_TYPES.values(), ids=META_TYPES)
def test_meta_types_have_no_data(
    ask: Way, qtype: str, rcode: dns.rcode.Rcode, edns: int | None
) -> None:
    reply = ask("host", qtype, edns=edns)
    assert reply.rcode() == rcode
    assert not reply.answer
    assert not reply.additional
    assert ask("host").answer, "the server lives on"


@pytest.mark.parametrize(
    "qtype", ["AXFR", "IXFR"], ids=["T08 T09 AXFR is REFUSED", "T10 IXFR is REFUSED"]
)
def test_transfers_are_refused(ask: Way, qtype: str) -> None:
    """RFC 5936 section 4.2: none over UDP; nor over TCP, until a list says who may."""
    message = query("@", qtype)
    if qtype == "IXFR":
        message.authority = parsed("@ SOA ns1 hostmaster 1 7200 900 1209600 300")
    reply = dns.message.from_wire(ask.exchange(message.to_wire()))
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.answer
    assert not reply.authority
    assert not reply.flags & dns.flags.AA
    assert rrsets(ask("host").answer) == rrsets(parsed("host A 192.0.2.20"))
