"""A player answers from the table or the reference, counts what it does, and never raises."""

import logging
from random import Random

import dns.message
import dns.rcode
import pytest

from rrdns.answer import player as player_module
from rrdns.answer.compiler import compile_table
from rrdns.answer.player import LOGGED_FAULTS, Player, Publication
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import RCode
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import Table
from rrdns.pool.member import Policy
from rrdns.pool.turns import turns_of
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX, WWW = from_text("lab.example"), from_text("www.lab.example")
KEY = (WWW, RRType.A)
ADDRESSES = tuple(bytes((192, 0, 2, last)) for last in (1, 2, 3))


@pytest.fixture
def player() -> Player:
    soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    zone = Zone.of(APEX, [soa, RRset(WWW, RRType.A, 60, ADDRESSES)])
    turns = {KEY: turns_of(ADDRESSES, Policy(), Random(1))}
    cursors = Cursors(Random(1))
    table = compile_table(Snapshot({APEX: zone}, turns), cursors)
    return Player(Publication(table), cursors, Transport.UDP)


def query(name: str) -> bytes:
    return dns.message.make_query(name, "A").to_wire()


def test_answers_are_counted_by_rcode_and_by_who_came_first(player: Player) -> None:
    for name in ("www.lab.example", "www.lab.example", "none.lab.example", "elsewhere.example"):
        assert player.answer(query(name))
    assert player.answer(b"short") is None
    assert player.tally.rcodes == {RCode.NOERROR: 2, RCode.NXDOMAIN: 1, RCode.REFUSED: 1}
    assert player.tally.firsts == {(KEY, ADDRESSES[0]): 1, (KEY, ADDRESSES[1]): 1}
    assert player.tally.unanswered == 1


def test_table_and_reference_share_the_cursor(player: Player) -> None:
    with_any = dns.message.make_query("www.lab.example", "ANY").to_wire()  # the reference's
    for packet in (query("www.lab.example"), with_any) * 3:
        player.answer(packet)
    assert set(player.tally.firsts.values()) == {2}


def test_a_defect_of_ours_costs_one_query_and_little_of_the_log(
    player: Player, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defective(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(player_module, "respond", defective)
    with caplog.at_level(logging.ERROR):
        for _ in range(3 * LOGGED_FAULTS):
            reply = dns.message.from_wire(player.answer(query("none.lab.example")) or b"")
            assert reply.rcode() == dns.rcode.SERVFAIL
    assert len(caplog.records) == LOGGED_FAULTS
    assert player.answer(query("www.lab.example"))


def test_a_defect_in_the_table_costs_one_query_too(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr(Table, "play", defective)
    reply = dns.message.from_wire(player.answer(query("www.lab.example")) or b"")
    assert reply.rcode() == dns.rcode.SERVFAIL
    assert player.answer(b"no header") is None
    response = bytearray(query("www.lab.example"))
    response[2] |= 0x80
    assert player.answer(bytes(response)) is None
    assert (player.tally.faults, player.tally.unanswered) == (3, 2)
