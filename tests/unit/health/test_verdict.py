"""A verdict turns only after `rise` or `fall` outcomes in a row against it; ERROR is nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.verdict import Outcome, State, Verdict, all_of, any_of

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN

outcomes = st.lists(st.sampled_from(Outcome), max_size=40)
needed = st.integers(1, 5)


def verdicts(seen: list[Outcome], rise: int, fall: int) -> list[Verdict]:
    """The verdict before any outcome, then after each."""
    history = [Verdict()]
    for outcome in seen:
        history.append(history[-1].after(outcome, rise, fall))
    return history


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        pytest.param(Verdict(), PASS, Verdict(UP), id="the first pass decides"),
        pytest.param(Verdict(), FAIL, Verdict(DOWN), id="the first failure decides"),
        pytest.param(Verdict(), ERROR, Verdict(), id="an error decides nothing"),
        pytest.param(Verdict(UP), PASS, Verdict(UP), id="up stays up"),
        pytest.param(Verdict(UP), FAIL, Verdict(UP, 1), id="one failure makes suspect"),
        pytest.param(Verdict(UP, 1), FAIL, Verdict(UP, 2), id="fewer than fall do not turn"),
        pytest.param(Verdict(UP, 2), FAIL, Verdict(DOWN), id="fall in a row turn"),
        pytest.param(Verdict(UP, 2), PASS, Verdict(UP), id="a pass clears the suspicion"),
        pytest.param(Verdict(UP, 2), ERROR, Verdict(UP, 2), id="an error keeps the streak"),
        pytest.param(Verdict(DOWN), FAIL, Verdict(DOWN), id="down stays down"),
        pytest.param(Verdict(DOWN), PASS, Verdict(DOWN, 1), id="one pass makes hopeful"),
        pytest.param(Verdict(DOWN, 1), PASS, Verdict(UP), id="rise in a row turn"),
        pytest.param(Verdict(DOWN, 1), FAIL, Verdict(DOWN), id="a failure ends the hope"),
        pytest.param(Verdict(DOWN, 1), ERROR, Verdict(DOWN, 1), id="an error keeps the hope"),
    ],
)
def test_the_table_of_rise_2_and_fall_3(before: Verdict, outcome: Outcome, after: Verdict) -> None:
    assert before.after(outcome, rise=2, fall=3) == after


@given(outcomes, needed, needed)
def test_a_turn_is_preceded_by_a_full_streak_against_the_state(
    seen: list[Outcome], rise: int, fall: int
) -> None:
    history = verdicts(seen, rise, fall)
    for at, (before, after) in enumerate(pairwise(history)):
        if before.state in (after.state, UNKNOWN):
            continue
        told = [outcome for outcome in seen[: at + 1] if outcome is not ERROR]
        length, against = (fall, FAIL) if before.state is UP else (rise, PASS)
        assert told[-length:] == [against] * length


@given(outcomes, needed, needed)
def test_errors_could_as_well_not_have_been(seen: list[Outcome], rise: int, fall: int) -> None:
    without = [outcome for outcome in seen if outcome is not ERROR]
    assert verdicts(seen, rise, fall)[-1] == verdicts(without, rise, fall)[-1]


@given(outcomes, needed, needed)
def test_a_streak_never_reaches_what_would_turn_it(
    seen: list[Outcome], rise: int, fall: int
) -> None:
    for verdict in verdicts(seen, rise, fall):
        assert 0 <= verdict.streak < (fall if verdict.state is UP else rise)
        assert verdict.suspect == (verdict.streak > 0)


@pytest.mark.parametrize(
    ("states", "all_required", "any_required"),
    [
        ([UP], UP, UP),
        ([UP, DOWN], DOWN, UP),
        ([UP, UNKNOWN], UP, UP),
        ([DOWN, UNKNOWN], DOWN, UNKNOWN),
        ([DOWN, DOWN], DOWN, DOWN),
        ([UNKNOWN], UNKNOWN, UNKNOWN),
        ([], UNKNOWN, UNKNOWN),
    ],
)
def test_several_checks_of_one_member(
    states: list[State], all_required: State, any_required: State
) -> None:
    assert (all_of(states), any_of(states)) == (all_required, any_required)
