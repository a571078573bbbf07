"""What a run of outcomes means: rise, fall, suspect. Pure values, no clock.

| verdict      | outcome | then                                            |
|--------------|---------|-------------------------------------------------|
| none yet     | PASS    | up                                              |
| none yet     | FAIL    | down                                            |
| none yet     | ERROR   | none yet                                        |
| up           | PASS    | up, streak 0                                    |
| up           | FAIL    | up and suspect, until `fall` in a row: down     |
| down         | FAIL    | down, streak 0                                  |
| down         | PASS    | down and suspect, until `rise` in a row: up     |
| up or down   | ERROR   | unchanged: our own fault proves nothing         |

The first outcome decides at once, so that a server that has just started hands out nobody who
has not answered. After that a change needs its full streak.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Outcome(StrEnum):
    """The outcome of one probe. ERROR is the prober's own fault, never the member's."""

    PASS = "pass"  # noqa: S105 - an outcome, not a secret
    FAIL = "fail"
    ERROR = "error"


class State(StrEnum):
    """What is believed of a member. UNKNOWN: no probe of it has been able to tell."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is believed of one target, and how many outcomes in a row contradict it."""

    state: State = State.UNKNOWN
    streak: int = 0

    @property
    def suspect(self) -> bool:
        """Whether the last outcome contradicted the state without turning it yet."""
        return self.streak > 0

    def after(self, outcome: Outcome, rise: int, fall: int) -> Self:
        """The verdict once `outcome` is known; see the table at the head of this file."""
        if outcome is Outcome.ERROR:
            return self
        seen = State.UP if outcome is Outcome.PASS else State.DOWN
        if self.state is seen and not self.streak:
            return self
        if self.state is State.UNKNOWN or self.state is seen:
            return type(self)(seen)
        needed = fall if self.state is State.UP else rise
        turned = self.streak + 1 >= needed
        return type(self)(seen) if turned else type(self)(self.state, self.streak + 1)


def all_of(states: Iterable[State]) -> State:
    """A member's state where all its checks must pass; a check that can not tell has no say."""
    seen = set(states)
    return next((s for s in (State.DOWN, State.UP) if s in seen), State.UNKNOWN)


def any_of(states: Iterable[State]) -> State:
    """A member's state where one passing check is enough; only certain failures drop it."""
    seen = set(states) or {State.UNKNOWN}
    return next((s for s in (State.UP, State.UNKNOWN) if s in seen), State.DOWN)
