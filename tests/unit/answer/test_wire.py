"""Held here: queries are read strictly and replies are written so that any reader can read them.

Names are compressed with pointers that go backwards only and have 14 bits; labels hold any octets.
"""

import struct

import dns.message
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audit import take_apart
from harness.names import from_labels
from rrdns.answer.resolve import Answer, RCode
from rrdns.answer.wire import (
    Edns,
    FormatError,
    encode_sections,
    extended_error,
    head,
    opt_record,
    parse_query,
    question_of,
    readable_edns,
    room_for,
    with_option,
)
from rrdns.pool.turns import InfoCode, Note
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRset, RRType

QNAME = from_text("www.linux.example")
LARGEST_POINTER = 0x3FFF


def message(qname: Name, answer: Answer) -> bytes:
    """The whole reply, to be taken apart."""
    sections = encode_sections(qname, answer)
    arcount, _ = sections.cuts[0]
    question = qname + b"\0\1\0\1"
    return b"\0\0" + head(answer.rcode, (1, *sections.counts, arcount)) + question + sections.octets


def a_set(owner: Name, size: int = 1) -> RRset:
    rdatas = tuple(struct.pack("!I", 0xC0000200 + at) for at in range(size))
    return RRset(owner, RRType.A, 60, rdatas)


def answer(*rrsets: RRset, additional: tuple[RRset, ...] = ()) -> Answer:
    return Answer(RCode.NOERROR, True, answer=rrsets, additional=additional)


def packet(rest: bytes, qdcount: int = 1, others: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """A header with the counts, and `rest`."""
    return struct.pack("!6H", 1, 0, qdcount, *others) + rest


QUESTION = QNAME + b"\0\1\0\1"
OPT = opt_record(dnssec_ok=True)
RECORD = b"\1x\0" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4)


def test_a_query_is_read() -> None:
    query = parse_query(packet(b"\3WwW" + QUESTION[4:] + OPT, others=(0, 0, 1)))
    assert query.question == b"\3WwW" + QUESTION[4:]
    assert query.qname == QNAME
    assert (query.qtype, query.qclass) == (1, 1)
    assert query.edns == Edns(1232, 0, True, frozenset())


def test_options_are_read_by_their_codes() -> None:
    data = struct.pack("!HHHHB", 3, 0, 12, 1, 7)
    assert Edns.of(512, 0x00FF0000, data) == Edns(512, 255, False, frozenset({3, 12}))


@pytest.mark.parametrize(
    ("data", "cookie"),
    [
        (b"", None),
        (b"\0\x0a\0\0", b""),
        (b"\0\x0a\0\5short", b"short"),
        (b"\0\3\0\1x\0\x0a\0\x088octets!\0\x0a\0\5other", b"8octets!"),
    ],
    ids=["none", "an empty one", "a short one", "the first of two"],
)
def test_the_first_cookie_is_read_whatever_its_length(data: bytes, cookie: bytes | None) -> None:
    assert Edns.of(512, 0, data).cookie == cookie


@pytest.mark.parametrize(
    ("nsid", "cookie", "options"),
    [
        (None, None, b""),
        (b"", None, b"\0\3\0\0"),
        (None, b"12345678", b"\0\x0a\0\x0812345678"),
        (b"ns1", b"12345678", b"\0\3\0\3ns1\0\x0a\0\x0812345678"),
    ],
    ids=["none", "an empty NSID", "a cookie", "both"],
)
def test_options_are_written_nsid_first(
    nsid: bytes | None, cookie: bytes | None, options: bytes
) -> None:
    octets = opt_record(dnssec_ok=False, nsid=nsid, cookie=cookie)
    assert octets == opt_record(dnssec_ok=False)[:-2] + struct.pack("!H", len(options)) + options


UNREADABLE = {
    "nothing behind the header": packet(b""),
    "two questions": packet(QUESTION * 2, qdcount=2),
    "no question": packet(b"", qdcount=0),
    "a name that is cut off": packet(QNAME[:-1]),
    "a name without end": packet(b"\1a" * 300),
    "a name of 256 octets": packet(
        (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0" + bytes(4)
    ),
    "a label of 64 octets": packet(b"\x40" + b"a" * 64 + b"\0" + bytes(4)),
    "a pointer": packet(b"\xc0\x0c" + bytes(4)),
    "no type": packet(QNAME),
    "half a class": packet(QUESTION[:-1]),
    "a record that is not there": packet(QUESTION, others=(1, 0, 0)),
    "a record that is cut off": packet(QUESTION + RECORD[:-1], others=(0, 1, 0)),
    "a record with an endless name": packet(QUESTION + b"\1a" * 300, others=(0, 0, 1)),
    "a record with a label of an unknown kind": packet(
        QUESTION + b"\x80" + RECORD, others=(0, 0, 1)
    ),
    "two OPTs": packet(QUESTION + OPT * 2, others=(0, 0, 2)),
    "an OPT that is not at the root": packet(QUESTION + b"\1x" + OPT, others=(0, 0, 1)),
    "an option that is cut off": packet(QUESTION + OPT[:-2] + b"\0\2\0\3", others=(0, 0, 1)),
    "an option that is longer than OPT": packet(
        QUESTION + OPT[:-2] + b"\0\4\0\3\0\1", others=(0, 0, 1)
    ),
}


@pytest.mark.parametrize("octets", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_query_is_a_format_error(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_query(octets)


READABLE = {
    "octets behind the message": packet(QUESTION + b"more"),
    "records in every section": packet(QUESTION + RECORD * 3, others=(1, 1, 1)),
    "a record whose name is a pointer": packet(
        QUESTION + b"\xc0\x0c" + RECORD[3:], others=(0, 0, 1)
    ),
    "OPT in another section": packet(QUESTION + OPT, others=(1, 0, 0)),
    "a name of 255 octets": packet(
        (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0" + bytes(4)
    ),
}


@pytest.mark.parametrize("octets", READABLE.values(), ids=READABLE)
def test_what_does_no_harm_is_read(octets: bytes) -> None:
    assert parse_query(octets).question


@pytest.mark.parametrize(
    ("octets", "is_read"),
    [
        (packet(QUESTION + OPT, others=(0, 0, 1)), True),
        (packet(OPT, qdcount=0, others=(0, 0, 1)), True),
        (packet(QUESTION * 3 + RECORD + OPT, qdcount=3, others=(1, 0, 1)), True),
        (packet(b"\xc0\x0c\0\1\0\1" + OPT, others=(0, 0, 1)), True),
        (packet(QUESTION), False),
        (packet(QUESTION[:-1]), False),
        (packet(QUESTION + OPT, qdcount=0xFFFF, others=(0, 0, 1)), False),
        (packet(QUESTION + OPT[:-1], others=(0, 0, 1)), False),
        (packet(QUESTION + OPT * 2, others=(0, 0, 2)), False),
    ],
    ids=[
        *("one question", "no question", "three questions", "a pointer"),
        *("no OPT", "a question cut off", "questions that are not there", "an OPT cut off", "two"),
    ],
)
def test_edns_is_read_whatever_is_asked(octets: bytes, is_read: bool) -> None:
    assert (readable_edns(octets) is not None) is is_read


@pytest.mark.parametrize(
    ("octets", "question"),
    [
        (packet(QUESTION), QUESTION),
        (packet(QUESTION + b"junk", others=(0, 0, 9)), QUESTION),
        (packet(QUESTION[:-1]), b""),
        (packet(b"\xc0\x0c" + bytes(4)), b""),
        (packet(QUESTION * 2, qdcount=2), b""),
    ],
    ids=["a good one", "one before rubbish", "cut off", "a pointer", "two"],
)
def test_the_question_comes_back_where_it_can_be_read(octets: bytes, question: bytes) -> None:
    assert question_of(octets) == question


@pytest.mark.parametrize(
    ("payload", "room"),
    [(None, 512), (0, 512), (511, 512), (512, 512), (1000, 1000), (1232, 1232), (65535, 1232)],
)
def test_room_over_udp(payload: int | None, room: int) -> None:
    edns = None if payload is None else Edns(payload, 0, False, frozenset())
    assert room_for(edns, is_stream=False) == room
    assert room_for(edns, is_stream=True) == 65535


@pytest.mark.parametrize("rcode", RCode)
def test_an_extended_rcode_is_split_between_header_and_opt(rcode: RCode) -> None:
    octets = b"\0\0" + head(rcode, (0, 0, 0, 1)) + opt_record(dnssec_ok=False, rcode=rcode)
    assert int(dns.message.from_wire(octets).rcode()) == rcode


any_names = st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=3).map(from_labels)


@given(any_names, st.lists(any_names, max_size=4, unique=True))
def test_labels_of_any_octets_survive(qname: Name, others: list[Name]) -> None:
    aliases = [RRset(qname, RRType.PTR, 60, tuple(others))] if others else []
    taken = take_apart(message(qname, answer(*aliases, additional=tuple(map(a_set, others)))))
    assert taken.question[:-4] == qname
    assert [record.owner for record in taken.sections[2]] == others


@given(st.lists(any_names, min_size=1, max_size=5, unique=True))
def test_what_is_written_is_what_another_library_reads(names: list[Name]) -> None:
    rrsets = [
        RRset(name, RRType.MX, 60, tuple(b"\0\x0a" + name for name in names)) for name in names
    ]
    read = dns.message.from_wire(message(names[0], answer(*rrsets)))
    assert [rrset.name.to_digestable() for rrset in read.answer] == names
    for rrset in read.answer:
        assert {rdata.exchange.to_digestable() for rdata in rrset} == set(names)


def test_names_are_compressed_in_data_of_rfc_1035_only() -> None:
    target = from_text("mail.linux.example")
    mx = message(QNAME, answer(RRset(QNAME, RRType.MX, 60, (b"\0\x0a" + target,))))
    srv = message(QNAME, answer(RRset(QNAME, RRType.SRV, 60, (bytes(6) + target,))))
    assert take_apart(mx).sections[0][0].rdata == b"\0\x0a\4mail" + struct.pack("!H", 0xC000 | 16)
    assert take_apart(srv).sections[0][0].rdata == bytes(6) + target


def test_no_pointer_reaches_beyond_sixteen_kibibytes() -> None:
    """Names that first stand beyond 0x3FFF are written out each time."""
    filler = RRset(QNAME, 65280, 60, tuple(struct.pack("!H", at) + bytes(1000) for at in range(20)))
    late = from_text("late.other.test")
    octets = message(QNAME, answer(filler, a_set(late, 3), a_set(QNAME, 2)))
    assert len(octets) > LARGEST_POINTER
    assert octets.count(late[:-1]) == 3
    assert [record.owner for record in take_apart(octets).sections[0][-5:]] == [late] * 3 + [
        QNAME
    ] * 2


def test_cuts_leave_out_additional_rrsets_from_the_end() -> None:
    hosts = [from_text(f"host{at}.linux.example") for at in range(3)]
    sections = encode_sections(
        QNAME, answer(a_set(QNAME), additional=tuple(a_set(host, 2) for host in hosts))
    )
    assert [arcount for arcount, _ in sections.cuts] == [6, 4, 2, 0]
    for arcount, octets in sections.cuts:
        whole = head(RCode.NOERROR, (1, *sections.counts, arcount))
        taken = take_apart(b"\0\0" + whole + QUESTION + sections.octets[:octets])
        assert len(taken.sections[2]) == arcount


def test_glue_is_in_every_cut() -> None:
    referral = Answer(
        RCode.NOERROR,
        False,
        authority=(RRset(QNAME, RRType.NS, 60, (QNAME,)),),
        glue=(a_set(QNAME),),
        additional=(a_set(from_text("ns.linux.example")),),
    )
    assert [arcount for arcount, _ in encode_sections(QNAME, referral).cuts] == [2, 1]


def test_last_is_where_the_last_rrset_of_the_answer_stands() -> None:
    target = from_text("target.linux.example")
    alias = RRset(QNAME, RRType.CNAME, 60, (target,))
    sections = encode_sections(QNAME, answer(alias, a_set(target, 3), additional=(a_set(QNAME),)))
    start, end = sections.last
    assert (end - start) % 3 == 0
    assert sections.octets[end - 4 : end] == a_set(target, 3).rdatas[2]
    assert start == encode_sections(QNAME, answer(alias)).cuts[0][1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("all are down", "all are down"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 128),
        ("x" + "\N{SNOWMAN}" * 50, "x" + "\N{SNOWMAN}" * 42),
    ],
    ids=[
        "none",
        "short",
        "just short enough",
        "too long",
        "too long in characters of three octets",
    ],
)
def test_the_text_of_an_extended_error_is_cut_to_whole_characters(text: str, told: str) -> None:
    """RFC 8914 section 2: UTF-8, without a NUL at its end."""
    option = extended_error(Note(InfoCode.STALE_ANSWER, text))
    assert option == struct.pack("!HHH", 15, 2 + len(told.encode()), 3) + told.encode()


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_an_option_stands_behind_those_that_are_there(datas: list[bytes]) -> None:
    opt = opt_record(dnssec_ok=True, nsid=b"n")
    for data in datas:
        opt = with_option(opt, struct.pack("!HH", 65001, len(data)) + data)
    reply = take_apart(b"\0\0" + head(RCode.NOERROR, (1, 0, 0, 1)) + QUESTION + opt)
    assert reply.options == ((3, b"n"), *((65001, data) for data in datas))
