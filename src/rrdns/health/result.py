"""What a probe found, and what is known of a target because of it. Pure values."""

from dataclasses import dataclass, replace
from typing import Self

from .check import Check
from .flap import rise_needed, with_down
from .verdict import Outcome, State, Verdict

MAX_REASON = 160  # one line of a status table, whoever wrote the text


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one probe. `reason` is one line for the operator, also where it passed."""

    outcome: Outcome
    reason: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one target. All times are of the wall clock (time.time).

    `since` is when the present state began, `decided_by` how many outcomes in a row it took. `at`
    is the time of the last outcome, 0 while `last` is None. `downs` are the last turns from up to
    down. `first_failure` is the start of the first failing probe of the unfinished streak or of
    the present outage, `last_pass` that of the last probe that passed. `restored` says that this
    was found by another process, and no outcome has confirmed or contradicted it yet.
    """

    verdict: Verdict
    since: float
    last: Result | None = None
    at: float = 0.0
    decided_by: int = 0
    downs: tuple[float, ...] = ()
    first_failure: float | None = None
    last_pass: float | None = None
    restored: bool = False

    def rise_needed(self, check: Check, now: float) -> int:
        """How many passes in a row bring it up, or would if it were down."""
        return rise_needed(self.downs, check, now)

    def after(self, result: Result, check: Check, started: float, now: float) -> Self:
        """The health once the probe that began at `started` is known to have found `result`."""
        if result.outcome is Outcome.ERROR:
            return replace(self, last=result, at=now)
        old = self.verdict
        rise = self.rise_needed(check, now) if self.downs else check.rise
        verdict = old.after(result.outcome, rise, check.fall)
        turned = verdict.state is not old.state
        went_down = old.state is State.UP and verdict.state is State.DOWN
        passed = result.outcome is Outcome.PASS
        trouble = verdict.state is State.DOWN or verdict.suspect
        first_failure = started if self.first_failure is None else self.first_failure
        return type(self)(
            verdict,
            since=now if turned else self.since,
            last=result,
            at=now,
            decided_by=old.streak + 1 if turned else self.decided_by,
            downs=with_down(self.downs, check, now) if went_down else self.downs,
            first_failure=first_failure if trouble else None,
            last_pass=started if passed else self.last_pass,
        )


def one_line(text: str, most: int = MAX_REASON) -> str:
    """Text from elsewhere made fit for a log or a terminal: printable, one line, bounded."""
    clean = text[: most * 4]
    if not clean.isprintable():
        clean = "".join(c if c.isprintable() else " " for c in clean)
    return " ".join(clean.split())[:most]
