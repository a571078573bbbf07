"""The live view on one screen of the terminal, whatever its size: troubles first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.text import Text

from rrdns.health.strip import LENGTH
from rrdns.narrator import counted
from rrdns.status.agreed import Report
from rrdns.status.text import contested, duration_text, silent_agents
from rrdns.status.view import Level

from . import members
from .members import Column, heading, safe

MOST_INCIDENT_LINES = 5
MOST_ALERT_LINES = 6
FEWEST_POOL_LINES = 4  # its name, the headings, a member, and an empty line
NARROW, WIDE = 80, 130  # characters
FEW_PROBES = 10
LEVEL_STYLES = {Level.WELL: "bold green", Level.DOUBT: "bold yellow", Level.DOWN: "bold red"}

HANDED_OUT = Column("", 1, lambda member: Text("*" if member["in_rotation"] else ""))
SHARE = Column("first", 5, lambda member: Text(_percent(member["first_share"]), justify="right"))


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment: the last view that `server` gave, and why there is no newer one, if so."""

    server: str
    view: Report
    failure: str = ""
    end: str = ""


def draw(picture: Picture, console: Console) -> RenderableType:
    """The picture at the size of `console`. Of the pools there are as many as fit in."""
    view = picture.view
    above = [_headline(picture), *_alerts(view, console)]
    below = [*_incidents(view), _last_line(picture)]
    room = console.height - len(above) - len(below)
    return Group(*above, *_pools(view, room, _columns(console.width)), *below)


def _headline(picture: Picture) -> Text:
    mood = picture.view["mood"]
    totals = picture.view["totals"]
    line = safe(mood["text"], LEVEL_STYLES[Level(mood["level"])])
    counts = f"{counted(totals['pools'], 'pool')}, {counted(totals['members'], 'member')}"
    line.append(f"  {counts}; up {duration_text(picture.view['uptime_s'])}", "dim")
    return _one_line(line)


def _alerts(view: Report, console: Console) -> list[Text]:
    vantage = view["vantage"]
    said = [
        safe(f"{anchor['address']}: {anchor['reason']}", "red")
        for anchor in (vantage["anchors"] if vantage and vantage["cut_off"] else ())
    ]
    takeover = view["takeover"]
    said += [safe(f"contested: {dispute}", "red") for dispute in contested(takeover)]
    said += [safe(f"takeover agent {agent}", "yellow") for agent in silent_agents(takeover)]
    said += [safe(f"rejected: {problem}", "red") for problem in view["reload"]["problems"]]
    lines = [line for text in said for line in text.wrap(console, console.width)]
    if len(lines) > MOST_ALERT_LINES:
        more = Text("... more of that: rrdns status", "red")
        lines = [*lines[: MOST_ALERT_LINES - 1], more]
    return lines


def _pools(view: Report, room: int, columns: list[Column]) -> Iterator[RenderableType]:
    """Pools one after the other, within `room` lines; the last line says what is left out."""
    left = len(view["pools"]) + view["hidden"]["pools"]
    room -= 1
    for name, pool in view["pools"].items():
        if room < FEWEST_POOL_LINES:
            break
        shown = pool["members"][: room - (FEWEST_POOL_LINES - 1)]
        hidden = len(pool["members"]) - len(shown)
        yield _pool_heading(name, pool, hidden)
        yield members.table(shown, columns)
        yield Text()
        room -= FEWEST_POOL_LINES - 1 + len(shown)
        left -= 1
    if left:
        yield Text(f"{counted(left, 'more pool')}; rrdns watch --pool NAME shows them", "dim")
    elif not view["pools"]:
        yield safe(f"no pool with {view['wanted']!r} in its name" if view["wanted"] else "no pools")
    else:
        yield Text()


def _pool_heading(name: str, pool: Report, hidden: int) -> Text:
    line = heading(name)
    count = f"{len(pool['in_rotation'])} of {len(pool['members'])} in rotation"
    line.append(f"  {count}, TTL {pool['ttl']} s", "dim")
    for rtype, family in pool["families"].items():
        if family["fallback"]:
            line.append(f"  ALL DOWN ({rtype}): fallback {family['fallback']}", "bold red")
    if hidden:
        line.append(f"  {counted(hidden, 'member')} not shown", "yellow")
    return _one_line(line)


def _columns(width: int) -> list[Column]:
    """What a line of that many characters has room for."""
    left = [HANDED_OUT, members.ADDRESS, members.NAME, members.STATE, members.SINCE]
    if width < NARROW:
        return [*left, members.LAST_OUTCOME]
    probes = members.recent(FEW_PROBES if width < WIDE else LENGTH)
    return [*left, probes, SHARE, members.LAST_OUTCOME]


def _incidents(view: Report) -> list[Text]:
    incidents = view["incidents"]
    if not incidents:
        return []
    lines = [_incident(incident) for incident in incidents[:MOST_INCIDENT_LINES]]
    return [heading(f"incidents, {view['incidents_open']} open"), *lines]


def _incident(incident: Report) -> Text:
    down_at = datetime.fromisoformat(incident["down_at"])
    line = Text(f"{down_at.astimezone():%Y-%m-%d %H:%M:%S}  ")
    if incident["up_at"]:
        lasted = datetime.fromisoformat(incident["up_at"]) - down_at
        line.append(f"for {duration_text(lasted.total_seconds())}")
    else:
        line.append("open", "bold red")
    line.append("  drill" if incident["drill"] else "", "yellow")
    who = incident["name"] or incident["member"]
    line.append_text(safe(f"  {who} of {incident['pool']}  {incident['reason']}"))
    return _one_line(line)


def _last_line(picture: Picture) -> Text:
    if picture.failure:
        return _one_line(safe(picture.failure, "bold yellow"))
    return _one_line(Text(f"{picture.server}  {picture.end}", "dim"))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
