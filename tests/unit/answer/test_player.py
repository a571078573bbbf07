"""A player answers from the table or the reference, counts what it does, and never raises."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import dns.message
import dns.rcode
import pytest

from harness.direct import CLIENT
from rrdns.answer import player as player_module
from rrdns.answer.compiler import Edition, compile_edition
from rrdns.answer.player import LOGGED_FAULTS, Player, Publication, Tally
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import First, RCode
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import Table
from rrdns.pool.member import Policy
from rrdns.pool.turns import turns_of
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX, WWW = from_text("lab.example"), from_text("www.lab.example")
KEY = (WWW, int(RRType.A))
ADDRESSES = tuple(bytes((192, 0, 2, last)) for last in (1, 2, 3))


@pytest.fixture
def player() -> Player:
    soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    zone = Zone.of(APEX, [soa, RRset(WWW, RRType.A, 60, ADDRESSES)])
    turns = Sharded({KEY: turns_of(ADDRESSES, Policy(), Random(1))})
    cursors = Cursors(Random(1))
    snapshot = Snapshot({APEX: zone}, turns)
    edition = compile_edition(snapshot, Table(cursors, snapshot.identity))
    return Player(Publication(edition), cursors, Transport.UDP)


CHAOS = dns.message.make_query("version.bind", "TXT", "CH").to_wire()  # left to the reference


def query(name: str) -> bytes:
    return dns.message.make_query(name, "A").to_wire()


def test_answers_are_counted_by_rcode_and_by_who_came_first(player: Player) -> None:
    for name in ("www.lab.example", "www.lab.example", "none.lab.example", "elsewhere.example"):
        assert player.answer(query(name), CLIENT)
    assert player.answer(b"short", CLIENT) is None
    assert player.tally.rcodes == {RCode.NOERROR: 2, RCode.NXDOMAIN: 1, RCode.REFUSED: 1}
    assert player.tally.firsts == {(KEY, ADDRESSES[0]): 1, (KEY, ADDRESSES[1]): 1}
    assert player.tally.unanswered == 1


def test_table_and_reference_share_the_cursor(player: Player) -> None:
    odd = dns.message.make_query("www.lab.example", "A").to_wire()
    odd = odd[:9] + b"\1" + odd[10:] + b"\0\0\1\0\1" + bytes(6)  # has a record, the reference's
    for packet in (query("www.lab.example"), odd) * 3:
        player.answer(packet, CLIENT)
    assert set(player.tally.firsts.values()) == {2}


def test_a_defect_of_ours_costs_one_query_and_little_of_the_log(
    player: Player, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defective(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(player_module, "respond", defective)
    with caplog.at_level(logging.ERROR):
        for _ in range(3 * LOGGED_FAULTS):
            reply = dns.message.from_wire(player.answer(CHAOS, CLIENT) or b"")
            assert reply.rcode() == dns.rcode.SERVFAIL
    assert len(caplog.records) == LOGGED_FAULTS
    assert player.answer(query("www.lab.example"), CLIENT)


def test_a_defect_in_the_table_costs_one_query_too(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr(Table, "play", defective)
    reply = dns.message.from_wire(player.answer(query("www.lab.example"), CLIENT) or b"")
    assert reply.rcode() == dns.rcode.SERVFAIL
    assert player.answer(b"no header", CLIENT) is None
    response = bytearray(query("www.lab.example"))
    response[2] |= 0x80
    assert player.answer(bytes(response), CLIENT) is None
    assert (player.tally.faults, player.tally.unanswered) == (3, 2)


class Interrupted(Counter[First]):
    """Changes its size during the first two attempts to copy it."""

    attempts = 0

    def __iter__(self) -> Iterator[First]:
        return super().__iter__()  # has it copied key by key

    def keys(self) -> Any:
        self.attempts += 1
        if self.attempts < 3:
            raise RuntimeError("dictionary changed size during iteration")
        return super().keys()


def test_a_copy_that_is_broken_off_is_begun_again() -> None:
    first = KEY, ADDRESSES[0]
    tally = Tally(firsts=Interrupted({first: 1}), unanswered=2)
    assert tally.copy() == Tally(firsts=Counter({first: 1}), unanswered=2)


def test_a_tally_can_be_copied_while_another_thread_counts() -> None:
    tally = Tally()
    members = 50_000

    def count() -> None:
        for member in range(members):
            tally.firsts[KEY, member.to_bytes(4, "big")] += 1

    thread = threading.Thread(target=count)
    thread.start()
    sizes = [0]
    while thread.is_alive():
        sizes.append(len(tally.copy().firsts))
    assert sizes == sorted(sizes)
    assert len(tally.copy().firsts) == members


def test_what_the_table_leaves_is_counted(player: Player) -> None:
    for packet in (query("www.lab.example"), CHAOS):
        player.answer(packet, CLIENT)
    assert player.tally.left == 1


def test_followers_are_told_of_every_edition() -> None:
    snapshot = Snapshot({})
    edition = compile_edition(snapshot, Table(Cursors(Random(1)), snapshot.identity))
    told: list[Edition[Table]] = []
    publication = Publication(edition, (told.append,))
    assert not told
    publication.publish(edition)
    assert told == [publication.edition] == [edition]
