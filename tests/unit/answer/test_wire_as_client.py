"""What the server's own client needs of the wire room: any server reads its queries, and it reads
the addresses of any reply, or says that it can not."""

import contextlib

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.answer.wire import FormatError, addresses_in, encode_query
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRType

REPLY = """\
id 77
opcode QUERY
rcode NOERROR
flags QR AA
;QUESTION
ftp.linux.example. IN A
;ANSWER
ftp.linux.example. 3600 IN CNAME www.linux.example.
www.linux.example. 60 IN AAAA 2001:db8::1
www.linux.example. 60 IN A 127.0.0.12
;AUTHORITY
linux.example. 3600 IN NS ns1.linux.example.
;ADDITIONAL
ns1.linux.example. 3600 IN A 192.0.2.53
"""


def reply() -> bytes:
    return dns.message.from_text(REPLY).to_wire()


def test_a_query_asks_one_question_and_no_recursion() -> None:
    query = dns.message.from_wire(encode_query(from_text("www.linux.example"), RRType.AAAA, 77))
    [question] = query.question
    assert question.to_text() == "www.linux.example. IN AAAA"
    assert (query.id, query.flags, query.edns) == (77, 0, -1)


def test_addresses_are_those_of_the_answer_section_in_its_order() -> None:
    assert addresses_in(reply()) == ["2001:db8::1", "127.0.0.12"]


@pytest.mark.parametrize("length", range(12))
def test_less_than_a_header_is_no_reply(length: int) -> None:
    with pytest.raises(FormatError):
        addresses_in(reply()[:length])


@given(st.binary(max_size=64), st.integers(0, 200))
def test_a_broken_reply_is_a_format_error_and_nothing_else(noise: bytes, at: int) -> None:
    octets = reply()
    with contextlib.suppress(FormatError):
        addresses_in(octets[:at] + noise + octets[at + len(noise) :])
