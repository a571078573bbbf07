"""A failure counts only where the way out was open before, during and after the probe."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.result import Result
from rrdns.health.vantage import Anchor, Judgement, Rounds, View
from rrdns.health.verdict import Outcome

PASS, FAIL = Outcome.PASS, Outcome.FAIL
COUNTS, NOT_JUDGED, WAITS = Judgement.COUNTS, Judgement.NOT_JUDGED, Judgement.WAITS
OPEN, SILENT, ASKED = True, False, None


def told(*rounds: bool | None) -> Rounds:
    """One anchor's rounds: answered, silent, or still waited for."""
    told = Rounds(anchors=1)
    for answered in rounds:
        number = told.start()
        if answered is not None:
            told.hear(number, answered=answered)
    return told


@pytest.mark.parametrize(
    ("rounds", "begun", "ended", "judgement"),
    [
        pytest.param((OPEN, OPEN, OPEN), 1, 2, COUNTS, id="open before, during and after"),
        pytest.param((OPEN, OPEN), 1, 1, COUNTS, id="no round while it ran"),
        pytest.param((OPEN,), 0, 0, COUNTS, id="nobody was asked before"),
        pytest.param((OPEN,), 1, 1, WAITS, id="nobody was asked after"),
        pytest.param((OPEN, ASKED), 1, 1, WAITS, id="the round after is waited for"),
        pytest.param((OPEN, ASKED, OPEN), 1, 2, WAITS, id="one while it ran is waited for"),
        pytest.param((ASKED, OPEN), 1, 1, WAITS, id="the one before is waited for"),
        pytest.param((ASKED, OPEN, OPEN), 2, 2, COUNTS, id="an older one does not matter"),
        pytest.param((OPEN, SILENT, OPEN), 1, 2, NOT_JUDGED, id="silent while it ran"),
        pytest.param((OPEN, SILENT), 1, 1, NOT_JUDGED, id="silent after it"),
        pytest.param((OPEN, ASKED, OPEN), 1, 1, WAITS, id="a later answer does not make up for it"),
        pytest.param((SILENT, OPEN), 1, 1, NOT_JUDGED, id="silent right before it"),
        pytest.param((SILENT, OPEN, OPEN), 2, 2, COUNTS, id="silent long before it"),
        pytest.param((OPEN, SILENT, SILENT), 3, 3, NOT_JUDGED, id="cut off"),
    ],
)
def test_what_becomes_of_a_failure(
    rounds: tuple[bool | None, ...], begun: int, ended: int, judgement: Judgement
) -> None:
    assert told(*rounds).judge(FAIL, begun, ended) is judgement


def test_a_pass_counts_at_once_unless_we_are_cut_off() -> None:
    assert told().judge(PASS, 0, 0) is COUNTS
    assert told(ASKED).judge(PASS, 0, 1) is COUNTS
    assert told(SILENT).judge(PASS, 0, 1) is COUNTS
    assert told(SILENT, SILENT).judge(PASS, 0, 2) is NOT_JUDGED


def test_one_silent_round_is_doubt_and_two_in_a_row_are_a_cut() -> None:
    rounds = told(OPEN, SILENT)
    assert (rounds.cut_off, rounds.doubtful) == (False, True)
    rounds = told(OPEN, SILENT, SILENT)
    assert (rounds.cut_off, rounds.doubtful) == (True, False)
    rounds = told(SILENT, OPEN, SILENT)
    assert (rounds.cut_off, rounds.doubtful) == (False, True)


def test_the_cut_is_over_after_three_answers_in_a_row() -> None:
    assert told(SILENT, SILENT, OPEN, OPEN).cut_off
    assert told(SILENT, SILENT, OPEN, OPEN, SILENT, OPEN).cut_off
    rounds = told(SILENT, SILENT, OPEN, OPEN, OPEN)
    assert (rounds.cut_off, rounds.doubtful) == (False, False)
    for _ in range(3):
        rounds.hear(rounds.start(), answered=True)
    assert rounds.judge(FAIL, 5, 5) is NOT_JUDGED, "it may have begun before that was known"
    assert rounds.judge(FAIL, 6, 6) is COUNTS


def test_answers_to_rounds_that_were_in_flight_together_are_one() -> None:
    """As of packets that waited for the link."""
    rounds = told(SILENT, SILENT, ASKED, ASKED, ASKED)
    for number in (2, 3, 4):
        rounds.hear(number, answered=True)
    assert rounds.cut_off
    rounds.hear(rounds.start(), answered=True)
    assert rounds.cut_off
    rounds.hear(rounds.start(), answered=True)
    assert not rounds.cut_off


def test_one_anchor_of_several_is_enough_and_the_first_answer_decides() -> None:
    rounds = Rounds(anchors=3)
    number = rounds.start()
    assert not rounds.hear(number, answered=False)
    assert rounds.hear(number, answered=True)
    assert not rounds.hear(number, answered=False)
    assert not rounds.doubtful
    number = rounds.start()
    decided = [rounds.hear(number, answered=False) for _ in range(3)]
    assert decided == [False, False, True]
    assert rounds.doubtful


def test_an_answer_to_a_round_older_than_a_silent_one_proves_nothing() -> None:
    rounds = told(SILENT, ASKED, SILENT)
    assert rounds.cut_off
    rounds.hear(1, answered=True)
    rounds.hear(rounds.start(), answered=True)
    rounds.hear(rounds.start(), answered=True)
    assert rounds.cut_off


def test_the_silence_of_a_round_older_than_an_answer_is_no_cut() -> None:
    rounds = told(ASKED, ASKED, OPEN)
    rounds.hear(0, answered=False)
    rounds.hear(1, answered=False)
    assert not rounds.cut_off


def test_a_cut_that_was_known_before_lasts_until_an_answer() -> None:
    rounds = Rounds(anchors=1, cut_off=True)
    assert rounds.judge(PASS, 0, 0) is NOT_JUDGED
    rounds.hear(rounds.start(), answered=False)
    assert rounds.cut_off
    for _ in range(3):
        rounds.hear(rounds.start(), answered=True)
    assert not rounds.cut_off


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.data())
def test_who_waits_is_judged_once_every_round_is_decided(
    answers: list[bool], data: st.DataObject
) -> None:
    """In whatever order the rounds end; and what counts was never surrounded by silence."""
    ended = data.draw(st.integers(0, len(answers) - 1))
    begun = data.draw(st.integers(0, ended))
    rounds = Rounds(anchors=1)
    numbers = [rounds.start() for _ in answers]
    judgements = [rounds.judge(FAIL, begun, ended)]
    for number in data.draw(st.permutations(numbers)):
        rounds.hear(number, answered=answers[number])
        judgements.append(rounds.judge(FAIL, begun, ended))
    assert judgements[-1] is not WAITS
    first = next(judgement for judgement in judgements if judgement is not WAITS)
    if first is COUNTS:
        assert all(answers[max(0, begun - 1) : ended + 1])


def test_the_view_names_who_answers_or_else_everybody_with_the_reason() -> None:
    gateway = Anchor(ip_address("192.0.2.254"), Result(FAIL, "no answer within 0.5 s", 0.5), 1.0)
    other = Anchor(ip_address("192.0.2.253"), Result(PASS, "0.3 ms", 0.0003), 1.0)
    fresh = Anchor(ip_address("192.0.2.252"))
    assert View((gateway, other, fresh)).reason == "192.0.2.253: 0.3 ms"
    silent = View((gateway, fresh), since=2.0)
    assert silent.cut_off
    assert silent.reason == "192.0.2.254: no answer within 0.5 s, 192.0.2.252"
