"""RFC 2181 sections 5 and 11, RFC 4343: names of any octets, letter case, and whole RRsets."""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import pytest

from harness.expect import SOA, Case, parsed, rrsets
from harness.ways import ORIGIN, Way, query

A63, B63, C63 = "a" * 63, "b" * 63, "c" * 63
LONGEST = f"{A63}.{B63}.{C63}.{'d' * 46}"

MIXED_CASE = [
    "HOST",
    "hOsT.TrIcKy.ExAmPlE.",
    "C1.tricky.EXAMPLE.",
    "X.WILD",
    "NoWhere.Tricky.example.",
]


@pytest.mark.parametrize("qname", MIXED_CASE, ids=lambda qname: f"N01 {qname}")
def test_letter_case_comes_back_and_does_not_matter(ask: Way, qname: str) -> None:
    message = query(qname)
    reply = dns.message.from_wire(ask.exchange(message.to_wire()))
    assert reply.question[0].name.labels == message.question[0].name.labels
    assert rrsets(reply.answer) == rrsets(ask(qname.lower()).answer)


MISSING = {
    "N02 a label of 63 octets": dns.name.Name((b"x" * 63,)) + ORIGIN,
    "N02 a name of 255 octets": dns.name.from_text(f"{'z' * 46}.{B63}.{C63}.{A63}", ORIGIN),
    "N02 a name of 121 labels": dns.name.Name((b"x",) * 118 + (b"xx",)) + ORIGIN,
    "N03 a NUL": dns.name.Name((b"\0",)) + ORIGIN,
    "N03 NULs only": dns.name.Name((b"\0\0\0\0",)) + ORIGIN,
    "N03 a dot": dns.name.Name((b"a.b",)) + ORIGIN,
    "N03 octets of 255": dns.name.Name((b"\xff\xff",)) + ORIGIN,
    "N03 a space": dns.name.Name((b" ",)) + ORIGIN,
    "N03 a NUL where the name could end": dns.name.Name((b"host\0",)) + ORIGIN,
    "N03 every octet there is": dns.name.Name(
        tuple(bytes(range(at, at + 32)) for at in range(0, 192, 32))
    )
    + ORIGIN,
}


@pytest.mark.parametrize("qname", MISSING.values(), ids=MISSING)
def test_odd_names_that_are_missing_are_nxdomain(ask: Way, qname: dns.name.Name) -> None:
    message = query(qname)
    reply = dns.message.from_wire(ask.exchange(message.to_wire()))
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert reply.question[0].name.labels == message.question[0].name.labels


PRESENT = [
    Case(
        "N02 a label of 63 octets is served", A63, "TXT", answer=f'{A63} TXT "a label of 63 octets"'
    ),
    Case(
        "N02 a name of 255 octets is served",
        LONGEST,
        "TXT",
        answer=f'{LONGEST} TXT "a name of 255 octets"',
    ),
    Case(
        "N02 what is above the name of 255 octets exists", f"{C63}.{'d' * 46}", "TXT", authority=SOA
    ),
    *(
        Case(f"N03 {what} in a name of ours", label, answer=f"{label} A 192.0.2.{last}")
        for what, label, last in (
            ("a NUL", r"nul\000inside", 201),
            ("a dot", r"dot\.inside", 202),
            ("a space", r"space\032inside", 203),
            ("an octet of 255", r"high\255octet", 204),
            ("a semicolon", r"semi\;colon", 205),
            ("a quote", r"quo\"te", 206),
            ("a backslash", r"back\\slash", 207),
        )
    ),
    Case(
        "N03 an asterisk that is part of a label is no wildcard",
        "x*.wild",
        "A",
        answer="x*.wild A 192.0.2.70",
    ),
]


@pytest.mark.parametrize("case", PRESENT, ids=lambda case: case.title)
def test_odd_names_of_ours_are_served(ask: Way, case: Case) -> None:
    case.check(ask)


def test_n03_a_dot_in_a_label_is_not_two_labels(ask: Way) -> None:
    assert ask("dot.inside").rcode() == dns.rcode.NXDOMAIN


WHOLE = {
    "D01 three addresses": ("www", "A", 3),
    "D01 forty addresses": ("forty", "A", 40),
    "D01 ten MX": ("mx", "MX", 10),
}


@pytest.mark.parametrize(("qname", "qtype", "size"), WHOLE.values(), ids=WHOLE)
def test_all_records_of_an_rrset_come_once_with_one_ttl(
    ask: Way, qname: str, qtype: str, size: int
) -> None:
    reply = ask.raw(query(qname, qtype, edns=1232).to_wire())
    answer = reply.sections[0]
    assert len(answer) == size
    assert len({record.rdata for record in answer}) == size
    assert {record.ttl for record in answer} == {3600}


@pytest.mark.parametrize("qname", ["www", "c1", "x.wild", "host"], ids=lambda qname: f"D24 {qname}")
def test_the_same_question_gets_the_same_set_fifty_times(ask: Way, qname: str) -> None:
    packets = [query(qname).to_wire()] * 50
    sets = {
        tuple(rrsets(dns.message.from_wire(reply).answer))
        for reply in ask.exchange_in_turn(packets)
    }
    assert len(sets) == 1


def test_d01_the_set_is_the_zones(ask: Way) -> None:
    expected = "www A 192.0.2.11\nwww A 192.0.2.12\nwww A 192.0.2.13"
    assert rrsets(ask("www").answer) == rrsets(parsed(expected))
