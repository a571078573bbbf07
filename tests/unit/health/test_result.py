"""What is known of a target follows from its outcomes; what others wrote is one harmless line."""

import pytest

from rrdns.health.check import IcmpCheck
from rrdns.health.result import MAX_REASON, Health, Result, one_line
from rrdns.health.verdict import Outcome, State, Verdict

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
CHECK = IcmpCheck(name="alive", fall=2, rise=2, flap_window_s=600.0)
TOOK_S = 0.25


def lived(*outcomes: Outcome, health: Health | None = None) -> Health:
    """The health after probes that start at 101, 102, ... and take `TOOK_S`."""
    health = health or Health(Verdict(), since=100.0)
    for second, outcome in enumerate(outcomes, start=101):
        result = Result(outcome, f"it is a {outcome}", TOOK_S)
        health = health.after(result, CHECK, float(second), second + TOOK_S)
    return health


def test_the_first_outcome_is_a_state_and_an_error_is_none() -> None:
    assert lived(PASS).verdict.state is State.UP
    assert lived(FAIL).verdict.state is State.DOWN
    unknown = lived(ERROR)
    assert unknown.verdict.state is State.UNKNOWN
    assert (unknown.since, unknown.at) == (100.0, 101.0 + TOOK_S)
    assert unknown.last == Result(ERROR, "it is a error", TOOK_S)


def test_a_state_lasts_since_the_outcome_that_decided_it() -> None:
    health = lived(PASS, FAIL, ERROR, FAIL, FAIL)
    assert health.verdict == Verdict(State.DOWN)
    assert health.since == 104.0 + TOOK_S
    assert health.decided_by == 2
    assert health.at == 105.0 + TOOK_S


@pytest.mark.parametrize(
    ("outcomes", "first_failure"),
    [
        ((PASS,), None),
        ((PASS, FAIL), 102.0),
        ((PASS, FAIL, ERROR), 102.0),
        ((PASS, FAIL, FAIL, FAIL), 102.0),
        ((PASS, FAIL, PASS), None),
        ((PASS, FAIL, PASS, FAIL), 104.0),
        ((FAIL, FAIL), 101.0),
        ((PASS, FAIL, FAIL, PASS), 102.0),
        ((PASS, FAIL, FAIL, PASS, FAIL), 102.0),
        ((PASS, FAIL, FAIL, PASS, PASS), None),
        ((ERROR,), None),
    ],
)
def test_the_first_failure_is_that_of_the_streak_or_of_the_outage(
    outcomes: tuple[Outcome, ...], first_failure: float | None
) -> None:
    assert lived(*outcomes).first_failure == first_failure


def test_the_last_pass_is_the_start_of_its_probe_and_outlives_the_outage() -> None:
    assert lived(FAIL).last_pass is None
    assert lived(PASS, PASS, FAIL, FAIL, ERROR).last_pass == 102.0
    assert lived(PASS, FAIL, FAIL, PASS).last_pass == 104.0


def test_only_a_turn_from_up_to_down_is_a_down() -> None:
    assert lived(FAIL, FAIL).downs == ()
    assert lived(PASS, FAIL, FAIL).downs == (103.0 + TOOK_S,)


def test_a_member_that_flaps_has_to_pass_more_often() -> None:
    flap = (FAIL, FAIL, PASS, PASS)
    health = lived(PASS, *flap, FAIL, FAIL)
    assert len(health.downs) == 2
    assert health.rise_needed(CHECK, 110.0) == 4
    assert lived(PASS, PASS, PASS, health=health).verdict == Verdict(State.DOWN, 3)
    risen = lived(PASS, PASS, PASS, PASS, health=health)
    assert risen.verdict == Verdict(State.UP)
    assert risen.decided_by == 4
    assert health.rise_needed(CHECK, 1e6) == CHECK.rise, "time forgives"


def test_what_was_restored_is_so_until_an_outcome_that_is_no_error() -> None:
    restored = Health(Verdict(State.UP), since=1.0, downs=(50.0,), last_pass=60.0, restored=True)
    assert lived(ERROR, ERROR, health=restored).restored
    confirmed = lived(PASS, health=restored)
    assert not confirmed.restored
    assert (confirmed.since, confirmed.downs) == (1.0, (50.0,))
    doubted = lived(FAIL, health=restored)
    assert not doubted.restored
    assert doubted.verdict == Verdict(State.UP, 1), "a verdict as any"
    assert doubted.last_pass == 60.0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("all is well", "all is well"),
        ("two\r\nlines\tand\0more", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("right \u202eto left", "right to left"),
        ("grün, 日本", "grün, 日本"),
        ("", ""),
    ],
)
def test_only_printable_text_on_one_line_is_left(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_line_is_bounded() -> None:
    assert one_line("x" * 10**6) == "x" * MAX_REASON
