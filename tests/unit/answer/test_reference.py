"""Held here: cookies are done where there is something to bake them with, and nowhere else.

What else the reference answers is held by the conformance tests.
"""

import struct
from random import Random

import dns.message
import pytest

from harness.audit import audit
from rrdns.answer.cookie import Bake
from rrdns.answer.reference import Reply, Transport, respond
from rrdns.answer.resolve import RCode
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.config.settings import Identity

CLIENT = b"8octets!"
SERVER = b"server cookie!!!"
NSID = b"\0\3\0\0"


def bake(option: bytes) -> bytes:
    return option[:8] + SERVER


def query(options: bytes, *, questions: int = 1, opcode: int = 0) -> bytes:
    """A message with `questions`, none of which is about a zone of ours, and an OPT."""
    head = struct.pack("!6H", 7, opcode << 11, questions, 0, 0, 1)
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options
    return head + b"\1x\0\0\1\0\1" * questions + opt


def cookie(data: bytes) -> bytes:
    return struct.pack("!HH", 10, len(data)) + data


def replied(packet: bytes, baker: Bake | None, identity: Identity | None = None) -> Reply:
    """The audited reply to `packet`, the same over both transports."""
    snapshot = Snapshot({}, identity=identity or Identity())
    replies = [
        respond(packet, snapshot, Cursors(Random(0)), transport, baker) for transport in Transport
    ]
    assert replies[0] == replies[1]
    assert replies[0] is not None
    audit(packet, replies[0].octets, "udp")
    return replies[0]


@pytest.mark.parametrize(
    "packet",
    [query(b""), query(NSID), query(b"", questions=0), query(b"", opcode=2)],
    ids=["a question", "NSID asked", "no question", "another opcode"],
)
def test_without_a_cookie_it_does_not_matter_whether_they_are_done(packet: bytes) -> None:
    assert replied(packet, bake) == replied(packet, None)


@pytest.mark.parametrize("octets", [0, 7, 8, 15, 24, 41])
@pytest.mark.parametrize("questions", [0, 1, 2])
def test_where_cookies_are_not_done_the_option_is_an_unknown_one(
    questions: int, octets: int
) -> None:
    with_cookie = query(cookie(bytes(octets)), questions=questions)
    unknown = query(b"\xfd\xe9" + cookie(bytes(octets))[2:], questions=questions)
    assert replied(with_cookie, None) == replied(unknown, None)


@pytest.mark.parametrize(
    ("packet", "rcode"),
    [
        (query(cookie(CLIENT)), RCode.REFUSED),
        (query(cookie(CLIENT + bytes(16))), RCode.REFUSED),
        (query(cookie(CLIENT), opcode=2), RCode.NOTIMP),
        (query(cookie(CLIENT), questions=2), RCode.FORMERR),
        (query(cookie(CLIENT), questions=0), RCode.NOERROR),
        (query(cookie(CLIENT + SERVER), questions=0), RCode.NOERROR),
        (query(cookie(CLIENT + SERVER[:8]), questions=0), RCode.BADCOOKIE),
        (query(cookie(CLIENT + bytes(16)), questions=0), RCode.BADCOOKIE),
    ],
    ids=[
        *("a client cookie", "a forged one", "another opcode", "two questions", "no question"),
        *("a good one without a question", "a part of it", "a forged one without a question"),
    ],
)
@pytest.mark.parametrize("nsid", [None, "node-1"])
def test_a_cookie_is_in_every_reply_behind_nsid(
    packet: bytes, rcode: RCode, nsid: str | None
) -> None:
    reply = replied(packet, bake, Identity(nsid=nsid))
    assert reply.rcode == dns.message.from_wire(reply.octets).rcode() == rcode
    assert reply.octets.endswith(cookie(CLIENT + SERVER))


@pytest.mark.parametrize("questions", [0, 1])
@pytest.mark.parametrize("octets", [0, 7, 9, 15, 41])
def test_a_malformed_cookie_is_formerr_and_is_never_baked(octets: int, questions: int) -> None:
    def refuse(option: bytes) -> bytes:
        raise AssertionError(option)

    reply = replied(query(cookie(bytes(octets)), questions=questions), refuse)
    assert reply.rcode == RCode.FORMERR
    assert reply.octets[10:12] == b"\0\1"
    assert reply.octets.endswith(b"\0\0"), "no option"
