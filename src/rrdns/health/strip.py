"""The last outcomes of a target, compactly: ten thousand targets are to cost a few megabytes.

A probe is one number of 64 bits: when it started, how long it took, how it ended.
"""

from array import array
from typing import NamedTuple

from .verdict import Outcome

LENGTH = 40

_OUTCOMES = tuple(Outcome)
_OUTCOME_BITS = 2
_ELAPSED_BITS = 20  # of 0.1 ms: what took longer than 104 s says so
_ELAPSED_UNITS = 10_000.0
_START_UNITS = 1000.0  # the other 42 bits last until the year 2109
_ELAPSED_MOST = (1 << _ELAPSED_BITS) - 1


class Seen(NamedTuple):
    """One probe: its start (time.time), how it ended, how long it took."""

    at: float
    outcome: Outcome
    elapsed_s: float


class Strip:
    """The last `LENGTH` probes of one target."""

    __slots__ = ("_count", "_ring")

    def __init__(self) -> None:
        self._ring = array("Q", bytes(8 * LENGTH))
        self._count = 0

    def add(self, at: float, outcome: Outcome, elapsed_s: float) -> None:
        """One more probe; the oldest makes room."""
        elapsed = min(int(elapsed_s * _ELAPSED_UNITS), _ELAPSED_MOST)
        packed = int(at * _START_UNITS) << _ELAPSED_BITS | elapsed
        self._ring[self._count % LENGTH] = packed << _OUTCOME_BITS | _OUTCOMES.index(outcome)
        self._count += 1

    def copy(self) -> "Strip":
        """Another with the same probes, which goes on by itself."""
        other = Strip()
        other._ring, other._count = self._ring[:], self._count
        return other

    def seen(self) -> list[Seen]:
        """The probes, oldest first."""
        first = max(0, self._count - LENGTH)
        return [_unpacked(self._ring[n % LENGTH]) for n in range(first, self._count)]


def _unpacked(packed: int) -> Seen:
    outcome = _OUTCOMES[packed & ((1 << _OUTCOME_BITS) - 1)]
    packed >>= _OUTCOME_BITS
    return Seen(
        (packed >> _ELAPSED_BITS) / _START_UNITS,
        outcome,
        (packed & _ELAPSED_MOST) / _ELAPSED_UNITS,
    )
