"""RFC 2308, RFC 8020: NODATA and NXDOMAIN, their SOA and its TTL, and empty non-terminals.

The SOA of the tricky zone has TTL 3600 and MINIMUM 300; negative answers carry the lesser.
"""

import pytest

from harness.expect import SOA, Case
from harness.ways import Way

CHILD_SOA = "child 60 SOA ns.child hostmaster.child 7 7200 900 1209600 60"

CASES = [
    Case("D03 NODATA has one SOA with the negative TTL", "host", "TXT", authority=SOA),
    Case("D03 NODATA at the apex", "@", "SRV", authority=SOA),
    Case("D03 NODATA for AAAA beside an A", "host", "AAAA", authority=SOA),
    Case("D03 NODATA at a name with underscores", "_http._tcp", "A", authority=SOA),
    Case(
        "D03 the SOA of a child zone of ours is the child's",
        "www.child",
        "TXT",
        authority=CHILD_SOA,
    ),
    Case(
        "D03 the SOA itself has its own TTL",
        "@",
        "SOA",
        answer="@ 3600 SOA ns1 hostmaster 2024010101 7200 900 1209600 300",
    ),
    Case(
        "D04 NXDOMAIN has one SOA with the negative TTL", "nowhere", rcode="NXDOMAIN", authority=SOA
    ),
    Case(
        "D04 NXDOMAIN several labels below the apex",
        "a.b.c.nowhere",
        rcode="NXDOMAIN",
        authority=SOA,
    ),
    Case("D04 NXDOMAIN below a name that exists", "nowhere.host", rcode="NXDOMAIN", authority=SOA),
    Case("D04 NXDOMAIN below an alias", "nowhere.c1", rcode="NXDOMAIN", authority=SOA),
    Case(
        "D04 NXDOMAIN in a child zone of ours",
        "nowhere.child",
        rcode="NXDOMAIN",
        authority=CHILD_SOA,
    ),
    Case("D05 c.ent, just above a name, is NODATA", "c.ent", authority=SOA),
    Case("D05 b.c.ent, just above a name, is NODATA", "b.c.ent", "TXT", authority=SOA),
    Case("D05 ent, three above a name, is NODATA", "ent", "TXT", authority=SOA),
    Case("D05 _tcp, above a service, is NODATA", "_tcp", "SRV", authority=SOA),
    Case("D05 wild, above a wildcard, is NODATA", "wild", authority=SOA),
    Case(
        "D05 an empty non-terminal at the end of an alias is NODATA",
        "centt",
        answer="centt CNAME b.c.ent",
        authority=SOA,
    ),
    Case(
        "D05 a sibling of an empty non-terminal is NXDOMAIN",
        "x.ent",
        rcode="NXDOMAIN",
        authority=SOA,
    ),
    Case("D05 below an empty non-terminal is NXDOMAIN", "x.c.ent", rcode="NXDOMAIN", authority=SOA),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_negative_answers(ask: Way, case: Case) -> None:
    case.check(ask)
