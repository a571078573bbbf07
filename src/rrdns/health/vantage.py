"""Whether it is a member that is silent, or we who are cut off. Pure: no clock, no socket.

Anchors are addresses that answer as long as this host has a way out, such as its gateway. All of
them together are asked in rounds, which are numbered in the order in which they start.

A failure counts where the way out was open before, during and after the probe:

| what is known when a probe has ended                                             | then it       |
|----------------------------------------------------------------------------------|---------------|
| we are cut off                                                                   | is not judged |
| it passed                                                                        | counts        |
| it failed; the last round before its start, or one since then, was silent        | is not judged |
| it failed; the first round after its end, or one of those, is still waited for   | waits         |
| it failed; all of them were answered                                             | counts        |

So a cut that lasts longer than the interval between two rounds costs no member a failure,
whenever it begins and ends.

One silent round, which a lost packet may explain, keeps failures from counting. After `SILENT`
rounds in a row we say that we are cut off. After `ANSWERED` one after the other we say that we are
no longer, and failures count of probes that start after the next one: when a link comes back, each
neighbour is found again in its own time, up to a second later (ARP asks once a second), and the
anchor may be the first.
"""

from dataclasses import dataclass
from enum import Enum, auto

from .check import Address, IcmpCheck, Target
from .result import Result
from .verdict import Outcome

SILENT = 2
ANSWERED = 3


@dataclass(frozen=True, slots=True)
class Vantage:
    """Who is asked whether this host has a way out, how often, and how patiently."""

    anchors: tuple[Address, ...] = ()
    interval_s: float = 0.5
    timeout_s: float = 0.5


def anchor_target(vantage: Vantage, address: Address) -> Target:
    """What is probed of the anchor at `address`."""
    return Target(IcmpCheck(name="vantage", timeout_s=vantage.timeout_s), address)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an anchor said last, at a time of the wall clock; 0 while `last` is None."""

    address: Address
    last: Result | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """What the anchors tell. `since` is when we were cut off (time.time); None: we are not."""

    anchors: tuple[Anchor, ...]
    since: float | None = None

    @property
    def cut_off(self) -> bool:
        """Whether no anchor answers, so that verdicts are frozen."""
        return self.since is not None

    @property
    def reason(self) -> str:
        """Each anchor with its last word: who answers where one does, else why none does."""
        answering = [a for a in self.anchors if a.last and a.last.outcome is Outcome.PASS]
        told = answering or self.anchors
        return ", ".join(
            f"{anchor.address}: {anchor.last.reason}" if anchor.last else str(anchor.address)
            for anchor in told
        )


class Judgement(Enum):
    """What becomes of an outcome."""

    COUNTS = auto()
    NOT_JUDGED = auto()
    WAITS = auto()


class Rounds:
    """What the rounds of so many `anchors` have told so far."""

    def __init__(self, anchors: int, *, cut_off: bool = False) -> None:
        self.cut_off = cut_off
        self.started = 0
        """How many rounds have started: the number of the next one."""
        self._anchors = anchors
        self._open: dict[int, int] = {}  # the rounds that are waited for: how many may yet answer
        self._well_since = -1  # the round before the first is as good as answered
        self._last_answered = -1
        self._silent_in_a_row = 0
        self._answered_in_a_row = 0
        self._next_in_row = 0  # the first round that started after the last one in the row ended

    def start(self) -> int:
        """A round starts; its number."""
        number = self.started
        self._open[number] = self._anchors
        self.started += 1
        return number

    def hear(self, number: int, *, answered: bool) -> bool:
        """An anchor has answered in that round, or was silent; whether this decides the round."""
        if number not in self._open:
            return False
        self._open[number] -= 1
        if self._open[number] and not answered:
            return False
        del self._open[number]
        if answered:
            self._note_answer(number)
        else:
            self._note_silence(number)
        return True

    def _note_answer(self, number: int) -> None:
        self._last_answered = max(self._last_answered, number)
        if number < self._well_since:
            return
        self._silent_in_a_row = 0
        if number >= self._next_in_row:
            self._next_in_row = self.started
            self._answered_in_a_row += 1
        if self.cut_off and self._answered_in_a_row >= ANSWERED:
            self.cut_off = False
            self._well_since = self.started

    def _note_silence(self, number: int) -> None:
        self._well_since = max(self._well_since, number + 1)
        self._answered_in_a_row = 0
        if number > self._last_answered:
            self._silent_in_a_row += 1
            self.cut_off = self.cut_off or self._silent_in_a_row >= SILENT

    @property
    def doubtful(self) -> bool:
        """Whether the last word was silence, which another round has to confirm."""
        return not self.cut_off and self._silent_in_a_row > 0

    def judge(self, outcome: Outcome, begun: int, ended: int) -> Judgement:
        """What becomes of `outcome`: `started` was `begun` before the probe, and `ended` after."""
        if self.cut_off:
            return Judgement.NOT_JUDGED
        if outcome is Outcome.PASS:
            return Judgement.COUNTS
        before = begun - 1
        if before < self._well_since:
            return Judgement.NOT_JUDGED
        if self.started <= ended or any(before <= n <= ended for n in self._open):
            return Judgement.WAITS
        return Judgement.COUNTS
