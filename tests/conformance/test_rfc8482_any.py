"""RFC 8482: QTYPE ANY gets one RRset over UDP, all of them over TCP, and amplifies nothing."""

import dns.flags
import dns.rcode
import pytest

from harness.expect import SOA, parsed, rrsets
from harness.ways import Way, query

WITH_DATA = ["www", "@", "c1", "x.wild", "d", "unknown", "_http._tcp", "big"]


@pytest.mark.parametrize("qname", WITH_DATA, ids=lambda qname: f"T04 ANY at {qname} is not NODATA")
def test_any_at_a_name_with_data(ask: Way, qname: str) -> None:
    reply = ask(qname, "ANY", edns=1232)
    assert reply.rcode() == dns.rcode.NOERROR
    assert reply.flags & dns.flags.AA
    assert reply.answer or reply.flags & dns.flags.TC
    assert not reply.authority


def test_t04_any_over_udp_is_one_rrset_that_the_name_has(ask_udp: Way) -> None:
    (only,) = rrsets(ask_udp("www", "ANY").answer)
    expected = "www A 192.0.2.11\nwww A 192.0.2.12\nwww A 192.0.2.13"
    assert only in rrsets(parsed(expected))


def test_t04_any_over_tcp_is_all_rrsets(ask_tcp: Way) -> None:
    assert {rrset[1] for rrset in rrsets(ask_tcp("@", "ANY").answer)} == {
        "SOA",
        "NS",
        "MX",
        "A",
        "AAAA",
        "CAA",
        "HTTPS",
        "TXT",
        "NAPTR",
        "TYPE65280",
    }
    expected = r"unknown TYPE65280 \# 5 0102030405" + "\n" + r"unknown TYPE65281 \# 0"
    assert set(rrsets(ask_tcp("unknown", "ANY").answer)) == set(rrsets(parsed(expected)))


@pytest.mark.parametrize("qname", WITH_DATA, ids=lambda qname: f"T05 ANY at {qname}")
def test_any_over_udp_is_no_amplifier(ask_udp: Way, qname: str) -> None:
    packet = query(qname, "ANY", edns=4096).to_wire()
    reply = ask_udp.exchange(packet)
    assert len(reply) <= 512 or ask_udp.raw(packet).flags & dns.flags.TC


NEGATIVE = {
    "T04 ANY at an empty non-terminal is NODATA": ("c.ent", dns.rcode.NOERROR),
    "T04 ANY at a missing name is NXDOMAIN": ("nowhere", dns.rcode.NXDOMAIN),
}


@pytest.mark.parametrize(("qname", "rcode"), NEGATIVE.values(), ids=NEGATIVE)
def test_any_where_there_is_nothing(ask: Way, qname: str, rcode: dns.rcode.Rcode) -> None:
    reply = ask(qname, "ANY")
    assert reply.rcode() == rcode
    assert not reply.answer
    assert rrsets(reply.authority) == rrsets(parsed(SOA))


def test_t04_any_below_a_cut_is_a_referral(ask: Way) -> None:
    reply = ask("www.sub", "ANY")
    assert reply.rcode() == dns.rcode.NOERROR
    assert not reply.flags & dns.flags.AA
    assert not reply.answer
    assert rrsets(reply.authority) == rrsets(parsed("sub NS ns1.sub\nsub NS ns2.sub"))
