"""The members of a pool as a table in the terminal; each screen has the columns that it needs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from rrdns.health.verdict import Outcome, State
from rrdns.pool.cover import CoverState
from rrdns.pool.duty import Duty
from rrdns.status.agreed import Report
from rrdns.status.page.strip import decades
from rrdns.status.text import cover_text, printable

STATE_STYLES = {State.UP: "green", State.DOWN: "bold red", State.UNKNOWN: "dim"}
BARS = "▁▂▃▄▅▆▇"  # the first one for 0.1 ms, and each further one for ten times as long
OTHERS = {Outcome.FAIL: ("x", "red"), Outcome.ERROR: ("o", "yellow")}


class Column(NamedTuple):
    """One of a table. `width` is what it has at least, so that nothing moves."""

    heading: str
    width: int
    cell: Callable[[Report], Text]


def table(members: Iterable[Report], columns: Sequence[Column]) -> Table:
    """A line for each member, and one above them; the last column is cut where it has to be."""
    drawn = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for column in columns:
        drawn.add_column(column.heading, no_wrap=True, min_width=column.width)
    for member in members:
        drawn.add_row(*(column.cell(member) for column in columns))
    return drawn


def safe(text: str, style: str = "") -> Text:
    """Text of strangers, in which nothing steers the terminal."""
    return Text(printable(text), style)


def heading(text: str) -> Text:
    return safe(text, "bold cyan")


def recent(length: int) -> Column:
    """The last `length` probes of the check that tells most, the newest one on the right."""

    def cell(member: Report) -> Text:
        check = _telling(member)
        probes = check["recent"][-length:] if check else []
        drawn = Text(" " * (length - len(probes)))
        for _, outcome, elapsed_ms in probes:
            drawn.append(*OTHERS.get(outcome, (_bar(elapsed_ms), "green")))
        return drawn

    return Column("recent probes", length, cell)


def _state(member: Report) -> Text:
    text = Text(member["state"], STATE_STYLES[member["state"]])
    if member["suspect"]:
        text.append(", suspect", "yellow")
    if member["duty"]["order"] != Duty.READY:
        text.append(f", {member['duty']['order']}", "magenta")
    if member["backup"]:
        text.append(", backup", "dim")
    cover = member["cover"]
    if cover_text(cover):
        is_alarm = cover["state"] == CoverState.CONTESTED
        text.append_text(safe(f", {cover_text(cover)}", "bold red" if is_alarm else "yellow"))
    return text


def _since(member: Report) -> Text:
    """The time, and the day if it was another one."""
    since = datetime.fromisoformat(member["since"]).astimezone()
    today = since.date() == datetime.now(since.tzinfo).date()
    return Text(since.strftime("%H:%M:%S" if today else "%Y-%m-%d"))


def _last_outcome(member: Report) -> Text:
    """What the check that tells most has found; its name where there are several."""
    check = _telling(member)
    if check is None:
        return Text("no check")
    reason = check["reason"] or "nothing yet"
    return safe(reason if len(member["checks"]) == 1 else f"{check['name']}: {reason}")


def _telling(member: Report) -> Report | None:
    """The first check that did not pass, or else the first one."""
    checks: list[Report] = member["checks"]
    failed = (check for check in checks if check["outcome"] != Outcome.PASS)
    return next(failed, checks[0] if checks else None)


def _bar(elapsed_ms: float) -> str:
    return BARS[min(int(decades(elapsed_ms)), len(BARS) - 1)]


ADDRESS = Column("address", 0, lambda member: safe(member["address"]))
NAME = Column("name", 0, lambda member: safe(member["name"] or ""))
STATE = Column("state", len("up, suspect"), _state)
SINCE = Column("since", 0, _since)
LAST_OUTCOME = Column("last outcome", 0, _last_outcome)
