"""RFC 1794: every address has its turn, and none has more than its share.

The cursors of the server process are shared by all tests and never start anew, so nothing here
depends on whose turn it is when a test begins.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

import dns.message
import dns.rdatatype
import pytest

from harness.audit import take_apart
from harness.direct import InProcess
from harness.players import PLAYERS
from harness.ways import Direct, Way, query
from rrdns.answer.compiler import compile_edition, recompile
from rrdns.answer.reference import Transport
from rrdns.config.settings import PlayerChoice
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRType

ANSWERS = 3000
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")


def orders(ask: Way, owner: str, count: int, qtype: str = "A") -> list[tuple[bytes, ...]]:
    """The addresses of `count` replies in a row, in the order of each."""
    packet = query(f"{owner}.turns.example.", qtype).to_wire()
    rtype = dns.rdatatype.from_text(qtype)
    replies = ask.exchange_in_turn([packet] * count)
    return [
        tuple(r.rdata for r in take_apart(reply).sections[0] if r.rtype == rtype)
        for reply in replies
    ]


def heads(ask: Way, owner: str, count: int, qtype: str = "A") -> list[int]:
    """The last octet of the first address of `count` replies in a row."""
    return [order[0][-1] for order in orders(ask, owner, count, qtype)]


@pytest.mark.parametrize(
    "owner",
    ["plain", "cyclic", "hold", "balanced3", "alias", "x.wild"],
    ids=lambda owner: f"D02 {owner}",
)
def test_three_members_are_first_a_thousand_times_each(ask: Way, owner: str) -> None:
    firsts = Counter(heads(ask, owner, ANSWERS))
    tolerance = 5 if owner == "hold" else 1
    assert set(firsts) == {1, 2, 3}
    assert all(abs(times - ANSWERS // 3) <= tolerance for times in firsts.values())


@pytest.mark.parametrize("owner", ["plain", "cyclic", "two"], ids=lambda owner: f"D02 {owner}")
def test_cyclic_moves_the_head_to_the_bottom(ask: Way, owner: str) -> None:
    for before, after in pairwise(orders(ask, owner, 60)):
        assert after[: len(before) - 1] == before[1:]


def test_d02_hold_keeps_the_head_for_its_answers(ask: Way) -> None:
    runs = [len(list(run)) for _, run in groupby(heads(ask, "hold", 300))]
    assert set(runs[1:-1]) == {5}
    assert runs[0] <= 5
    assert runs[-1] <= 5


@pytest.mark.parametrize(
    ("owner", "lap"), [("balanced3", 6), ("balanced4", 24)], ids=["D02 odd", "D02 even"]
)
def test_balanced_has_all_neighbour_pairs_equally_often(ask: Way, owner: str, lap: int) -> None:
    pairs: Counter[tuple[bytes, bytes]] = Counter()
    for order in orders(ask, owner, 50 * lap):
        pairs.update(pairwise(order))
    size = 4 if owner == "balanced4" else 3
    assert len(pairs) == size * (size - 1)
    assert len(set(pairs.values())) == 1


def test_d02_random_is_about_uniform(ask: Way) -> None:
    """3000 draws of one in three have a standard deviation of 26; 200 is beyond bad luck."""
    drawn = orders(ask, "random", ANSWERS)
    firsts = Counter(order[0] for order in drawn)
    assert len(set(drawn)) == 6
    assert all(abs(times - ANSWERS // 3) < 200 for times in firsts.values())


def test_d02_fixed_never_changes(ask: Way) -> None:
    assert {order[0][-1] for order in orders(ask, "fixed", 100)} == {1}
    assert len(set(orders(ask, "fixed", 100))) == 1


def test_d02_answers_caps_what_one_reply_carries(ask: Way) -> None:
    seen = orders(ask, "two", 50)
    assert all(len(set(order)) == len(order) == 2 for order in seen)
    assert Counter(order[0] for order in seen) == dict.fromkeys({o[0] for o in seen}, 10)


def test_d02_weights_are_exact_over_a_lap(ask: Way) -> None:
    assert Counter(heads(ask, "weighted", 500)) == {1: 300, 2: 100, 3: 100}


def test_d02_a_weighted_reply_has_no_address_twice(ask: Way) -> None:
    assert all(len(set(order)) == 3 for order in orders(ask, "weighted", 50))


def test_d02_a_and_aaaa_have_cursors_of_their_own(ask: Way) -> None:
    """A question for one family does not move the other on."""
    a = query("dual.turns.example.", "A").to_wire()
    aaaa = query("dual.turns.example.", "AAAA").to_wire()
    replies = ask.exchange_in_turn([a, aaaa, aaaa] * 60)
    firsts = [take_apart(reply).sections[0][0].rdata[-1] for reply in replies]
    assert set(_steps(firsts[0::3], 3)) == {1}
    both = [first for at, first in enumerate(firsts) if at % 3]
    assert set(_steps(both, 2)) == {1}


def test_d02_one_address_stays_one(ask: Way) -> None:
    assert len(set(orders(ask, "single", 5))) == 1


def test_d02_data_of_another_type_does_not_rotate(ask: Way) -> None:
    packet = query("mx", "MX").to_wire()
    replies = ask.exchange_in_turn([packet] * 5)
    assert len({tuple(dns.message.from_wire(r).answer[0]) for r in replies}) == 1


@pytest.mark.parametrize("choice", PLAYERS)
def test_d02_a_change_of_the_table_does_not_begin_anew(
    in_process_of: Callable[[PlayerChoice], InProcess], choice: PlayerChoice
) -> None:
    """Neither when one RRset's turns change, nor when everything is made again."""
    key = (from_text("cyclic.turns.example"), RRType.A)
    made = in_process_of(choice)
    edition = made.publisher.publication.edition
    snapshot = edition.snapshot
    editions = [
        edition,
        recompile(edition, snapshot, [key]),
        compile_edition(snapshot, made.players.blank(made.publisher.cursors, snapshot.identity)),
    ]
    ways = [
        Direct(answer(transport, each), transport.value)
        for each in editions
        for answer in (made.answer, made.answer_by_reference)
        for transport in Transport
    ]
    firsts = [heads(way, "cyclic", 1)[0] for _ in range(20) for way in ways]
    assert set(_steps(firsts, 3)) == {1}


def _steps(firsts: list[int], size: int) -> Iterator[int]:
    """How far the head moved from one reply to the next, around the circle."""
    return ((after - before) % size for before, after in pairwise(firsts))
