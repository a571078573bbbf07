"""What a zone has for a question: RFC 1034 section 4.3.2, wildcards after RFC 4592."""

import pytest

from rrdns.zone.name import ROOT, Name, from_text, to_text
from rrdns.zone.tree import (
    Alias,
    Delegation,
    Found,
    FoundAny,
    NoData,
    NxDomain,
    Outcome,
    Redirection,
    RRset,
    RRType,
    Zone,
    find_zone,
)

A, NS, CNAME, SOA, MX, DNAME, DS, ANY = (
    RRType.A,
    RRType.NS,
    RRType.CNAME,
    RRType.SOA,
    RRType.MX,
    RRType.DNAME,
    RRType.DS,
    RRType.ANY,
)
TXT = 16
SOA_WIRE = b"\0\0" + b"".join(n.to_bytes(4, "big") for n in (7, 3600, 900, 604800, 300))


def zone_of(apex: str, *owned: tuple[str, int]) -> Zone:
    """A zone with an SOA and an RRset for each owner and type, whose data does not matter."""
    rrsets = [RRset(from_text(owner), rtype, 60, (b"\0",)) for owner, rtype in owned]
    return Zone.of(from_text(apex), [RRset(from_text(apex), SOA, 3600, (SOA_WIRE,)), *rrsets])


def told(outcome: Outcome) -> str:
    """The kind of the outcome, and the owner name of the data that it gives."""
    match outcome:
        case Found(rrset, owner) | Alias(rrset, owner):
            shown = to_text(owner) if owner == rrset.owner else f"{to_text(owner)} by wildcard"
            return f"{type(outcome).__name__} {shown}"
        case FoundAny(rrsets):
            return f"FoundAny {sorted(int(rrset.rtype) for rrset in rrsets)}"
        case Redirection(rrset) | Delegation(rrset):
            return f"{type(outcome).__name__} {to_text(rrset.owner)}"
        case NoData() | NxDomain():
            return type(outcome).__name__


LINUX = zone_of(
    "linux.example",
    ("linux.example", NS),
    ("linux.example", MX),
    ("www.linux.example", A),
    ("ftp.linux.example", CNAME),
    ("a.b.ent.linux.example", A),
    ("sub.linux.example", NS),
    ("sub.linux.example", DS),
    ("ns.sub.linux.example", A),
    ("deep.sub.linux.example", NS),
    ("old.linux.example", DNAME),
    ("old.linux.example", TXT),
    ("*.alias.linux.example", CNAME),
)


@pytest.mark.parametrize(
    ("qname", "qtype", "outcome"),
    [
        pytest.param("www", A, "Found www.linux.example.", id="the name has the type"),
        pytest.param("www", MX, "NoData", id="the name lacks the type"),
        pytest.param("nowhere", A, "NxDomain", id="no such name"),
        pytest.param("x.www", A, "NxDomain", id="below a name with data"),
        pytest.param("", SOA, "Found linux.example.", id="the apex"),
        pytest.param("", NS, "Found linux.example.", id="NS at the apex is no cut"),
        pytest.param("", DS, "NoData", id="DS at the apex"),
        pytest.param("ftp", A, "Alias ftp.linux.example.", id="a CNAME"),
        pytest.param("ftp", CNAME, "Found ftp.linux.example.", id="the CNAME itself"),
        pytest.param("ent", A, "NoData", id="an empty non-terminal"),
        pytest.param("b.ent", A, "NoData", id="an empty non-terminal further down"),
        pytest.param("c.ent", A, "NxDomain", id="a sibling of an empty non-terminal"),
        pytest.param("ent", ANY, "NoData", id="ANY at an empty non-terminal"),
        pytest.param("", ANY, "FoundAny [2, 6, 15]", id="ANY at a name with data"),
        pytest.param("ftp", ANY, "FoundAny [5]", id="ANY at a CNAME does not follow it"),
        pytest.param("sub", A, "Delegation sub.linux.example.", id="at a cut"),
        pytest.param("sub", NS, "Delegation sub.linux.example.", id="NS at a cut"),
        pytest.param("sub", ANY, "Delegation sub.linux.example.", id="ANY at a cut"),
        pytest.param("sub", DS, "Found sub.linux.example.", id="DS at a cut is ours"),
        pytest.param("ns.sub", A, "Delegation sub.linux.example.", id="glue is not an answer"),
        pytest.param("x.y.sub", A, "Delegation sub.linux.example.", id="far below a cut"),
        pytest.param("ns.sub", DS, "Delegation sub.linux.example.", id="DS below a cut"),
        pytest.param("deep.sub", A, "Delegation sub.linux.example.", id="the upper cut counts"),
        pytest.param("deep.sub", DS, "Delegation sub.linux.example.", id="DS at a hidden cut"),
        pytest.param("old", TXT, "Found old.linux.example.", id="a DNAME owner's other data"),
        pytest.param("old", A, "NoData", id="a DNAME does not redirect its owner"),
        pytest.param("old", DNAME, "Found old.linux.example.", id="the DNAME itself"),
        pytest.param("a.b.old", A, "Redirection old.linux.example.", id="below a DNAME"),
        pytest.param("a.old", DNAME, "Redirection old.linux.example.", id="DNAME below a DNAME"),
        pytest.param(
            "x.alias", A, "Alias x.alias.linux.example. by wildcard", id="a wildcard CNAME"
        ),
    ],
)
def test_lookup(qname: str, qtype: int, outcome: str) -> None:
    assert told(LINUX.find(from_text(qname, LINUX.apex), qtype)) == outcome


# The zone and the questions of RFC 4592 section 2.2.1.
RFC_4592 = zone_of(
    "example",
    ("example", NS),
    ("*.example", TXT),
    ("*.example", MX),
    ("sub.*.example", TXT),
    ("host1.example", A),
    ("_ssh._tcp.host1.example", RRType.SRV),
    ("_ssh._tcp.host2.example", RRType.SRV),
    ("subdel.example", NS),
)


@pytest.mark.parametrize(
    ("qname", "qtype", "outcome"),
    [
        pytest.param("host3", MX, "Found host3.example. by wildcard", id="host3 MX"),
        pytest.param("host3", A, "NoData", id="host3 A"),
        pytest.param("foo.bar", TXT, "Found foo.bar.example. by wildcard", id="foo.bar TXT"),
        pytest.param("host1", MX, "NoData", id="host1 exists"),
        pytest.param("sub.*", MX, "NoData", id="sub.* exists"),
        pytest.param("_telnet._tcp.host1", RRType.SRV, "NxDomain", id="_tcp.host1 exists"),
        pytest.param("host.subdel", A, "Delegation subdel.example.", id="subdel is a cut"),
        pytest.param("ghost.*", MX, "NxDomain", id="*.example is the closest encloser"),
        pytest.param("*", TXT, "Found *.example.", id="the wildcard itself"),
        pytest.param("*", A, "NoData", id="the wildcard lacks the type"),
        pytest.param("host2", MX, "NoData", id="an empty non-terminal hides the wildcard"),
        pytest.param("x.host2", MX, "NxDomain", id="below an empty non-terminal"),
    ],
)
def test_wildcards_of_rfc_4592(qname: str, qtype: int, outcome: str) -> None:
    assert told(RFC_4592.find(from_text(qname, RFC_4592.apex), qtype)) == outcome


def test_the_root_zone() -> None:
    root = zone_of(".", (".", NS), ("com", NS), ("a.example", A))
    assert told(root.find(ROOT, NS)) == "Found ."
    assert told(root.find(from_text("www.com"), A)) == "Delegation com."
    assert told(root.find(from_text("example"), A)) == "NoData"
    assert told(root.find(from_text("net"), A)) == "NxDomain"


def test_the_serial_and_the_negative_ttl_come_from_the_soa() -> None:
    assert LINUX.serial == 7
    assert LINUX.soa.ttl == 3600
    assert LINUX.negative_soa.ttl == 300, "the lesser of TTL and MINIMUM (RFC 2308 section 5)"


def test_what_is_written_at_a_name_is_found_below_a_cut_too() -> None:
    glue = from_text("ns.sub.linux.example")
    assert LINUX.rrset(glue, A) is not None
    assert LINUX.is_below_cut(glue)
    assert LINUX.is_below_cut(from_text("sub.linux.example"))
    assert not LINUX.is_below_cut(LINUX.apex)


def zones(*apexes: str) -> dict[Name, Zone]:
    return {from_text(apex): zone_of(apex) for apex in apexes}


@pytest.mark.parametrize(
    ("apexes", "qname", "qtype", "found"),
    [
        pytest.param(["a", "b.a"], "x.b.a", A, "b.a", id="the longest apex"),
        pytest.param(["a", "b.a"], "b.a", A, "b.a", id="the apex itself"),
        pytest.param(["a", "b.a"], "b.a", DS, "a", id="DS at an apex is the parent's"),
        pytest.param(["b.a"], "b.a", DS, "b.a", id="unless the parent is not ours"),
        pytest.param(["a", "b.a"], "x.b.a", DS, "b.a", id="DS below an apex"),
        pytest.param(["."], ".", DS, ".", id="DS of the root"),
        pytest.param([".", "a"], "b", A, ".", id="the root zone has the rest"),
        pytest.param(["a"], "ba", A, None, id="no zone of ours"),
    ],
)
def test_the_zone_for_a_question(
    apexes: list[str], qname: str, qtype: int, found: str | None
) -> None:
    zone = find_zone(zones(*apexes), from_text(qname), qtype)
    assert (zone and zone.apex) == (found and from_text(found))
