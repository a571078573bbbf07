"""An outage lasts from the last reply of the old host to the first of a run of the new one that
shows that it answers for good; a question is lost if it had no reply, however late."""

from collections.abc import Iterator

import pytest

from harness.replies import ENOUGH, MISSING, Replies, Reply

PERIOD_S = 0.005
DELAY_S = 0.001


def replies(host: str, first: int, count: int, late_s: float = 0.0) -> Iterator[Reply]:
    """To `count` questions from number `first` on, each `late_s` later than usual."""
    for number in range(first, first + count):
        sent_at = number * PERIOD_S
        yield Reply(number, sent_at, sent_at + DELAY_S + late_s, host)


def seen(*parts: Iterator[Reply]) -> Replies:
    return Replies.of(reply for part in parts for reply in part)


def test_an_outage_is_from_the_last_of_the_old_to_the_first_of_the_new() -> None:
    found = seen(replies("a", 0, 200), replies("b", 800, ENOUGH))
    assert found.outage("a", "b") == pytest.approx(601 * PERIOD_S)


def test_none_has_ended_before_the_new_host_has_answered_often_enough() -> None:
    assert seen(replies("a", 0, 200), replies("b", 800, ENOUGH - 1)).outage("a", "b") is None
    assert seen(replies("a", 0, 200)).outage("a", "b") is None


def test_none_has_begun_where_the_old_host_has_never_answered() -> None:
    assert seen(replies("b", 0, ENOUGH)).outage("a", "b") is None


def test_a_change_without_a_break_lasts_for_one_period() -> None:
    found = seen(replies("a", 0, 200), replies("b", 200, ENOUGH))
    assert found.outage("a", "b") == pytest.approx(PERIOD_S)


def test_replies_before_a_gap_do_not_end_it() -> None:
    again = 300 + ENOUGH + MISSING
    found = seen(replies("a", 0, 200), replies("b", 300, ENOUGH - 1), replies("b", again, ENOUGH))
    assert found.outage("a", "b") == pytest.approx((again - 199) * PERIOD_S)


def test_replies_that_were_held_up_make_no_gap() -> None:
    """A machine that is busy with something else is no outage."""
    held_up = (reply._replace(came_at=2.0) for reply in replies("b", 320, 80))
    found = seen(replies("a", 0, 200), replies("b", 300, 20), held_up, replies("b", 400, ENOUGH))
    assert found.outage("a", "b") == pytest.approx(101 * PERIOD_S)
    assert len(found.runs) == 2


def test_a_late_reply_does_not_end_a_run() -> None:
    late = replies("b", 305, 5, late_s=0.2)
    found = seen(
        replies("a", 0, 200),
        replies("b", 300, 5),
        replies("b", 310, 40),
        late,
        replies("b", 350, 60),
    )
    assert found.outage("a", "b") == pytest.approx(101 * PERIOD_S)


def test_a_reply_missing_here_and_there_is_no_gap() -> None:
    found = seen(
        replies("a", 0, 200), replies("b", 300, ENOUGH // 2), replies("b", 305 + ENOUGH // 2, 80)
    )
    assert found.outage("a", "b") == pytest.approx(101 * PERIOD_S)


def test_it_goes_on_while_both_answer_by_turns() -> None:
    """It ends when the new host is alone, and began when the old one was last heard."""
    turns = [replies("ab"[number % 2], number, 1) for number in range(200, 400)]
    found = seen(replies("a", 0, 200), *turns, replies("b", 450, ENOUGH))
    assert found.outage("a", "b") == pytest.approx((450 - 398) * PERIOD_S)


def test_only_who_answers_after_the_time_given_ends_it() -> None:
    back_and_forth = seen(
        replies("a", 0, 200), replies("b", 300, 200), replies("a", 600, 200), replies("b", 950, 200)
    )
    first = pytest.approx(101 * PERIOD_S)
    assert back_and_forth.outage("a", "b") == first
    assert back_and_forth.outage("a", "b", since=350 * PERIOD_S) == first, "b went on after that"
    assert back_and_forth.outage("a", "b", since=700 * PERIOD_S) == pytest.approx(151 * PERIOD_S)
    assert back_and_forth.outage("b", "a", since=400 * PERIOD_S) == first
    assert back_and_forth.outage("b", "a", since=750 * PERIOD_S) is None


def test_the_host_is_who_answered_last() -> None:
    assert seen().host is None
    assert seen(replies("a", 0, 3), replies("b", 3, 1)).host == "b"


def test_questions_without_a_reply_are_lost() -> None:
    found = seen(replies("a", 0, 200), replies("b", 210, 40), replies("b", 255, 100))
    assert found.lost(since=100 * PERIOD_S, until=300 * PERIOD_S) == 15


def test_those_from_the_beginning_of_the_time_on_are_lost() -> None:
    found = seen(replies("a", 0, 100), replies("b", 200, 100))
    assert found.lost(since=150 * PERIOD_S, until=299 * PERIOD_S) == 100, "since when is not known"
    assert found.lost(since=0.0, until=299 * PERIOD_S) == 100
    assert found.lost(since=250 * PERIOD_S, until=299 * PERIOD_S) == 0


def test_a_late_reply_is_not_lost() -> None:
    found = seen(replies("a", 0, 100), replies("b", 110, 50), replies("b", 100, 10, late_s=0.5))
    assert found.lost(since=90 * PERIOD_S, until=150 * PERIOD_S) == 0


def test_what_is_still_under_way_is_not_lost() -> None:
    assert seen(replies("a", 0, 100)).lost(since=0.0, until=200 * PERIOD_S) == 0
    assert seen().lost(since=0.0, until=1.0) == 0


def test_the_longest_silence_is_between_two_replies_whoever_sent_them() -> None:
    found = seen(replies("a", 0, 100), replies("b", 150, 100), replies("b", 270, 100))
    assert found.silence(since=0.0) == pytest.approx(51 * PERIOD_S)
    assert found.silence(since=155 * PERIOD_S) == pytest.approx(21 * PERIOD_S)
    assert found.silence(since=400 * PERIOD_S) == 0.0
