"""What the compiler emits is played in C alike, and who came first is counted under one number."""

import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import dns.edns
import dns.message
import pytest

from harness.players import NOT_BUILT
from rrdns.answer.entry import Entry, Question
from rrdns.answer.resolve import RCode
from rrdns.config.settings import Identity
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRType

from .conftest import HOST, WWW, Served

native = pytest.importorskip("rrdns.serve.native", reason=NOT_BUILT, exc_type=ImportError)

CLIENT_COOKIE = b"8octets!"
HIT = dns.message.make_query("www.lab.example", "A").to_wire()
KEYS = tuple(((from_text(f"n{n}.example"), RRType.A), bytes(4)) for n in range(3000))


def blank() -> Any:
    players = native.NativePlayers(None)
    return players.blank(players.cursors(Random(0)), Identity())


def empty(rcode: RCode, name_octets: int) -> Entry:
    """A reply without records."""
    head = b"\x80" + bytes((rcode,)) + b"\0\1" + bytes(6)
    return Entry(rcode, head, b"", ((0, 0),), name_octets)


def test_a_number_is_never_given_twice() -> None:
    firsts = native.Firsts()
    assert [firsts.number(key) for key in KEYS] == list(range(len(KEYS)))
    assert [firsts.number(key) for key in KEYS[::-1]] == list(range(len(KEYS)))[::-1]
    assert len(firsts) == len(KEYS)


def test_those_who_never_came_first_are_not_told() -> None:
    firsts = native.Firsts()
    for key in KEYS:
        firsts.number(key)
    assert firsts.counted([native._player.Tally(), native._player.Tally()]) == Counter()


def test_an_entry_that_many_questions_share_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    plain = native._player.Entry
    monkeypatch.setattr(native._player, "Entry", lambda *a: made.append(a) or plain(*a))
    one, other = (empty(RCode.NOERROR, 1) for _ in range(2))
    questions = [Question(from_text(f"n{n}.example"), None) for n in range(500)]
    table = blank().with_entries(zip(questions, [one, other] * 250, strict=True))
    assert len(made) == 2
    assert len(table.table) == len(questions)


def test_entries_that_are_not_shared_are_not_kept_beyond_the_table() -> None:
    """An address of memory that is used again is not taken for the entry that was there."""
    questions = [Question(from_text(f"n{n}.example"), RRType.A) for n in range(500)]
    rcodes = [RCode.NOERROR, RCode.NXDOMAIN, RCode.YXDOMAIN]
    entries = (
        (question, empty(rcodes[n % 3], len(question.name))) for n, question in enumerate(questions)
    )
    table = blank().with_entries(entries).table
    for n in range(len(questions)):
        packet = dns.message.make_query(f"n{n}.example", "A", flags=0).to_wire()
        reply = table.play(packet, False, HOST, 0, native._player.Tally())
        assert dns.message.from_wire(reply).rcode() == rcodes[n % 3]


def test_what_is_left_to_the_reference_is_so_in_c() -> None:
    table = blank().with_entries([(Question(WWW, None), None)]).table
    assert table.play(HIT, False, HOST, 0, native._player.Tally()) is None
    assert len(table) == 1


def cookie_query(cookie: bytes) -> bytes:
    option = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)
    return dns.message.make_query("www.lab.example", "A", options=[option]).to_wire()


@pytest.fixture
def bake(served: Served) -> Callable[[bytes], bytes]:
    """From the cookie that a client sends to the one that the C table gives it."""

    def baked(cookie: bytes) -> bytes:
        table = served.publisher.publication.edition.entries.table
        packet = cookie_query(cookie)
        reply = table.play(packet, False, HOST, int(time.time()), native._player.Tally())
        assert reply is not None
        [option] = dns.message.from_wire(reply).options
        return bytes(option.to_wire())

    return baked


def test_a_cookie_outlives_one_exchange_of_secrets_and_no_second(
    served: Served, bake: Callable[[bytes], bytes]
) -> None:
    cookie = bake(CLIENT_COOKIE)
    assert bake(cookie) == cookie
    served.jar.rotate(b"the first secret")
    served.publisher.republish()
    assert bake(cookie) == cookie
    assert bake(CLIENT_COOKIE) != cookie, "new ones are made with the new secret"
    served.jar.rotate(b"a second secret!")
    served.publisher.republish()
    assert bake(cookie) != cookie


def test_what_python_bakes_is_good_in_c_and_the_other_way_round(
    served: Served, bake: Callable[[bytes], bytes]
) -> None:
    ours = bake(CLIENT_COOKIE)
    assert served.jar.bake(ours, HOST) == ours
    theirs = served.jar.bake(b"another!", HOST)
    assert bake(theirs) == theirs
    stolen = served.jar.bake(b"another!", "192.0.2.7")
    assert bake(stolen) != stolen
