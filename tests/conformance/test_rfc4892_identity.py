"""RFC 4892, RFC 5001: what the server tells of itself: nothing, unless it is told to."""

import dns.edns
import dns.message
import dns.rcode
import pytest

from harness.ways import Way, query

NAMES = ["version.bind.", "version.server.", "id.server.", "hostname.bind."]
TOLD = {
    "version.bind.": "rrdns test",
    "version.server.": "rrdns test",
    "id.server.": "ns1.test",
    "hostname.bind.": "ns1.test",
    "VERSION.Bind.": "rrdns test",
}


def nsid_query() -> dns.message.Message:
    message = query("host")
    message.use_edns(0, payload=1232, options=[dns.edns.GenericOption(dns.edns.NSID, b"")])
    return message


@pytest.mark.parametrize("qtype", ["TXT", "A", "ANY"])
@pytest.mark.parametrize("qname", [*NAMES, "other.bind.", "host"], ids=lambda qname: f"T01 {qname}")
def test_chaos_is_refused_unless_configured(ask: Way, qname: str, qtype: str) -> None:
    reply = ask(qname, qtype, "CH")
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.answer


@pytest.mark.parametrize("qname", TOLD, ids=lambda qname: f"T01 {qname}")
def test_chaos_is_answered_as_configured(ask_open: Way, qname: str) -> None:
    reply = ask_open(qname, "TXT", "CH", edns=1232)
    assert reply.rcode() == dns.rcode.NOERROR
    (rrset,) = reply.answer
    assert rrset.ttl == 0
    assert [rdata.strings for rdata in rrset] == [(TOLD[qname].encode(),)]


@pytest.mark.parametrize(
    ("qname", "qtype"),
    [("other.bind.", "TXT"), ("host", "TXT"), ("version.bind.", "A")],
    ids=["T01 another name", "T01 a name of ours", "T01 another type"],
)
def test_other_chaos_questions_are_refused(ask_open: Way, qname: str, qtype: str) -> None:
    reply = ask_open(qname, qtype, "CH")
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.answer


def test_e16_nsid_is_not_told_unless_configured(ask: Way) -> None:
    assert not ask.ask(nsid_query()).options


def test_e16_nsid_is_told_where_asked(ask_open: Way) -> None:
    (option,) = ask_open.ask(nsid_query()).options
    assert option.otype == dns.edns.NSID
    assert option.to_wire() == b"node-1"
    assert not ask_open("host", edns=1232).options
