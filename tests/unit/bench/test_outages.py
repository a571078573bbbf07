"""An outage is timed from what was done to a mirror to what a client saw, by nothing else."""

from random import Random

import pytest

from bench.outages import LONGEST_S, SETTLED_S, Course

PAUSE_S = 4.0
LATER = 2 * PAUSE_S  # after any pause


def course(outages: int = 1) -> Course:
    return Course(outages, PAUSE_S, Random(1), now=0.0)


def failed(at: float) -> Course:
    begun = course()
    begun.failed(at)
    return begun


def test_a_change_waits_for_a_pause_of_once_to_twice_the_length() -> None:
    fresh = course()
    assert not fresh.fails(PAUSE_S - 0.01)
    assert fresh.fails(LATER)
    assert not fresh.restores(LATER)


def dropped(at: float) -> Course:
    mirror = failed(at - 1)
    mirror.seen(at, handed_out=False)
    mirror.seen(at + SETTLED_S, handed_out=False)
    return mirror


def test_it_leaves_with_the_answer_after_which_none_has_it() -> None:
    mirror = failed(at=10.0)
    mirror.seen(11.0, handed_out=True)
    mirror.seen(11.1, handed_out=False)
    mirror.seen(11.2, handed_out=True)  # it was not gone for good
    mirror.seen(11.3, handed_out=False)
    mirror.seen(11.3 + SETTLED_S / 2, handed_out=False)
    assert mirror.left_s == []
    mirror.seen(11.3 + SETTLED_S, handed_out=False)
    assert mirror.left_s == [pytest.approx(1.3)]
    assert not mirror.awaited


def test_a_server_that_does_not_answer_has_not_dropped_it() -> None:
    mirror = failed(at=10.0)
    mirror.seen(13.0, handed_out=False)
    assert mirror.awaited
    mirror.seen(13.0 + SETTLED_S, handed_out=False)
    assert mirror.left_s == [3.0]


def test_it_is_back_with_the_first_answer_that_has_it() -> None:
    mirror = dropped(at=11.0)
    assert mirror.restores(11.5 + LATER)
    mirror.restored(20.0)
    mirror.seen(20.4, handed_out=False)
    mirror.seen(20.5, handed_out=True)
    mirror.seen(20.6, handed_out=True)
    assert mirror.back_s == [pytest.approx(0.5)]


def test_it_is_done_after_its_outages() -> None:
    mirror = course(outages=2)
    for began in (10.0, 40.0):
        assert not mirror.done
        assert mirror.fails(began)
        mirror.failed(began)
        mirror.seen(began + 1, handed_out=False)
        mirror.seen(began + 2, handed_out=False)
        mirror.restored(began + 10)
        mirror.seen(began + 11, handed_out=True)
    assert mirror.done
    assert not mirror.fails(100.0)


def test_a_server_that_does_not_notice_is_reported() -> None:
    mirror = failed(at=10.0)
    mirror.check(10.0 + LONGEST_S)
    with pytest.raises(RuntimeError, match="failed, and not noticed for 60 s"):
        mirror.check(10.1 + LONGEST_S)
