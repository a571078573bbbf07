"""The strip of a check's last probes: what it looks like, and what it says. Pure.

A slot for each probe, the newest one on the right. A pass is a bar, as high as the logarithm of
the time it took; a failure is a cross, an error of ours a ring.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from rrdns.health.strip import LENGTH
from rrdns.health.verdict import Outcome

SLOT, HEIGHT = 5, 20
WIDTH = LENGTH * SLOT

_SHORTEST_MS = 0.1  # the shortest bar stands for this, and each further step for ten times as long
_SHORTEST, _STEP = 3.0, 3.4
_HALF = 2  # of the width of a cross or a ring
_MIDDLE = HEIGHT / 2

Probe = Sequence[Any]
"""As in the report: milliseconds since 1970, the outcome, how long it took in milliseconds."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths of SVG in a box of `WIDTH` by `HEIGHT`, and the same in `words`."""

    passes: str
    failures: str
    errors: str
    words: str


def draw(probes: Sequence[Probe]) -> Drawing:
    """The drawing of a check's `recent` probes, oldest first."""
    shapes: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    first = LENGTH - len(probes)
    for slot, (_, outcome, elapsed_ms) in enumerate(probes, first):
        x = slot * SLOT + SLOT / 2
        match Outcome(outcome):
            case Outcome.PASS:
                shape = f"M{x:g} {HEIGHT}v-{_bar(elapsed_ms):.3g}"
            case Outcome.FAIL:
                shape = f"M{x - _HALF:g} {_MIDDLE - _HALF:g}l4 4m0-4l-4 4"
            case Outcome.ERROR:
                shape = f"M{x - _HALF:g} {_MIDDLE:g}a2 2 0 1 0 4 0a2 2 0 1 0-4 0"
        shapes[Outcome(outcome)].append(shape)
    passes, failures, errors = ("".join(shapes[outcome]) for outcome in Outcome)
    return Drawing(passes, failures, errors, in_words(probes))


def decades(elapsed_ms: float) -> float:
    """How many powers of ten lie between the shortest time that is told apart and this one."""
    return log10(max(elapsed_ms, _SHORTEST_MS) / _SHORTEST_MS)


def in_words(probes: Sequence[Probe]) -> str:
    """How many probes there are, and how they ended."""
    if not probes:
        return "not probed yet"
    times = [elapsed_ms for _, outcome, elapsed_ms in probes if outcome == Outcome.PASS]
    failed = sum(outcome == Outcome.FAIL for _, outcome, _ in probes)
    errors = len(probes) - len(times) - failed
    said = [f"last {len(probes)} probes" if len(probes) > 1 else "last probe"]
    if times:
        span = f"{min(times):g} to {max(times):g} ms"
        said.append(f"{len(times)} passed in {span}")
    if failed:
        said.append(f"{failed} failed")
    if errors:
        said.append(f"{errors} could not be made")
    return ", ".join(said)


def _bar(elapsed_ms: float) -> float:
    return min(_SHORTEST + _STEP * decades(elapsed_ms), float(HEIGHT))
