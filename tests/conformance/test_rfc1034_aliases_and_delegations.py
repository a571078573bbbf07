"""RFC 1034 sections 3.6.2, 4.2.1 and 4.3.2, RFC 9471: aliases, referrals, glue, refusals."""

import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.audit import TYPE_OPT
from harness.expect import SOA, Case, parsed, rrsets
from harness.ways import Way, query

SUB = "sub NS ns1.sub\nsub NS ns2.sub"
NS1_SUB = "ns1.sub A 192.0.2.61\nns1.sub AAAA 2001:db8::61"
SUB_GLUE = NS1_SUB + "\nns2.sub A 192.0.2.62"
CHILD_SOA = "child 60 SOA ns.child hostmaster.child 7 7200 900 1209600 60"

ALIASES = [
    Case(
        "D09 a chain is followed in order",
        "c1",
        answer="c1 CNAME c2\nc2 CNAME host\nhost A 192.0.2.20",
    ),
    Case("D09 a chain of one", "c2", answer="c2 CNAME host\nhost A 192.0.2.20"),
    Case("D10 CNAME asked is not followed", "c1", "CNAME", answer="c1 CNAME c2"),
    Case(
        "D10 the type is missing at the end",
        "c1",
        "AAAA",
        answer="c1 CNAME c2\nc2 CNAME host",
        authority=SOA,
    ),
    Case(
        "D11 an alias of a missing name is NXDOMAIN",
        "cmissing",
        rcode="NXDOMAIN",
        answer="cmissing CNAME nowhere",
        authority=SOA,
    ),
    Case(
        "D12 an alias out of the zone is NOERROR", "cout", answer="cout CNAME www.elsewhere.test."
    ),
    Case(
        "D12 an alias into another zone of ours is left to the resolver",
        "cchild",
        answer="cchild CNAME www.child",
    ),
    Case(
        "D12 an alias out of a child zone of ours is left to the resolver",
        "up.child",
        answer="up.child CNAME host",
    ),
    Case("D13 a loop of two ends", "loop1", answer="loop1 CNAME loop2\nloop2 CNAME loop1"),
    Case("D13 a loop of one ends", "self", answer="self CNAME self"),
    Case(
        "D15 an alias into a delegation has the referral beside it",
        "cdeleg",
        answer="cdeleg CNAME www.sub",
        authority=SUB,
        additional=SUB_GLUE,
    ),
]

REFERRALS = [
    Case("D16 below the cut", "www.sub", authoritative=False, authority=SUB, additional=SUB_GLUE),
    Case(
        "D16 several labels below the cut",
        "a.b.c.sub",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case("D16 at the cut", "sub", authoritative=False, authority=SUB, additional=SUB_GLUE),
    Case(
        "D16 without glue, where the server is elsewhere",
        "www.ext",
        authoritative=False,
        authority="ext NS ns.elsewhere.test.",
    ),
    Case(
        "D16 sibling glue",
        "www.sib",
        authoritative=False,
        authority="sib NS ns1.sub",
        additional=NS1_SUB,
    ),
    Case(
        "D16 a server with an address of ours",
        "www.local",
        authoritative=False,
        authority="local NS ns1",
        additional="ns1 A 192.0.2.53\nns1 AAAA 2001:db8::53",
    ),
    Case(
        "D17 NS asked at the cut",
        "sub",
        "NS",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case(
        "D17 SOA asked at the cut",
        "sub",
        "SOA",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case(
        "D17 an address asked of a glue name",
        "ns1.sub",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case(
        "D17 another type asked of a glue name",
        "ns1.sub",
        "TXT",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case("D18 DS asked at the cut is ours to answer", "sub", "DS", authority=SOA),
    Case(
        "D18 DS that is there is answered",
        "secure",
        "DS",
        answer="secure DS 12345 13 2 "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ),
    Case(
        "D18 DS asked below the cut is a referral",
        "www.sub",
        "DS",
        authoritative=False,
        authority=SUB,
        additional=SUB_GLUE,
    ),
    Case("T12 DS asked at our apex is NODATA", "@", "DS", authority=SOA),
    Case(
        "T12 DS asked at the apex of a child zone of ours is the parent's NODATA",
        "child",
        "DS",
        authority=SOA,
    ),
    Case(
        "T12 what else is asked there is the child's",
        "child",
        "NS",
        answer="child NS ns.child",
        additional="ns.child A 192.0.2.99",
    ),
    Case(
        "T12 a glue name of the parent's is data of the child's",
        "ns.child",
        answer="ns.child A 192.0.2.99",
    ),
]

ADDITIONAL = [
    Case(
        "D23 NS at the apex",
        "@",
        "NS",
        answer="@ NS ns1\n@ NS ns2",
        additional="ns1 A 192.0.2.53\nns1 AAAA 2001:db8::53\nns2 A 192.0.2.54",
    ),
    Case(
        "D23 MX, as far as the hosts are ours",
        "@",
        "MX",
        answer="@ MX 10 mail\n@ MX 20 mail.elsewhere.test.",
        additional="mail A 192.0.2.25\nmail AAAA 2001:db8::25",
    ),
    Case(
        "D23 SRV, but no glue as if it were data",
        "_sip._udp",
        "SRV",
        answer="_sip._udp SRV 0 0 5060 ns1.sub",
    ),
    Case(
        "D23 SRV with a host whose addresses take turns",
        "_http._tcp",
        "SRV",
        answer="_http._tcp SRV 0 1 80 www\n_http._tcp SRV 10 1 8080 mail.elsewhere.test.",
        additional="www A 192.0.2.11\nwww A 192.0.2.12\nwww A 192.0.2.13\n"
        "www AAAA 2001:db8::11\nwww AAAA 2001:db8::12",
    ),
]


@pytest.mark.parametrize("case", [*ALIASES, *REFERRALS, *ADDITIONAL], ids=lambda case: case.title)
def test_aliases_and_delegations(ask: Way, case: Case) -> None:
    case.check(ask)


def test_d09_a_chain_ends_in_the_whole_rotating_set(ask: Way) -> None:
    reply = ask("alias.turns.example.")
    alias, addresses = reply.answer
    assert alias.to_text() == "alias.turns.example. 60 IN CNAME aliased.turns.example."
    assert len(addresses) == 3


def test_d13_a_chain_without_end_is_cut(ask: Way) -> None:
    """At most some tens of records, and NOERROR: the resolver asks on where the chain was cut."""
    reply = ask("chain1")
    assert reply.rcode() == dns.rcode.NOERROR
    owners = [rrset.name.to_text() for rrset in reply.answer]
    assert owners == [f"chain{at}.tricky.example." for at in range(1, len(owners) + 1)]
    assert 8 <= len(owners) <= 32
    assert ask("host").answer, "the server lives on"


def test_d19_glue_that_does_not_fit_sets_tc(ask_udp: Way) -> None:
    for size in (None, 512, 600):
        assert ask_udp("www.many", edns=size).flags & dns.flags.TC


def test_d19_glue_that_fits_is_all_there(ask: Way) -> None:
    reply = ask("www.many", edns=1232)
    assert not reply.flags & dns.flags.TC
    assert len(reply.authority[0]) == 13
    assert len(reply.additional) == 26


def test_d19_glue_is_whole_over_tcp(ask_tcp: Way) -> None:
    reply = ask_tcp("www.many")
    assert not reply.flags & dns.flags.TC
    assert len(reply.additional) == 26


NOT_OURS = {
    "N07 the root": ".",
    "N07 a top-level domain": "com.",
    "N07 the parent of a zone of ours": "example.",
    "N07 a sibling of a zone of ours": "other.example.",
    "N07 a name that ends like a zone of ours": "nottricky.example.",
    "N07 a name with our apex in the middle": "tricky.example.test.",
}


@pytest.mark.parametrize("qtype", ["A", "NS", "SOA", "DS", "ANY"])
@pytest.mark.parametrize("edns", [None, 1232], ids=["plain", "with EDNS"])
@pytest.mark.parametrize("qname", NOT_OURS.values(), ids=NOT_OURS)
def test_names_that_are_not_ours_are_refused(
    ask: Way, qname: str, edns: int | None, qtype: str
) -> None:
    packet = query(qname, qtype, edns=edns).to_wire()
    octets = ask.exchange(packet)
    reply = ask.raw(packet)
    assert reply.rcode == dns.rcode.REFUSED
    assert not reply.flags & dns.flags.AA
    assert not reply.records
    assert len(octets) <= len(packet), "a refusal must not amplify"
    assert {record.rtype for record in reply.opts} == ({TYPE_OPT} if edns else set())


def test_t12_the_child_zone_has_its_own_data(ask: Way) -> None:
    assert rrsets(ask("www.child").answer) == rrsets(parsed("www.child A 192.0.2.98"))
    assert rrsets(ask("nowhere.child").authority) == rrsets(parsed(CHILD_SOA))
    soa = dns.message.from_wire(ask.exchange(query("child", "SOA").to_wire()))
    assert soa.answer[0][0].serial == 7
