"""RFC 1035 section 4.1.1, RFC 9619: the header, and messages that are no proper query.

Held by every test of this folder, through `harness/audit.py`: ID, QR, opcode and question come
back, RD as sent, and RA, Z, AD and CD are clear.
"""

import struct

import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.expect import parsed, rrsets
from harness.ways import Way, query

FLAGS = {
    "AA": dns.flags.AA,
    "TC": dns.flags.TC,
    "RA": dns.flags.RA,
    "Z": 0x40,
    "AD": dns.flags.AD,
    "CD": dns.flags.CD,
}


def octets(qname: str = "host", qtype: str = "A") -> bytearray:
    """A proper query, to be spoilt."""
    return bytearray(query(qname, qtype).to_wire())


@pytest.mark.parametrize(
    "rd", [False, True], ids=["H01 RD clear stays clear", "H01 RD set is copied"]
)
def test_header_comes_back(ask: Way, rd: bool) -> None:
    message = query("host")
    message.flags = dns.flags.RD if rd else dns.flags.Flag(0)
    reply = ask.ask(message)
    assert reply.id == message.id
    assert reply.question == message.question
    assert reply.flags == dns.flags.QR | dns.flags.AA | message.flags
    assert reply.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    "flag",
    FLAGS.values(),
    ids=[f"{'H03' if name == 'CD' else 'H02'} {name} of the query is not copied" for name in FLAGS],
)
def test_flags_of_the_query_are_not_copied(ask: Way, flag: int) -> None:
    message = query("host")
    message.flags = dns.flags.Flag(flag)
    assert ask.ask(message).flags == dns.flags.QR | dns.flags.AA


@pytest.mark.parametrize(
    "opcode", range(16), ids=lambda opcode: f"H09 a response of opcode {opcode}"
)
def test_responses_get_no_reply(ask: Way, opcode: int) -> None:
    packet = octets()
    packet[2] = 0x80 | opcode << 3
    assert ask.is_silent(bytes(packet))


@pytest.mark.parametrize("length", range(1, 12), ids=lambda length: f"H10 {length} octets")
def test_less_than_a_header_gets_no_reply(ask: Way, length: int) -> None:
    assert ask.is_silent(bytes(octets()[:length]))


def _with_counts(*counts: int, tail: bytes = b"") -> bytes:
    packet = octets()
    packet[4:12] = struct.pack("!4H", *counts)
    return bytes(packet + tail)


def _with_second_question() -> bytes:
    return _with_counts(2, 0, 0, 0, tail=bytes(octets("www")[12:]))


def _with_question_name(name: bytes) -> bytes:
    return bytes(octets()[:12]) + name + b"\0\1\0\1"


A_RECORD = b"\4evil\0" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4)

MALFORMED = {
    "H11 two questions": _with_second_question(),
    "H11 two questions counted, one there": _with_counts(2, 0, 0, 0),
    "H12 no question counted": _with_counts(0, 0, 0, 0),
    "H12 no question at all": _with_counts(0, 0, 0, 0)[:12],
    "H13 a header that promises a question": bytes(octets()[:12]),
    "H13 question cut in its name": bytes(octets()[:17]),
    "H13 question cut behind its name": bytes(octets()[:-4]),
    "H13 question cut in its type": bytes(octets()[:-3]),
    "H13 question cut in its class": bytes(octets()[:-1]),
    "H13 a label that ends with the message": bytes(octets()[:12]) + b"\4host",
    "H13 65535 answers counted, none there": _with_counts(1, 0xFFFF, 0, 0),
    "H13 an authority record counted, none there": _with_counts(1, 0, 1, 0),
    "H13 an additional record counted, none there": _with_counts(1, 0, 0, 1),
    "H13 all counts at their largest": _with_counts(0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF),
    "H13 RDLENGTH past the end": _with_counts(1, 0, 0, 1, tail=A_RECORD[:-5] + b"\xff" + bytes(4)),
    "H13 a record cut in its fixed part": _with_counts(1, 0, 0, 1, tail=A_RECORD[:10]),
    "H13 a record cut in its name": _with_counts(1, 0, 0, 1, tail=b"\4ev"),
    "H14 a pointer to itself": _with_question_name(b"\xc0\x0c"),
    "H14 a pointer forward": _with_question_name(b"\xc0\x20"),
    "H14 a pointer outside": _with_question_name(b"\xff\xff"),
    "H14 a pointer into the header": _with_question_name(b"\xc0\x00"),
    "H14 a label and a pointer back to it": _with_question_name(b"\4host\xc0\x0c"),
    "H14 half a pointer": bytes(octets()[:12]) + b"\xc0",
    "H14 a label of the kind 01": _with_question_name(b"\x41host\0"),
    "H14 a label of the kind 10": _with_question_name(b"\x81host\0"),
    "H14 a name of 256 octets": _with_question_name(
        (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0"
    ),
    "H14 a name of 64 labels without end": _with_question_name(b"\1a" * 200),
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED)
def test_malformed_queries_are_formerr(ask: Way, packet: bytes) -> None:
    reply = ask.raw(packet)
    assert reply.rcode == dns.rcode.FORMERR
    assert not reply.records
    assert ask("host").answer, "the server lives on"


IGNORED = {
    "H15 octets after the message are ignored": _with_counts(1, 0, 0, 0, tail=b"\0\xffjunk"),
    "H16 a record in the answer section is ignored": _with_counts(1, 1, 0, 0, tail=A_RECORD),
    "H16 a record in the authority section is ignored": _with_counts(1, 0, 1, 0, tail=A_RECORD),
}


@pytest.mark.parametrize("packet", IGNORED.values(), ids=IGNORED)
def test_what_is_no_question_is_ignored(ask: Way, packet: bytes) -> None:
    reply = dns.message.from_wire(ask.exchange(packet))
    assert reply.rcode() == dns.rcode.NOERROR
    assert rrsets(reply.answer) == rrsets(parsed("host A 192.0.2.20"))


@pytest.mark.parametrize(
    "qclass",
    ["HS", "CLASS2", "CLASS65280", "NONE", "ANY"],
    ids=lambda qclass: f"{'T03' if qclass == 'ANY' else 'T02'} class {qclass}",
)
def test_other_classes_are_refused(ask: Way, qclass: str) -> None:
    reply = ask("host", "A", qclass)
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.answer
    assert not reply.authority
    assert not reply.flags & dns.flags.AA
