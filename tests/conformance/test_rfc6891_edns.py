"""RFC 6891: EDNS. That OPT comes back where it was sent, once, version 0, offering 512 to 1232
octets and without unknown flags (E01, E02, E03, E06), is held for every reply by
`harness/audit.py` too.
"""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.audit import TYPE_OPT
from harness.expect import parsed, rrsets
from harness.ways import Way, query

HOST = rrsets(parsed("host A 192.0.2.20"))
OUTCOMES = {
    "an answer": ("host", "A"),
    "NODATA": ("host", "TXT"),
    "NXDOMAIN": ("nowhere", "A"),
    "a referral": ("www.sub", "A"),
    "a refusal": ("elsewhere.test.", "A"),
    "a rotating answer": ("www", "A"),
    "a wildcard": ("x.wild", "A"),
    "ANY": ("www", "ANY"),
}


def packet_with(additional: bytes, count: int, qname: str = "host") -> bytes:
    """A query with `count` records, `additional`, behind its question."""
    packet = bytearray(query(qname).to_wire())
    packet[10:12] = struct.pack("!H", count)
    return bytes(packet) + additional


def opt(
    *,
    owner: bytes = b"\0",
    payload: int = 1232,
    ttl: int = 0,
    data: bytes = b"",
    length: int | None = None,
) -> bytes:
    """An OPT record, as wrong as wished."""
    rdlength = len(data) if length is None else length
    return owner + struct.pack("!HHIH", TYPE_OPT, payload, ttl, rdlength) + data


def option(code: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack("!HH", code, len(data) if length is None else length) + data


def _with_questions(count: int, questions: bytes) -> bytes:
    """A message with `questions`, which are said to be `count`, and an OPT."""
    return struct.pack("!6H", 0x1234, 0, count, 0, 0, 1) + questions + opt()


A_RECORD = b"\4evil\0" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4)


@pytest.mark.parametrize(("qname", "qtype"), OUTCOMES.values(), ids=[f"E01 {x}" for x in OUTCOMES])
def test_no_opt_without_opt(ask: Way, qname: str, qtype: str) -> None:
    assert ask(qname, qtype).edns == -1


@pytest.mark.parametrize(
    ("qname", "qtype"), OUTCOMES.values(), ids=[f"E02 E03 {x}" for x in OUTCOMES]
)
def test_opt_with_opt(ask: Way, qname: str, qtype: str) -> None:
    reply = ask(qname, qtype, edns=4096)
    assert reply.edns == 0
    assert 512 <= reply.payload <= 1232


@pytest.mark.parametrize("version", [1, 2, 255], ids=lambda version: f"E04 version {version}")
def test_other_versions_are_badvers(ask: Way, version: int) -> None:
    for flags in (0, 0x8000):
        packet = packet_with(opt(ttl=version << 16 | flags), 1)
        reply = dns.message.from_wire(ask.exchange(packet))
        assert reply.rcode() == dns.rcode.BADVERS
        assert reply.edns == 0
        assert not ask.raw(packet).records


UNKNOWN = {
    "E05 one unknown option": option(65001, b"data"),
    "E05 an empty option": option(65001, b""),
    "E05 many unknown options": b"".join(option(65001 + at, bytes(at)) for at in range(10)),
    "E05 the same option twice": option(65001, b"a") * 2,
    "E16 NSID, which is not told": option(dns.edns.NSID, b""),
    "E17 a client subnet": option(dns.edns.ECS, b"\0\1\x18\0\xc0\0\2"),
    "E17 a bad client subnet": option(dns.edns.ECS, b"\0\x63\xff\xff\xc0"),
    "E18 E19 edns-tcp-keepalive": option(11, b""),
    "E18 E19 edns-tcp-keepalive with a time": option(11, b"\0\x64"),
    "E20 padding": option(12, bytes(100)),
}


@pytest.mark.parametrize("options", UNKNOWN.values(), ids=UNKNOWN)
def test_options_that_we_do_not_do_are_ignored(ask: Way, options: bytes) -> None:
    reply = dns.message.from_wire(ask.exchange(packet_with(opt(data=options), 1)))
    assert reply.rcode() == dns.rcode.NOERROR
    assert rrsets(reply.answer) == HOST
    assert reply.edns == 0
    assert not reply.options


@pytest.mark.parametrize(
    "flags", [0x4000, 0x0001, 0x7FFF], ids=lambda flags: f"E06 flags {flags:#06x}"
)
def test_unknown_flags_are_not_copied(ask: Way, flags: int) -> None:
    reply = dns.message.from_wire(ask.exchange(packet_with(opt(ttl=flags), 1)))
    assert rrsets(reply.answer) == HOST
    assert reply.ednsflags == 0


@pytest.mark.parametrize(("qname", "qtype"), OUTCOMES.values(), ids=[f"E07 {x}" for x in OUTCOMES])
@pytest.mark.parametrize("dnssec_ok", [False, True], ids=["DO clear", "DO set"])
def test_do_comes_back(ask: Way, qname: str, qtype: str, dnssec_ok: bool) -> None:
    message = query(qname, qtype)
    message.use_edns(0, dns.flags.DO if dnssec_ok else 0, payload=1232)
    assert bool(ask.ask(message).ednsflags & dns.flags.DO) is dnssec_ok


MALFORMED = {
    "E08 two OPTs": packet_with(opt() + opt(), 2),
    "E08 two OPTs with a record between": packet_with(opt() + A_RECORD + opt(), 3),
    "E09 an owner that is not the root": packet_with(opt(owner=b"\4host\0"), 1),
    "E09 an owner that is a pointer": packet_with(opt(owner=b"\xc0\x0c"), 1),
    "E10 an option past the end of OPT": packet_with(opt(data=option(65001, b"", length=4)), 1),
    "E10 an option of 65535 octets": packet_with(opt(data=option(3, b"", length=0xFFFF)), 1),
    "E10 an option cut in its length": packet_with(opt(data=b"\0\3\0"), 1),
    "E10 an option cut in its code": packet_with(opt(data=b"\0"), 1),
    "E10 OPT data past the end of the message": packet_with(opt(length=1), 1),
    "E10 OPT cut in its fixed part": packet_with(opt()[:-1], 1),
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED)
def test_malformed_opt_is_formerr(ask: Way, packet: bytes) -> None:
    reply = ask.raw(packet)
    assert reply.rcode == dns.rcode.FORMERR
    assert not reply.records
    assert ask("host").answer, "the server lives on"


UNREAD = {
    "E02 two questions": _with_questions(2, b"\4host\0\0\1\0\1" * 2),
    "E02 no question": _with_questions(0, b""),
    "E02 a pointer in the question": _with_questions(1, b"\xc0\x0c\0\1\0\1"),
    "E02 a name too long": _with_questions(1, (b"\x3e" + b"a" * 62) * 4 + b"\3bcd" + bytes(5)),
}


@pytest.mark.parametrize("packet", UNREAD.values(), ids=UNREAD)
def test_formerr_has_opt_where_that_of_the_query_can_be_read(ask: Way, packet: bytes) -> None:
    """RFC 6891 section 7: else the client would take us for a server without EDNS."""
    reply = ask.raw(packet)
    assert reply.rcode == dns.rcode.FORMERR
    assert len(reply.opts) == 1


FOUND = {
    "E21 OPT before another record": packet_with(opt() + A_RECORD, 2),
    "E21 OPT behind another record": packet_with(A_RECORD + opt(), 2),
    "E21 OPT between other records": packet_with(A_RECORD + opt() + A_RECORD, 3),
}


@pytest.mark.parametrize("packet", FOUND.values(), ids=FOUND)
def test_opt_is_found_wherever_it_stands(ask: Way, packet: bytes) -> None:
    reply = dns.message.from_wire(ask.exchange(packet))
    assert rrsets(reply.answer) == HOST
    assert reply.edns == 0


def test_e21_another_record_is_not_taken_for_opt(ask: Way) -> None:
    reply = dns.message.from_wire(ask.exchange(packet_with(A_RECORD, 1)))
    assert rrsets(reply.answer) == HOST
    assert reply.edns == -1


def test_e22_refusals_have_no_extended_error(ask: Way) -> None:
    assert not ask("elsewhere.test.", edns=1232).options


@pytest.mark.parametrize("size", [0, 512], ids=lambda size: f"E23 size {size}")
def test_the_size_offered_does_not_cut_a_tcp_reply(ask_tcp: Way, size: int) -> None:
    reply = ask_tcp("big", "TXT", edns=size)
    assert not reply.flags & dns.flags.TC
    assert len(reply.answer[0]) == 20
    assert reply.edns == 0
