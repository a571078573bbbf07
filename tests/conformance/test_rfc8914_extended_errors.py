"""RFC 8914: Extended DNS Errors. That there is one at the most, with a code and a text of UTF-8
that is short and not ended by NUL, and none beside TC (E22), is held for every reply by
`harness/audit.py`.

The zone `turns` has pools without a regular IPv4 member: their IPv4 addresses are always on a rung.
"""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.expect import rrsets
from harness.ways import Way, query

BACKUP, NODATA = "backup.turns.example.", "nodata.turns.example."
LOST = "lost.turns.example."
LARGEST = 1232

TOLD = {
    "the pool": (BACKUP, "A"),
    "an alias of the pool": ("to-backup.turns.example.", "A"),
    "a wildcard's pool": (f"x.{LOST}", "A"),
    "NODATA": (NODATA, "A"),
    "an alias of NODATA": ("to-nodata.turns.example.", "A"),
    "ANY": (BACKUP, "ANY"),
}
UNTOLD = {
    "the other family": (BACKUP, "AAAA"),
    "the other family of a wildcard": (f"x.{LOST}", "AAAA"),
    "a type that is absent": (BACKUP, "TXT"),
    "addresses beside an answer": ("mail.turns.example.", "MX"),
    "an alias itself": ("to-backup.turns.example.", "CNAME"),
    "a plain pool": ("cyclic.turns.example.", "A"),
    "a name below the pool": (f"x.{BACKUP}", "A"),
    "a refusal": ("elsewhere.test.", "A"),
}


def errors(reply: dns.message.Message) -> list[dns.edns.EDEOption]:
    """The Extended DNS Errors in `reply`."""
    return [option for option in reply.options if isinstance(option, dns.edns.EDEOption)]


def long_name(octets: int) -> dns.name.Name:
    """A name of so many octets that the wildcard's pool answers for."""
    labels, left = [], octets - len(dns.name.from_text(LOST).to_wire())
    while left:
        size = min(63, left - 1 if left != 65 else 62)  # so that no octet is left over
        labels.append(b"x" * size)
        left -= size + 1
    return dns.name.Name((*labels, *dns.name.from_text(LOST).labels))


@pytest.mark.parametrize(("qname", "qtype"), TOLD.values(), ids=[f"E22 {x}" for x in TOLD])
def test_an_answer_of_a_pool_on_a_rung_says_so(ask: Way, qname: str, qtype: str) -> None:
    reply = ask(qname, qtype, edns=LARGEST)
    (error,) = errors(reply)
    assert error.code == dns.edns.EDECode.OTHER
    assert error.text is not None
    assert error.text.startswith("no member is up")
    assert reply.rcode() == dns.rcode.NOERROR, "RFC 8914 section 3: it changes no RCODE"


@pytest.mark.parametrize(("qname", "qtype"), UNTOLD.values(), ids=[f"E22 {x}" for x in UNTOLD])
def test_other_answers_have_none(ask: Way, qname: str, qtype: str) -> None:
    assert not errors(ask(qname, qtype, edns=LARGEST))


@pytest.mark.parametrize(("qname", "qtype"), TOLD.values(), ids=[f"E22 {x}" for x in TOLD])
def test_nothing_is_told_without_edns(ask: Way, qname: str, qtype: str) -> None:
    with_edns = ask(qname, qtype, edns=LARGEST)
    without = ask(qname, qtype)
    assert without.edns == -1
    assert rrsets(without.answer) == rrsets(with_edns.answer)
    assert rrsets(without.authority) == rrsets(with_edns.authority)


def test_e22_it_stands_behind_a_cookie(ask: Way) -> None:
    message = query(BACKUP)
    message.use_edns(0, payload=LARGEST, options=[dns.edns.CookieOption(b"8octets!", b"")])
    reply = ask.ask(message)
    assert [option.otype for option in reply.options] == [dns.edns.COOKIE, dns.edns.EDE]
    assert len(reply.answer[0]) == 3


def test_e22_do_comes_back_beside_it(ask: Way) -> None:
    message = query(BACKUP)
    message.use_edns(0, dns.flags.DO, payload=LARGEST)
    reply = ask.ask(message)
    assert errors(reply)
    assert reply.ednsflags & dns.flags.DO


def test_e22_the_rungs_differ_in_what_they_say(ask: Way) -> None:
    (backup,), (nodata,) = (errors(ask(qname, edns=LARGEST)) for qname in (BACKUP, NODATA))
    assert backup.text != nodata.text


def test_e22_it_is_dropped_where_it_does_not_fit_and_nothing_else_is(ask_udp: Way) -> None:
    """RFC 8914 section 3: before other data. TC is not set for it: the answer is whole."""
    qname = long_name(255)
    whole = ask_udp(qname, edns=LARGEST)
    octets = len(ask_udp.exchange(query(qname, edns=LARGEST).to_wire()))
    assert octets > 512, "there is a size that it does not fit in"
    for size in (512, octets - 1, octets, octets + 1):
        reply = ask_udp(qname, edns=size)
        assert bool(errors(reply)) is (size >= octets)
        assert not reply.flags & dns.flags.TC
        assert rrsets(reply.answer) == rrsets(whole.answer)


@pytest.mark.parametrize("octets", range(22, 256, 13), ids=lambda octets: f"E22 {octets} octets")
def test_it_is_there_or_not_for_names_of_any_length(ask: Way, octets: int) -> None:
    qname = long_name(octets)
    reply = ask(qname, edns=512)
    assert len(reply.answer[0]) == 13
    with_room = len(ask.exchange(query(qname, edns=LARGEST).to_wire())) <= 512
    assert bool(errors(reply)) is (with_room or ask.transport == "tcp")


def test_the_size_offered_does_not_drop_it_over_tcp(ask_tcp: Way) -> None:
    assert errors(ask_tcp(long_name(255), edns=0))


def test_e22_a_truncated_reply_has_none(ask_udp: Way) -> None:
    assert not errors(ask_udp("big", "TXT", edns=LARGEST))


def test_nodata_of_a_pool_is_kept_no_longer_than_its_addresses(ask: Way) -> None:
    """RFC 2308 section 5: by the TTL of the SOA, which is the zone's for what is not there."""
    withheld, absent = ask(NODATA, "A"), ask(NODATA, "TXT")
    assert not withheld.answer
    assert [rrset.ttl for rrset in withheld.authority] == [20]
    assert [rrset.ttl for rrset in absent.authority] == [60]
