"""RFC 7873, RFC 9018: DNS cookies. That a cookie comes only where one was sent, begins with what
the client sent and has 16 to 40 octets (E15), is held for every reply by `harness/audit.py` too.
"""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.expect import parsed, rrsets
from harness.ways import Way, query

CLIENT = b"8octets!"
HOST = rrsets(parsed("host A 192.0.2.20"))
MALFORMED = [*range(8), *range(9, 16), 41, 48, 100]

OUTCOMES = {
    "an answer": ("host", "A"),
    "a rotating answer": ("www", "A"),
    "NODATA": ("host", "TXT"),
    "NXDOMAIN": ("nowhere", "A"),
    "a referral": ("www.sub", "A"),
    "a wildcard": ("x.wild", "A"),
    "an alias": ("c1", "A"),
    "ANY": ("www", "ANY"),
    "a refusal": ("elsewhere.test.", "A"),
    "a refused transfer": ("@", "AXFR"),
}


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


def asking(
    *options: bytes, qname: str = "host", qtype: str = "A", payload: int = 1232, version: int = 0
) -> bytes:
    """A query with these EDNS options, as wrong as wished."""
    packet = bytearray(query(qname, qtype).to_wire())
    packet[10:12] = b"\0\1"
    data = b"".join(options)
    return (
        bytes(packet) + b"\0" + struct.pack("!HHIH", 41, payload, version << 16, len(data)) + data
    )


def with_cookie(cookie: bytes, qname: str = "host", qtype: str = "A", payload: int = 1232) -> bytes:
    return asking(option(dns.edns.COOKIE, cookie), qname=qname, qtype=qtype, payload=payload)


def without_question(packet: bytes) -> bytes:
    """`packet`, which has one question, asking nothing."""
    end = packet.index(0, 12) + 5
    return packet[:4] + b"\0\0" + packet[6:12] + packet[end:]


def cookie_for(way: Way, packet: bytes) -> bytes:
    """The cookie in the audited reply to `packet`, which has to have one and nothing else."""
    ((code, cookie),) = way.raw(packet).options
    assert code == dns.edns.COOKIE
    return cookie


@pytest.mark.parametrize(("qname", "qtype"), OUTCOMES.values(), ids=[f"E15 {x}" for x in OUTCOMES])
def test_a_client_cookie_gets_a_server_cookie_with_every_outcome(
    ask: Way, qname: str, qtype: str
) -> None:
    packet = with_cookie(CLIENT, qname, qtype)
    plain = dns.message.from_wire(ask.exchange(asking(qname=qname, qtype=qtype)))
    reply = dns.message.from_wire(ask.exchange(packet))
    assert reply.rcode() == plain.rcode()
    assert reply.flags == plain.flags
    assert cookie_for(ask, packet)[:8] == CLIENT


def test_e15_a_cookie_of_ours_comes_back_as_it_is(ask: Way) -> None:
    cookie = cookie_for(ask, with_cookie(CLIENT))
    assert len(cookie) == 24, "RFC 9018 section 4"
    for qname, qtype in OUTCOMES.values():
        assert cookie_for(ask, with_cookie(cookie, qname, qtype)) == cookie


@pytest.mark.parametrize("octets", range(16, 41), ids=lambda octets: f"E15 {octets} octets")
def test_a_forged_server_cookie_gets_its_answer_and_a_fresh_one(ask: Way, octets: int) -> None:
    forged = (CLIENT + b"\1" + bytes(31))[:octets]
    packet = with_cookie(forged)
    reply = dns.message.from_wire(ask.exchange(packet))
    assert reply.rcode() == dns.rcode.NOERROR
    assert rrsets(reply.answer) == HOST
    fresh = cookie_for(ask, packet)
    assert fresh != forged
    assert cookie_for(ask, with_cookie(fresh)) == fresh


def test_e15_a_cookie_is_not_good_with_another_client_cookie(ask: Way) -> None:
    cookie = cookie_for(ask, with_cookie(CLIENT))
    stolen = b"another!" + cookie[8:]
    assert cookie_for(ask, with_cookie(stolen))[16:] != stolen[16:]


@pytest.mark.parametrize("octets", MALFORMED, ids=lambda octets: f"E15 {octets} octets")
def test_a_malformed_cookie_is_formerr_with_opt(ask: Way, octets: int) -> None:
    reply = ask.raw(with_cookie(bytes(octets)))
    assert reply.rcode == dns.rcode.FORMERR
    assert not reply.records
    assert len(reply.opts) == 1
    assert not reply.options
    assert ask("host").answer, "the server lives on"


def test_e15_of_two_cookies_the_first_counts(ask: Way) -> None:
    first, second = (option(dns.edns.COOKIE, cookie) for cookie in (CLIENT, b"another!"))
    unknown = option(65001, b"data")
    assert cookie_for(ask, asking(first, second))[:8] == CLIENT
    assert cookie_for(ask, asking(unknown, first, unknown, second))[:8] == CLIENT
    malformed = option(dns.edns.COOKIE, b"short")
    assert cookie_for(ask, asking(first, malformed))[:8] == CLIENT
    assert ask.raw(asking(malformed, first)).rcode == dns.rcode.FORMERR


def test_e15_e16_nsid_and_cookie_come_together(ask_open: Way) -> None:
    nsid, cookie = option(dns.edns.NSID, b""), option(dns.edns.COOKIE, CLIENT)
    for packet in (asking(nsid, cookie), asking(cookie, nsid)):
        told, baked = ask_open.raw(packet).options
        assert told == (dns.edns.NSID, b"node-1")
        assert baked[0] == dns.edns.COOKIE
        assert baked[1][:8] == CLIENT


@pytest.mark.parametrize("payload", [512, 1232], ids=lambda payload: f"E15 size {payload}")
def test_a_truncated_reply_has_its_cookie(ask_udp: Way, payload: int) -> None:
    packet = with_cookie(CLIENT, "big", "TXT", payload)
    assert ask_udp.raw(packet).flags & dns.flags.TC
    assert cookie_for(ask_udp, packet)[:8] == CLIENT


def test_e15_badvers_has_its_cookie(ask: Way) -> None:
    packet = asking(option(dns.edns.COOKIE, CLIENT), version=1)
    assert dns.message.from_wire(ask.exchange(packet)).rcode() == dns.rcode.BADVERS
    assert cookie_for(ask, packet)[:8] == CLIENT
    malformed = asking(option(dns.edns.COOKIE, b"short"), version=1)
    assert dns.message.from_wire(ask.exchange(malformed)).rcode() == dns.rcode.BADVERS


@pytest.mark.parametrize(
    "opcode", [1, 2, 3, 4, 5, 6, 15], ids=lambda opcode: f"E15 opcode {opcode}"
)
def test_other_opcodes_get_their_cookie(ask: Way, opcode: int) -> None:
    packet = bytearray(with_cookie(CLIENT))
    packet[2] = opcode << 3
    assert cookie_for(ask, bytes(packet))[:8] == CLIENT


def test_h12_nothing_but_a_cookie_may_be_asked_for(ask: Way) -> None:
    """RFC 7873 section 5.4: a client cookie gets a server cookie, a good one is confirmed."""
    cookie = cookie_for(ask, with_cookie(CLIENT))
    for sent in (CLIENT, cookie):
        packet = without_question(with_cookie(sent))
        reply = dns.message.from_wire(ask.exchange(packet))
        assert reply.rcode() == dns.rcode.NOERROR
        assert not reply.flags & dns.flags.AA
        assert not reply.question
        assert not ask.raw(packet).records
        assert cookie_for(ask, packet).startswith(sent)


@pytest.mark.parametrize("octets", [16, 24, 40], ids=lambda octets: f"H12 {octets} octets")
def test_a_forged_cookie_without_a_question_is_badcookie(ask: Way, octets: int) -> None:
    """RFC 7873 section 5.4: so that the client knows, and learns a good one at once."""
    packet = without_question(with_cookie(CLIENT + bytes(octets - 8)))
    reply = dns.message.from_wire(ask.exchange(packet))
    assert reply.rcode() == dns.rcode.BADCOOKIE
    fresh = cookie_for(ask, packet)
    confirmed = ask.exchange(without_question(with_cookie(fresh)))
    assert dns.message.from_wire(confirmed).rcode() == dns.rcode.NOERROR


NO_QUESTION = {
    "H12 no cookie": without_question(asking()),
    "H12 another option": without_question(asking(option(dns.edns.NSID, b""))),
    "H12 a malformed cookie": without_question(with_cookie(b"short")),
}


@pytest.mark.parametrize("packet", NO_QUESTION.values(), ids=NO_QUESTION)
def test_no_question_and_no_cookie_is_formerr(ask: Way, packet: bytes) -> None:
    reply = ask.raw(packet)
    assert reply.rcode == dns.rcode.FORMERR
    assert not reply.records
    assert len(reply.opts) == 1
    assert not reply.options


def test_e15_no_cookie_comes_unasked(ask: Way) -> None:
    assert not ask.raw(asking()).options
    assert not ask.raw(asking(option(dns.edns.NSID, b""))).options
    assert not ask("host").options
