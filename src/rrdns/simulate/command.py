"""`rrdns simulate`: from files to what is shown."""

import sys
from pathlib import Path

from rrdns.errors import BadInputError, Place, Problem
from rrdns.load import load
from rrdns.trace import read

from .run import Simulated, simulate, usual_length_s

STANDARD_INPUT = "-"
MAX_OCTETS = 64 << 20  # a million lines


def simulate_file(
    config: Path, trace: str, seconds: float | None = None, seed: int = 0
) -> Simulated:
    """What comes of the trace in the file of that name. Raises BadInputError."""
    loaded = load(config)
    events = read(_text(trace), trace)
    return simulate(loaded, events, usual_length_s(events) if seconds is None else seconds, seed)


def _text(trace: str) -> str:
    """What the file holds; octets that are not UTF-8 can only be in a reason, and are marked."""
    mend = "name a file with a trace, or - for standard input"
    try:
        if trace == STANDARD_INPUT:
            octets = sys.stdin.buffer.read(MAX_OCTETS + 1)
        else:
            with Path(trace).open("rb") as file:
                octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        what = f"the file can not be read: {error.strerror}"
        raise BadInputError([Problem(Place(trace), what, mend)]) from None
    if len(octets) > MAX_OCTETS:
        what = f"the trace has more than {MAX_OCTETS} octets"
        raise BadInputError([Problem(Place(trace), what, "leave out what is not needed")])
    return octets.decode("utf-8-sig", errors="replace")
