"""Cursors count from where they were left, and whoever only looks at them moves none."""

import itertools
import threading
from random import Random

import pytest

from harness.players import PLAYERS
from harness.tables import kind_of
from rrdns.answer.snapshot import MOST_RESTORED, Cursors, Look, RRKey
from rrdns.config.settings import PlayerChoice
from rrdns.pool.turns import Turns
from rrdns.zone.name import from_text

WWW: RRKey = (from_text("www.lab.example"), 1)
FTP: RRKey = (from_text("ftp.lab.example"), 1)
TURNS, DRAWN = Turns((bytes(4),)), Turns((bytes(4),), drawn=True)

THREADS, STEPS = 4, 10_000


@pytest.fixture(params=PLAYERS)
def cursors(request: pytest.FixtureRequest) -> Cursors:
    choice: PlayerChoice = request.param
    return kind_of(choice, None).cursors(Random(7))


def steps(cursors: Cursors, key: RRKey, count: int, turns: Turns = TURNS) -> list[int]:
    return list(itertools.islice(cursors.cursor(key, turns), count))


def test_a_cursor_counts_what_came_before(cursors: Cursors) -> None:
    assert steps(cursors, WWW, 3) == [0, 1, 2]
    assert steps(cursors, WWW, 2) == [3, 4]
    assert steps(cursors, FTP, 1) == [0]


def test_a_count_is_looked_at_and_stays(cursors: Cursors) -> None:
    assert cursors.count(WWW) == 0
    steps(cursors, WWW, 5)
    assert [cursors.count(WWW), cursors.count(WWW), cursors.count(FTP)] == [5, 5, 0]
    assert steps(cursors, WWW, 1) == [5]


def test_no_step_of_several_threads_is_lost(cursors: Cursors) -> None:
    threads = [threading.Thread(target=steps, args=(cursors, WWW, STEPS)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cursors.count(WWW) == THREADS * STEPS


@pytest.mark.parametrize("choice", PLAYERS)
def test_what_was_saved_goes_on_in_either_player(cursors: Cursors, choice: PlayerChoice) -> None:
    steps(cursors, WWW, 7)
    steps(cursors, FTP, 1)
    after = kind_of(choice, None).cursors(Random(8))
    after.restore(cursors.saved())
    assert after.saved() == cursors.saved() == {WWW: 7, FTP: 1}
    assert steps(after, WWW, 2) == [7, 8]


def test_only_what_has_been_asked_for_is_saved(cursors: Cursors) -> None:
    steps(cursors, WWW, 1)
    cursors.cursor(FTP, TURNS)
    assert cursors.saved() == {WWW: 1}


def test_drawn_orders_are_neither_counted_nor_saved(cursors: Cursors) -> None:
    assert len(set(steps(cursors, WWW, 8, DRAWN))) > 1
    assert cursors.count(WWW) == 0
    assert cursors.saved() == {}


def test_what_is_played_already_is_not_set_back(cursors: Cursors) -> None:
    played = cursors.cursor(WWW, TURNS)
    steps(cursors, WWW, 3)
    cursors.restore({WWW: 100, FTP: 100})
    assert cursors.saved() == {WWW: 3, FTP: 100}
    assert next(played) == 3


def test_what_is_restored_for_nobody_is_forgotten_with_the_rest(cursors: Cursors) -> None:
    cursors.restore({WWW: 1, FTP: 2})
    cursors.forget_all_but({WWW: TURNS})
    assert cursors.saved() == {WWW: 1}


def test_the_largest_count_goes_on(cursors: Cursors) -> None:
    cursors.restore({WWW: MOST_RESTORED})
    assert steps(cursors, WWW, 2) == [MOST_RESTORED, MOST_RESTORED + 1]
    assert cursors.count(WWW) == MOST_RESTORED + 2


@pytest.mark.parametrize("count", [-1, MOST_RESTORED + 1, 2**64])
def test_what_is_no_count_restores_nothing(cursors: Cursors, count: int) -> None:
    with pytest.raises(ValueError, match="no count of answers"):
        cursors.restore({FTP: 5, WWW: count})
    assert cursors.saved() == {}


def test_a_look_takes_no_turn_and_sees_no_later_one(cursors: Cursors) -> None:
    steps(cursors, WWW, 3)
    look = Look(cursors)
    assert next(look.cursor(WWW, TURNS)) == 3
    steps(cursors, WWW, 2)
    assert list(itertools.islice(look.cursor(WWW, TURNS), 3)) == [3, 3, 3]
    assert next(Look(cursors).cursor(WWW, TURNS)) == 5


def test_a_look_makes_no_cursor(cursors: Cursors) -> None:
    assert next(Look(cursors).cursor(WWW, TURNS)) == 0
    assert next(Look(cursors).cursor(FTP, DRAWN)) == 0
    assert cursors.saved() == {}
