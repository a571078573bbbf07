"""Every duration is counted once, in the smallest size that holds it."""

import math

from rrdns.health.durations import BOUNDS_S, Durations


def test_the_counts_are_cumulative_and_a_bound_holds_itself() -> None:
    durations = Durations()
    for duration_s in (0.0, 0.001, 0.0011, 0.25, 11.0):
        durations.add(duration_s)
    counted = dict(durations.cumulative())
    assert tuple(counted) == BOUNDS_S
    assert (counted[0.001], counted[0.0025], counted[0.25], counted[10.0]) == (2, 3, 4, 4)
    assert counted[math.inf] == 5


def test_the_sum_and_the_longest_are_kept() -> None:
    durations = Durations()
    assert (durations.sum_s, durations.most_s) == (0.0, 0.0)
    durations.add(2.0)
    durations.add(0.5)
    assert (durations.sum_s, durations.most_s) == (2.5, 2.0)
