"""RFC 4592: what a wildcard answers for, and what it does not."""

import pytest

from harness.expect import SOA, Case
from harness.ways import Way

MAIL = "mail A 192.0.2.25\nmail AAAA 2001:db8::25"

CASES = [
    Case("D06 one label below", "x.wild", answer="x.wild A 192.0.2.70"),
    Case("D06 several labels below", "a.b.c.wild", answer="a.b.c.wild A 192.0.2.70"),
    Case(
        "D06 another type of the wildcard",
        "x.wild",
        "MX",
        answer="x.wild MX 10 mail",
        additional=MAIL,
    ),
    Case("D06 a name with underscores", "_sip._udp.wild", answer="_sip._udp.wild A 192.0.2.70"),
    Case("D06 a label of 63 octets", f"{'w' * 63}.wild", answer=f"{'w' * 63}.wild A 192.0.2.70"),
    Case("D07 not at an existing name with another type", "exists.wild", authority=SOA),
    Case("D07 not below an existing name", "x.exists.wild", rcode="NXDOMAIN", authority=SOA),
    Case("D07 not at an empty non-terminal", "ent.wild", authority=SOA),
    Case("D07 not below an empty non-terminal", "x.ent.wild", rcode="NXDOMAIN", authority=SOA),
    Case(
        "D07 not below a name below an empty non-terminal",
        "x.deep.ent.wild",
        rcode="NXDOMAIN",
        authority=SOA,
    ),
    Case("D07 not at its own parent", "wild", authority=SOA),
    Case("D08 the asterisk itself can be asked", "*.wild", answer="*.wild A 192.0.2.70"),
    Case("D08 a wildcard without the type is NODATA", "x.wild", "TXT", authority=SOA),
    Case("D08 the asterisk itself without the type is NODATA", "*.wild", "TXT", authority=SOA),
    Case("D08 below the asterisk is NXDOMAIN", "x.*.wild", rcode="NXDOMAIN", authority=SOA),
    Case(
        "D08 an asterisk below the asterisk is NXDOMAIN",
        "*.*.wild",
        rcode="NXDOMAIN",
        authority=SOA,
    ),
    Case(
        "D08 an asterisk in the middle is a plain label",
        "a.*.b.wild",
        answer="a.*.b.wild A 192.0.2.70",
    ),
    Case(
        "D14 an alias of a wildcard's name",
        "towild",
        answer="towild CNAME any.thing.wild\nany.thing.wild A 192.0.2.70",
    ),
    Case(
        "D14 a wildcard that is an alias is followed",
        "x.wc",
        answer="x.wc CNAME host\nhost A 192.0.2.20",
    ),
    Case(
        "D14 a wildcard that is an alias, asked for CNAME",
        "x.wc",
        "CNAME",
        answer="x.wc CNAME host",
    ),
    Case(
        "D14 a wildcard that is an alias, several labels below",
        "a.b.wc",
        answer="a.b.wc CNAME host\nhost A 192.0.2.20",
    ),
    Case(
        "D14 a wildcard that is an alias of a missing name",
        "x.wmiss",
        rcode="NXDOMAIN",
        answer="x.wmiss CNAME nowhere",
        authority=SOA,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_wildcards(ask: Way, case: Case) -> None:
    case.check(ask)
