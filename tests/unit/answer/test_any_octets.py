"""Held here: whatever arrives, the player neither raises nor says more than it may.

Silence is for responses and for less than a header; every other packet gets one well-formed reply
with its ID, within its limit. SERVFAIL would mean that an exception was caught.
"""

import struct
from random import Random

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from harness.audit import audit
from harness.direct import CLIENT
from harness.generated import mutations, queries, snapshots
from harness.tables import jar
from rrdns.answer.compiler import compile_edition
from rrdns.answer.player import Clerk, Player, Publication
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import RCode
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import Table

HEADER_OCTETS = 12
LARGEST_UDP = 1232
LARGEST_TCP = 65535

pytestmark = pytest.mark.timeout(600)  # leaves a failure the time to be made small

patient = settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
thorough = settings(patient, max_examples=250)


def players(snapshot: Snapshot) -> list[tuple[Clerk, Transport]]:
    cursors = Cursors(Random(0))
    publication = Publication(compile_edition(snapshot, Table(cursors, snapshot.identity)))
    return [
        (make(publication, cursors, transport, jar()), transport)
        for make in (Clerk, Player)
        for transport in Transport
    ]


EMPTY = players(Snapshot({}))


def assert_in_order(player: Clerk, transport: Transport, packet: bytes) -> None:
    reply = player.answer(packet, CLIENT)
    if len(packet) < HEADER_OCTETS or packet[2] & 0x80:
        assert reply is None
        return
    assert reply is not None
    assert len(reply) <= (LARGEST_TCP if transport is Transport.TCP else LARGEST_UDP)
    assert audit(packet, reply, transport.value).rcode != RCode.SERVFAIL


@thorough
@given(st.binary(max_size=600))
@example(b"")
@example(bytes(12))
@example(b"\xff" * 512)
@example(bytes(4) + b"\0\1" + bytes(6) + b"\xc0\x0c" * 100)
@example(bytes(4) + b"\xff" * 8 + bytes(500))
def test_any_octets_at_all(packet: bytes) -> None:
    for player, transport in EMPTY:
        assert_in_order(player, transport, packet)


@thorough
@given(st.binary(max_size=300), st.integers(0, 0x7F), st.integers(0, 2))
def test_a_header_and_any_octets(rest: bytes, flags: int, additional: int) -> None:
    packet = struct.pack("!HBBHHHH", 1, flags & 0x01, 0, 1, 0, 0, additional) + rest
    for player, transport in EMPTY:
        assert_in_order(player, transport, packet)


@patient
@given(st.data())
def test_spoilt_queries(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    asked = data.draw(queries(snapshot))
    packets = data.draw(st.lists(mutations(asked.packet), min_size=10, max_size=10))
    for player, transport in players(snapshot):
        for packet in packets:
            assert_in_order(player, transport, packet)


@patient
@given(st.data())
def test_proper_queries(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    every = players(snapshot)
    for asked in data.draw(st.lists(queries(snapshot), min_size=10, max_size=10)):
        for player, transport in every:
            assert_in_order(player, transport, asked.packet)


@thorough
@given(st.binary(min_size=HEADER_OCTETS, max_size=100))
def test_responses_are_never_answered(packet: bytes) -> None:
    assume(packet[2] & 0x80)
    for player, _ in EMPTY:
        assert player.answer(packet, CLIENT) is None


def test_a_defect_of_ours_costs_one_query_a_servfail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The net below everything else: the sender is told, and the server lives on."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rrdns.answer.player.respond", broken)
    of_class_chaos = b"\1a\0\0\1\0\3"  # left to the reference
    packet = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + of_class_chaos
    for player, transport in players(Snapshot({})):
        reply = player.answer(packet, CLIENT)
        assert reply is not None
        assert audit(packet, reply, transport.value).rcode == RCode.SERVFAIL
        assert player.tally.rcodes == {RCode.SERVFAIL: 1}
