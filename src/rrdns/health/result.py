"""What a probe found, and what is known of a target because of it. Pure values."""

from dataclasses import dataclass

from .verdict import Outcome, Verdict

MAX_REASON = 160  # one line of a status table, whoever wrote the text


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one probe. `reason` is one line for the operator, also where it passed."""

    outcome: Outcome
    reason: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one target.

    `since` is the wall clock time (time.time) at which the present state began, `decided_by` how
    many outcomes in a row it took. `at` is the time of the last outcome, 0 while `last` is None.
    """

    verdict: Verdict
    since: float
    last: Result | None = None
    at: float = 0.0
    decided_by: int = 0


def one_line(text: str, most: int = MAX_REASON) -> str:
    """Text from elsewhere made fit for a log or a terminal: printable, one line, bounded."""
    clean = "".join(c if c.isprintable() else " " for c in text[: most * 4])
    return " ".join(clean.split())[:most]
