"""RFC 6672: everything below the owner of a DNAME moves, the owner itself does not."""

import dns.message
import dns.rcode
import pytest

from harness.expect import SOA, Case, parsed, rrsets
from harness.ways import Way, query

D = "d DNAME target\n"
A63, B63, C63 = "a" * 63, "b" * 63, "c" * 63

CASES = [
    Case(
        "D20 a name below is redirected and followed",
        "host.d",
        answer=D + "host.d CNAME host.target\nhost.target A 192.0.2.80",
    ),
    Case(
        "D20 several labels below",
        "a.b.wide.d",
        answer=D + "a.b.wide.d CNAME a.b.wide.target\na.b.wide.target A 192.0.2.81",
    ),
    Case(
        "D20 an alias behind the DNAME is followed",
        "alias.d",
        answer=D + "alias.d CNAME alias.target\nalias.target CNAME host.target\n"
        "host.target A 192.0.2.80",
    ),
    Case(
        "D20 the owner itself is not redirected",
        "d",
        "TXT",
        answer='d TXT "the owner of a DNAME is not redirected"',
    ),
    Case("D20 the owner itself without the type is NODATA", "d", authority=SOA),
    Case("D20 DNAME asked of the owner", "d", "DNAME", answer="d DNAME target"),
    Case(
        "D20 CNAME asked below gets the one that is made",
        "host.d",
        "CNAME",
        answer=D + "host.d CNAME host.target",
    ),
    Case(
        "D20 a missing name behind the DNAME is NXDOMAIN",
        "nowhere.d",
        rcode="NXDOMAIN",
        answer=D + "nowhere.d CNAME nowhere.target",
        authority=SOA,
    ),
    Case(
        "D20 a missing type behind the DNAME is NODATA",
        "host.d",
        "AAAA",
        answer=D + "host.d CNAME host.target",
        authority=SOA,
    ),
    Case(
        "D20 a DNAME that is met twice is told once",
        "back.d",
        answer=D + "back.d CNAME back.target\nback.target CNAME host.d\n"
        "host.d CNAME host.target\nhost.target A 192.0.2.80",
    ),
    Case(
        "D20 into a delegation",
        "www.ddeleg",
        answer="ddeleg DNAME sub\nwww.ddeleg CNAME www.sub",
        authority="sub NS ns1.sub\nsub NS ns2.sub",
        additional="ns1.sub A 192.0.2.61\nns1.sub AAAA 2001:db8::61\nns2.sub A 192.0.2.62",
    ),
    Case(
        "D21 a result that is too long is YXDOMAIN",
        f"{'x' * 60}.dlong",
        rcode="YXDOMAIN",
        answer=f"dlong DNAME {A63}.{B63}.{C63}",
    ),
    Case(
        "D22 out of the zone",
        "www.dout",
        answer="dout DNAME elsewhere.test.\nwww.dout CNAME www.elsewhere.test.",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_dname(ask: Way, case: Case) -> None:
    case.check(ask)


def test_d20_a_dname_into_itself_ends(ask: Way) -> None:
    """The name grows with each turn; the chain is cut, or the name has become too long."""
    reply = ask("a.dgrow", edns=1232)
    assert reply.rcode() in (dns.rcode.NOERROR, dns.rcode.YXDOMAIN)
    assert rrsets(reply.answer)[:2] == rrsets(
        parsed("dgrow DNAME x.dgrow\na.dgrow CNAME a.x.dgrow")
    )
    assert len(reply.answer) <= 32
    assert ask("host").answer, "the server lives on"


def test_d20_the_made_cname_keeps_the_letter_case_of_the_question(ask: Way) -> None:
    packet = query("HOST.D").to_wire()
    reply = dns.message.from_wire(ask.exchange(packet))
    assert reply.answer[1].name.labels[0] == b"HOST"
