"""Traces: what probes find over time, as text that people and the server write. Pure.

A line says from when on whose probes find what, or gives an order. Lines may stand in any order;
of two about the same moment the later one holds, and who is not named passes.

    # seconds  whom            what
    0          192.0.2.1       pass 12ms
    10.3       192.0.2.1       silent               # no answer: a probe fails at its timeout
    25         192.0.2.1       refuse               # a probe fails at once
    30         marconi/web     fail 80ms status 503 # one check of a member that has a name
    40         *               error no descriptors # everybody's, and our own fault
    45         anchors         silent               # those of vantage, all or one by its address
    50         192.0.2.1       loss 2%              # of its probes, whatever they would find
    60         192.0.2.2       order drain 10s reboot
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import cast

from rrdns.config.fields import MistakenError, seconds
from rrdns.config.wording import listed, nearest, quoted
from rrdns.errors import BadInputError, Place, Problem
from rrdns.health.result import Result, one_line
from rrdns.health.verdict import Outcome
from rrdns.pool.duty import ORDERS

SOONEST, LATEST = "0s", "10d"
REFUSED = "connection refused"
FORCE = "force"
EVERYBODY = "*"
ANCHORS = "anchors"

_TIME = seconds(SOONEST, LATEST)
_WORD = re.compile(r"\S+")
_LASTS = re.compile(r"[0-9.]+(ms|s|m|h|d)")  # with its unit: the 503 of a reason is no duration
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_COMMENT = re.compile(r"(?:^|(?<=\s))#")


class Word(StrEnum):
    """What a line can say, by its third word."""

    PASS = "pass"  # noqa: S105 - an outcome, not a secret
    FAIL = "fail"
    SILENT = "silent"
    REFUSE = "refuse"
    ERROR = "error"
    LOSS = "loss"
    ORDER = "order"


WORDS = tuple(map(str, Word))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe finds: how it ends, after how long, and why. Who is silent ends never."""

    outcome: Outcome
    after_s: float
    reason: str = ""

    def result(self, timeout_s: float) -> Result:
        """What comes of it for a probe that waits no longer than that."""
        if self.after_s >= timeout_s:
            return Result(Outcome.FAIL, f"no answer within {timeout_s:g} s", timeout_s)
        reason = self.reason or f"{self.after_s * 1000:.1f} ms"
        return Result(self.outcome, reason, self.after_s)


WELL = Finding(Outcome.PASS, 0.001)
SILENT = Finding(Outcome.FAIL, inf)


@dataclass(frozen=True, slots=True)
class Loss:
    """So large a share of all probes is lost, 0 to 1."""

    share: float


@dataclass(frozen=True, slots=True)
class Command:
    """An operator's order, one of `ORDERS`; None: it lasts until another one, a drill as usual."""

    order: str
    lasts_s: float | None = None
    force: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line: from `at_s` on `what` holds for `whom`. `place` is where `whom` is written."""

    place: Place
    at_s: float
    whom: str
    what: Finding | Loss | Command


def read(text: str, file: str) -> list[Event]:
    """The events of a trace in the order of their times. Raises BadInputError."""
    events: list[Event] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            event = _event(line, file, number)
        except _WrongLineError as error:
            problems.append(error.problem)
        else:
            if event is not None:
                events.append(event)
    if problems:
        raise BadInputError(problems)
    return sorted(events, key=lambda event: event.at_s)


def word(name: str) -> str:
    """A name as one word of a line."""
    return name.replace(" ", "%20")


def written(at_s: float, whom: str, finding: Finding) -> str:
    """The line, without its end, that `read` takes for this; the reason is left out."""
    silent = finding.after_s == inf
    what = Word.SILENT if silent else f"{finding.outcome} {finding.after_s * 1000:.1f}ms"
    return f"{at_s:<11.3f} {whom:<24} {what}"


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a line, and where it stands."""

    text: str
    place: Place


class _WrongLineError(Exception):
    """What is wrong with a line."""

    def __init__(self, place: Place, what: str, mend: str) -> None:
        super().__init__(what)
        self.problem = Problem(place, what, mend)


def _event(line: str, file: str, number: int) -> Event | None:
    """What a line says, None where it is empty. Raises _WrongLineError."""
    comment = _COMMENT.search(line)
    said = line[: comment.start()] if comment else line
    words = [
        _Word(match[0], Place(file, number, match.start() + 1)) for match in _WORD.finditer(said)
    ]
    match words:
        case []:
            return None
        case [at, whom, what, *rest]:
            return Event(whom.place, _seconds(at), whom.text, _what(what, rest))
    end = Place(file, number, len(said.rstrip()) + 1)
    raise _WrongLineError(end, "the line ends here", "write for example: 10.5 192.0.2.1 silent")


def _what(word: _Word, rest: Sequence[_Word]) -> Finding | Loss | Command:
    match word.text:
        case Word.PASS:
            return Finding(Outcome.PASS, _only(rest, WELL.after_s))
        case Word.SILENT:
            _end(rest)
            return SILENT
        case Word.REFUSE:
            return Finding(Outcome.FAIL, 0.0, _reason(rest) or REFUSED)
        case Word.FAIL | Word.ERROR:
            after_s, rest = _lasts(rest)
            reason = _reason(rest) or "as the trace says"
            return Finding(Outcome(word.text), after_s or 0.0, reason)
        case Word.LOSS:
            return Loss(_share(rest, word))
        case Word.ORDER:
            return _command(rest, word)
    mend = nearest(word.text, WORDS, f"write one of {listed(WORDS)}")
    raise _WrongLineError(word.place, f"{quoted(word.text)} is nothing that a trace says", mend)


def _command(rest: Sequence[_Word], before: _Word) -> Command:
    mend = f"write one of {listed(ORDERS)}"
    if not rest:
        raise _WrongLineError(_behind(before), "no order is named", mend)
    order, *rest = rest
    if order.text not in ORDERS:
        mend = nearest(order.text, ORDERS, mend)
        raise _WrongLineError(order.place, f"{quoted(order.text)} is no order", mend)
    force = bool(rest) and rest[0].text == FORCE
    lasts_s, rest = _lasts(rest[force:])
    return Command(order.text, lasts_s, force, _reason(rest))


def _only(rest: Sequence[_Word], default: float) -> float:
    """The duration that is all there may be."""
    if not rest:
        return default
    _end(rest[1:])
    return _seconds(rest[0])


def _lasts(rest: Sequence[_Word]) -> tuple[float | None, Sequence[_Word]]:
    """The duration that may come first, and what follows."""
    if rest and _LASTS.fullmatch(rest[0].text):
        return _seconds(rest[0]), rest[1:]
    return None, rest


def _share(rest: Sequence[_Word], before: _Word) -> float:
    mend = "write for example 2%"
    if not rest:
        raise _WrongLineError(_behind(before), "no share is named", mend)
    _end(rest[1:])
    match = _SHARE.fullmatch(rest[0].text)
    if match is None or float(match[1]) > 100:
        raise _WrongLineError(rest[0].place, f"{quoted(rest[0].text)} is no share", mend)
    return float(match[1]) / 100


def _seconds(word: _Word) -> float:
    try:
        return cast(float, _TIME.read(word.text))
    except MistakenError as error:
        _, what, mend = error.mistakes[0]
        raise _WrongLineError(word.place, what, mend) from None


def _reason(rest: Iterable[_Word]) -> str:
    return one_line(" ".join(word.text for word in rest))


def _end(rest: Sequence[_Word]) -> None:
    if rest:
        what = f"{quoted(rest[0].text)} is one word too many"
        raise _WrongLineError(rest[0].place, what, "remove it, or put a # before it")


def _behind(word: _Word) -> Place:
    return Place(word.place.file, word.place.line, word.place.column + len(word.text))
