"""What the demo's terminal shows: members, answers, and the log."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.text import Text

from rrdns.health.result import one_line
from rrdns.status.agreed import Report
from rrdns.terminal.members import ADDRESS, LAST_OUTCOME, NAME, SINCE, STATE, Column, heading, table

from .asking import KEPT, Asked
from .mirrors import Doing

CLOCK = "%H:%M:%S"
KEPT_LINES = 100
MOST_CHARACTERS = 500  # a problem with its place and its mend is shorter
FEWEST_LOG_LINES = 3

DOING_STYLES = {Doing.RUNNING: "", Doing.STOPPED: "yellow", Doing.ENDED: "red"}


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
    columns = _columns(picture.processes)
    for owner, pool in picture.pools.items():
        above += [heading(f"pool {owner}"), table(pool["members"], columns), Text()]
    above += [_answers(picture.server, picture.answers), Text()]
    used = sum(len(pool["members"]) + 3 for pool in picture.pools.values()) + KEPT + 2
    log = Text("\n").join(map(_log_line, picture.log)).wrap(console, console.width)
    shown = log[-max(console.height - used - 2, FEWEST_LOG_LINES) :]
    return Group(*above, heading("log"), *shown)


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


def _columns(processes: Mapping[str, Process]) -> list[Column]:
    """Those of every member, and what there is to say of its mirror, if it has one."""

    def of_process(heading: str, width: int, cell: Callable[[Process], Text]) -> Column:
        def found(member: Report) -> Text:
            process = processes.get(member["address"])
            return cell(process) if process else Text()

        return Column(heading, width, found)

    return [
        of_process("", 1, lambda process: Text(process.key, "bold")),
        ADDRESS,
        NAME,
        of_process("pid", 0, lambda process: Text(str(process.pid))),
        of_process("process", len(Doing.RUNNING), _doing),
        STATE,
        SINCE,
        LAST_OUTCOME,
    ]


def _doing(process: Process) -> Text:
    return Text(process.doing, DOING_STYLES[process.doing])


def _answers(server: str, answers: Sequence[Asked]) -> Group:
    """Always as many lines, so that nothing below them moves."""
    lines = [
        Text(f"{_clock(asked.at)}  ", no_wrap=True, overflow="ellipsis").append(
            "  ".join(asked.found) or asked.failure, "" if asked.found else "red"
        )
        for asked in answers
    ]
    missing = [Text()] * (KEPT - len(lines))
    return Group(heading(f"answers of {server}, asked from here once a second"), *lines, *missing)


def _log_line(line: str) -> Text:
    level = line.split(" ", 2)[1]
    return Text(line, {"ERROR": "red", "WARNING": "yellow"}.get(level, ""))


def _clock(at: float) -> str:
    return time.strftime(CLOCK, time.localtime(at))
