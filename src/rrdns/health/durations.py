"""How long things took, counted by size: what a histogram shows. Pure."""

import math
from bisect import bisect_left
from collections.abc import Iterator

# Upper bounds in seconds, from a mirror next door to the longest timeout that is sensible.
BOUNDS_S = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, math.inf),
)


class Durations:
    """How many fell below each of `BOUNDS_S`, their sum, and the longest."""

    __slots__ = ("counts", "most_s", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * len(BOUNDS_S)
        self.sum_s = 0.0
        self.most_s = 0.0

    def add(self, duration_s: float) -> None:
        """One more."""
        self.counts[bisect_left(BOUNDS_S, duration_s)] += 1
        self.sum_s += duration_s
        self.most_s = max(self.most_s, duration_s)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Each bound, and how many are not above it."""
        total = 0
        for bound, count in zip(BOUNDS_S, self.counts, strict=True):
            total += count
            yield bound, total
