"""Healthy members keep their beat; doubtful ones are asked sooner; overlap stays bounded."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.check import IcmpCheck
from rrdns.health.schedule import Schedule
from rrdns.health.verdict import Outcome, State, Verdict

UP, DOWN, UNKNOWN = Verdict(State.UP), Verdict(State.DOWN), Verdict()
DOUBTED, HOPEFUL = Verdict(State.UP, 1), Verdict(State.DOWN, 1)

CHECK = IcmpCheck(name="alive", interval_s=2.0, timeout_s=1.0, fast_interval_s=0.5, fall=3, rise=3)


def planned(first: float = 0.0, check: IcmpCheck = CHECK) -> Schedule:
    schedule = Schedule(check)
    schedule.plan(first)
    return schedule


def test_nothing_is_due_before_the_plan() -> None:
    assert Schedule(CHECK).due(UP) is None


def test_the_first_probe_is_due_as_planned() -> None:
    assert planned(7.25).due(UNKNOWN) == 7.25


@pytest.mark.parametrize("verdict", [UP, DOWN, UNKNOWN], ids=lambda v: v.state)
def test_without_doubt_probes_start_one_interval_apart(verdict: Verdict) -> None:
    schedule = planned()
    for turn in range(5):
        assert schedule.due(verdict) == 2.0 * turn
        schedule.start(2.0 * turn, verdict)
        schedule.finish(Outcome.FAIL if verdict is DOWN else Outcome.PASS)


def test_an_answer_s_delay_does_not_shift_the_beat_of_a_healthy_member() -> None:
    schedule = planned()
    schedule.start(0.003, UP)  # the timer was late
    schedule.finish(Outcome.PASS)
    assert schedule.due(UP) == pytest.approx(2.0)


@pytest.mark.parametrize("verdict", [DOUBTED, HOPEFUL], ids=["up", "down"])
def test_a_suspect_is_asked_again_after_the_fast_interval(verdict: Verdict) -> None:
    schedule = planned()
    schedule.start(0.0, verdict)
    schedule.finish(Outcome.FAIL)
    assert schedule.due(verdict) == 0.5


def test_a_silent_member_that_is_up_is_asked_again_before_its_timeout() -> None:
    schedule = planned()
    schedule.start(0.0, UP)
    assert schedule.due(UP) == 0.5
    schedule.start(0.5, UP)
    assert schedule.due(UP) == 1.0


def test_once_it_answers_it_is_asked_at_leisure_again() -> None:
    schedule = planned()
    schedule.start(0.0, UP)
    schedule.start(0.5, UP)
    schedule.finish(Outcome.PASS)  # of the first; the second is still in flight
    assert schedule.due(UP) == 2.0


def test_no_more_probes_are_in_flight_than_would_settle_it() -> None:
    schedule = planned()
    for at in (0.0, 0.5, 1.0):
        schedule.start(at, UP)
    assert schedule.due(UP) is None, "three failures would do; a fourth probe tells nothing"
    schedule.finish(Outcome.FAIL)
    assert schedule.due(DOUBTED) is None


@pytest.mark.parametrize("verdict", [DOWN, UNKNOWN], ids=lambda v: v.state)
def test_a_member_that_is_not_up_is_not_asked_twice_at_a_time(verdict: Verdict) -> None:
    schedule = planned()
    schedule.start(0.0, verdict)
    assert schedule.due(verdict) is None
    schedule.finish(Outcome.ERROR)
    assert schedule.due(verdict) == 2.0


def test_a_timeout_longer_than_the_interval_overlaps_but_is_bounded() -> None:
    check = IcmpCheck(name="slow", interval_s=1.0, timeout_s=60.0, fast_interval_s=1.0, fall=2)
    schedule = planned(check=check)
    schedule.start(0.0, UP)
    assert schedule.due(UP) == 1.0
    schedule.start(1.0, UP)
    assert schedule.due(UP) is None


@given(fast=st.floats(0.05, 2.0), silent=st.integers(1, 20))
def test_fast_probes_leave_the_beats_where_they_were(fast: float, silent: int) -> None:
    """And the next regular one is not later than an interval after the last."""
    check = IcmpCheck(name="x", interval_s=2.0, fast_interval_s=fast, fall=30)
    schedule, now = planned(check=check), 0.0
    for _ in range(silent + 1):
        now = schedule.due(UP) or 0.0
        schedule.start(now, UP)
    assert now == pytest.approx(silent * fast)
    schedule.finish(Outcome.PASS)
    due = schedule.due(UP)
    assert due is not None
    assert due / 2.0 == pytest.approx(round(due / 2.0), abs=1e-6)
    assert now - 1e-6 <= due <= now + 2.0 + 1e-6


@given(
    stall=st.floats(0.0, 100.0),
    interval=st.floats(0.1, 10.0),
    fast=st.floats(0.01, 20.0),
)
def test_after_a_stall_of_ours_the_beat_is_kept_and_no_burst_follows(
    stall: float, interval: float, fast: float
) -> None:
    check = IcmpCheck(name="x", interval_s=interval, fast_interval_s=fast)
    schedule = planned(check=check)
    schedule.start(stall, UP)
    schedule.finish(Outcome.PASS)
    due = schedule.due(UP)
    assert due is not None
    beats = due / interval
    assert beats == pytest.approx(round(beats), abs=1e-6), "the next stands on the old beat"
    assert due - stall >= min(fast, interval / 2) * 0.999, "and not right behind the late one"
    assert due - stall <= 1.5 * interval * 1.001


def test_a_member_that_is_down_can_be_asked_in_a_rhythm_of_its_own() -> None:
    schedule = planned(check=replace(CHECK, down_interval_s=0.75))
    for turn in range(4):
        assert schedule.due(DOWN) == 0.75 * turn
        schedule.start(0.75 * turn, DOWN)
        schedule.finish(Outcome.FAIL)
    assert schedule.due(HOPEFUL) == 2.25 + 0.5
    assert schedule.due(UP) == 4.0  # where it would be, had it been up all the time
