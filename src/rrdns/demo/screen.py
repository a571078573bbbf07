"""What the demo's terminal shows: members, answers, and the log."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from rrdns.health.result import one_line
from rrdns.health.verdict import Outcome, State
from rrdns.status.observed import Report

from .asking import KEPT, Asked
from .mirrors import Doing

CLOCK = "%H:%M:%S"
KEPT_LINES = 100
MOST_CHARACTERS = 500  # a problem with its place and its mend is shorter
FEWEST_LOG_LINES = 3

STATE_STYLES = {State.UP: "green", State.DOWN: "bold red", State.UNKNOWN: "dim"}
DOING_STYLES = {Doing.RUNNING: "", Doing.STOPPED: "yellow", Doing.ENDED: "red"}

# What a column is at least wide: nothing moves when a mirror is stopped, or suspect.
COLUMNS = {
    "": 1,
    "address": 0,
    "name": 0,
    "pid": 0,
    "process": len(Doing.RUNNING),
    "state": len("up, suspect"),
    "since": 0,
    "last outcome": 0,
}


@dataclass(frozen=True, slots=True)
class Process:
    """The mirror behind an address, and the key that toggles it; empty where no key does."""

    pid: int
    doing: Doing
    key: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment. `pools` are those of the report; answers and log lines stand oldest first."""

    pools: Mapping[str, Report]
    processes: Mapping[str, Process]
    server: str
    answers: Sequence[Asked]
    log: Sequence[str]


def draw(picture: Picture, console: Console) -> RenderableType:
    """The picture at the size of `console`; the log gets the lines that the rest leaves."""
    above: list[RenderableType] = []
    for owner, pool in picture.pools.items():
        above += [_members(owner, pool["members"], picture.processes), Text()]
    above += [_answers(picture.server, picture.answers), Text()]
    used = sum(len(pool["members"]) + 3 for pool in picture.pools.values()) + KEPT + 2
    log = Text("\n").join(map(_log_line, picture.log)).wrap(console, console.width)
    shown = log[-max(console.height - used - 2, FEWEST_LOG_LINES) :]
    return Group(*above, _heading("log"), *shown)


class RecentLog(logging.Handler):
    """Keeps the last lines of the log, each fit for a terminal."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        message = one_line(record.getMessage(), MOST_CHARACTERS)
        self.lines.append(f"{_clock(record.created)} {record.levelname} {message}")


@contextmanager
def recent_log() -> Iterator[RecentLog]:
    """Takes the server's log lines to itself meanwhile."""
    log, handler = logging.getLogger("rrdns"), RecentLog()
    log.addHandler(handler)
    log.propagate = False
    try:
        yield handler
    finally:
        log.propagate = True
        log.removeHandler(handler)


def _members(
    owner: str, members: Iterable[Report], processes: Mapping[str, Process]
) -> RenderableType:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading, width in COLUMNS.items():
        table.add_column(heading, no_wrap=True, min_width=width)
    for member in members:
        process = processes.get(member["address"])
        table.add_row(
            Text(process.key if process else "", "bold"),
            Text(member["address"]),
            Text(member["name"] or ""),
            Text(str(process.pid) if process else ""),
            Text(process.doing, DOING_STYLES[process.doing]) if process else "",
            _state(member),
            Text(datetime.fromisoformat(member["since"]).astimezone().strftime(CLOCK)),
            Text(_last_outcome(member["checks"])),
        )
    return Group(_heading(f"pool {owner}"), table)


def _state(member: Report) -> Text:
    text = Text(member["state"], STATE_STYLES[member["state"]])
    return text.append(", suspect", "yellow") if member["suspect"] else text


def _last_outcome(checks: Sequence[Report]) -> str:
    """What a check found, preferably one that did not pass; its name where there are several."""
    if not checks:
        return "no check"
    check = next((check for check in checks if check["outcome"] != Outcome.PASS), checks[0])
    reason: str = check["reason"] or "nothing yet"
    return reason if len(checks) == 1 else f"{check['name']}: {reason}"


def _answers(server: str, answers: Sequence[Asked]) -> Group:
    """Always as many lines, so that nothing below them moves."""
    lines = [
        Text(f"{_clock(asked.at)}  ", no_wrap=True, overflow="ellipsis").append(
            "  ".join(asked.found) or asked.failure, "" if asked.found else "red"
        )
        for asked in answers
    ]
    missing = [Text()] * (KEPT - len(lines))
    return Group(_heading(f"answers of {server}, asked from here once a second"), *lines, *missing)


def _log_line(line: str) -> Text:
    level = line.split(" ", 2)[1]
    return Text(line, {"ERROR": "red", "WARNING": "yellow"}.get(level, ""))


def _heading(text: str) -> Text:
    return Text(text, "bold cyan")


def _clock(at: float) -> str:
    return time.strftime(CLOCK, time.localtime(at))
