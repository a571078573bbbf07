"""The report as a table that a person reads in a terminal: plain text, no colours."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

WIDTH = 100
LONGEST_NOTE = 40  # of what an operator has written; all of it is in the JSON
LEAST_REASON = 20  # columns that are left to a reason however wide the rest is
HEADINGS = ("", "ADDRESS", "NAME", "STATE", "SINCE", "CHECK", "OUTCOME", "REASON")

MARKS = {"pass": ".", "fail": "x", "error": "?"}
MOST_MARKS = 12

INCIDENT_HEADINGS = ("DOWN", "UP", "POOL", "MEMBER", "IN CACHES FOR", "REASON")

Row = tuple[str, ...]


def render(report: dict[str, Any], width: int = WIDTH) -> str:
    """The report of `status/report.py` as lines of at most `width` columns, if the data allows."""
    sections = [
        [_headline(report)],
        _cut_off(report["vantage"]),
        _contested(report["takeover"]),
        _problems("REJECTED: served on as before, until this is mended", _rejected(report)),
        _problems("WARNINGS", cautions(report)),
        *(pool_lines(name, pool, width) for name, pool in report["pools"].items()),
        list(_agents(report["takeover"])),
        list(_zones(report["zones"])),
    ]
    lines = "\n\n".join("\n".join(map(printable, lines)) for lines in sections if lines)
    return lines + "\n"


def render_incidents(incidents: list[dict[str, Any]]) -> str:
    """The incidents of `status/report.py` as a table."""
    if not incidents:
        return "no incidents\n"
    rows: list[Row] = [INCIDENT_HEADINGS]
    for incident in incidents:
        measured_s = incident["measured_s"]
        cost = "" if measured_s is None else f"{measured_s:.1f} of {incident['budget_s']:g} s"
        rows.append(
            (
                moment_text(incident["down_at"]),
                moment_text(incident["up_at"]) if incident["up_at"] else "still down",
                incident["pool"],
                incident["name"] or incident["member"],
                cost,
                ("drill: " if incident["drill"] else "") + incident["reason"],
            )
        )
    return "\n".join(map(printable, table(rows, width=None))) + "\n"


def duration_text(seconds: float) -> str:
    """A length of time in its two largest units: `3 h 20 min`."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    rest, parts = int(seconds), []
    for unit, length in units:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def moment_text(time_text: str) -> str:
    """`2026-01-01T00:00:00.000Z` as `2026-01-01 00:00:00Z`."""
    return time_text[:19].replace("T", " ") + "Z"


def printable(text: Iterable[str]) -> str:
    """What users and members wrote must not steer the reader's terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cover_text(cover: dict[str, Any] | None) -> str:
    """Who has the address of a member, where that is worth a word."""
    if cover is None:
        return ""
    words = {
        "covered": f"covered by {cover['by']}",
        "contested": "CONTESTED",
        "nobody": "held by nobody",
    }
    return words.get(cover["state"], "")


def contested(takeover: dict[str, Any] | None) -> list[str]:
    """The addresses that two hosts have, each with what is known of that."""
    vips = takeover["vips"] if takeover else {}
    return [
        f"{address} of {cover['owner']}: {cover['reason']}"
        for address, cover in vips.items()
        if cover["state"] == "contested"
    ]


def silent_agents(takeover: dict[str, Any] | None) -> list[str]:
    """The takeover agents that do not tell, each with why."""
    agents = takeover["agents"] if takeover else []
    return [f"{agent['url']}: {agent['problem']}" for agent in agents if agent["tells"] is False]


def cautions(report: dict[str, Any]) -> list[str]:
    """All that is said of the zones and the configuration, but for what is told as rejected."""
    said = [p for zone in report["zones"].values() for p in zone["problems"]]
    rejected = set(_rejected(report))
    lost = report["state"]["lost"]
    ignored = f"{lost}; the server started without what it remembered" if lost else None
    problem = report["state"]["problem"]
    state = filter(None, (ignored, problem if problem != lost else None))
    texts = dict.fromkeys((*said, *report["warnings"], *state))
    return [text for text in texts if text not in rejected]


def _headline(report: dict[str, Any]) -> str:
    ready = "ready" if report["ready"] else "NOT READY: the first round of probes is not done"
    reloads = report["reload"]
    done = f"reloads: {reloads['accepted'] + reloads['rejected']}"
    rejected = f" ({reloads['rejected']} rejected)" if reloads["rejected"] else ""
    uptime = duration_text(report["uptime_s"])
    return f"rrdns {report['version']}, {ready}, up {uptime}, {done}{rejected}"


def _cut_off(vantage: dict[str, Any] | None) -> list[str]:
    if vantage is None or not vantage["cut_off"]:
        return []
    reasons = (f"{anchor['address']}: {anchor['reason']}" for anchor in vantage["anchors"])
    heading = (
        f"CUT OFF since {moment_text(vantage['since'])}: no anchor answers; verdicts are frozen"
    )
    return [heading, *(f"  {reason}" for reason in reasons)]


def _contested(takeover: dict[str, Any] | None) -> list[str]:
    disputes = contested(takeover)
    heading = "CONTESTED: two hosts have an address; which of them it leads to is chance"
    return [heading, *(f"  {text}" for text in disputes)] if disputes else []


def _rejected(report: dict[str, Any]) -> list[str]:
    return list(report["reload"]["problems"])


def _problems(heading: str, problems: Sequence[str]) -> list[str]:
    """Whole, however long: where and how to mend is at the ends of a line."""
    return [heading, *(f"  {text}" for text in problems)] if problems else []


def pool_lines(name: str, pool: dict[str, Any], width: int = WIDTH) -> list[str]:
    """What is said of one pool, not yet `printable`."""
    members = pool["members"]
    count = f"{len(pool['in_rotation'])} of {len(members)} in rotation"
    heading = f"pool {name}  TTL {pool['ttl']}  {count}"
    fallbacks = [
        f"  ALL DOWN ({rtype}): fallback `{family['fallback']}`"
        for rtype, family in pool["families"].items()
        if family["fallback"]
    ]
    rows = [HEADINGS, *(row for member in members for row in _member(member))]
    return [heading, *fallbacks, *table(rows, width)]


def _member(member: dict[str, Any]) -> Iterator[Row]:
    """A row for each check; the first one carries what is said of the member."""
    state = member["state"] if member["state"] == "up" else member["state"].upper()
    notes = [note for note in ("suspect", "restored", "backup") if member[note]]
    notes += filter(None, [cover_text(member["cover"])])
    if member["drill_until"]:
        notes.append(f"drill until {moment_text(member['drill_until'])}")
    duty = member["duty"]
    if duty["order"] != "ready":
        until = f" until {moment_text(duty['until'])}" if duty["until"] else ""
        caches = "in no cache" if duty["safe"] else _in_caches(member)
        notes += [
            f"{duty['order']}{until}",
            *filter(None, [caches, _cut(duty["reason"], LONGEST_NOTE)]),
        ]
    head: Row = (
        "*" if member["in_rotation"] else "",
        member["address"],
        member["name"] or "",
        ", ".join([state, *notes]),
        moment_text(member["since"]),
    )
    checks = member["checks"] or [{"name": "no check", "outcome": "", "reason": ""}]
    for check in checks:
        outcome = "none yet" if check["outcome"] is None else check["outcome"]
        outcome = f"{_marks(check.get('recent', []))} {outcome}".lstrip()
        yield (*head, check["name"], outcome, check["reason"] or "")
        head = ("",) * len(head)


def _in_caches(member: dict[str, Any]) -> str:
    """Until when a member that was ordered away is in caches."""
    if member["in_rotation"]:
        return "handed out all the same"
    return f"in caches until {moment_text(member['duty']['safe_at'])}"


def _marks(recent: Sequence[Any]) -> str:
    """The last outcomes, the newest last: `..x.` is one failure among passes, `?` an error."""
    return "".join(MARKS[outcome] for _, outcome, _ in recent[-MOST_MARKS:])


def _zones(zones: dict[str, Any]) -> Iterator[str]:
    rows = [("ZONE", "SERIAL", "LOADED", "FILE")]
    for name, zone in zones.items():
        rows.append((name, str(zone["serial"]), moment_text(zone["loaded_at"]), zone["file"]))
    return table(rows, width=None)


def _agents(takeover: dict[str, Any] | None) -> Iterator[str]:
    if takeover is None:
        return
    rows: list[Row] = [("TAKEOVER AGENT", "HOST", "LAST WORD", "PROBLEM")]
    for agent in takeover["agents"]:
        told = moment_text(agent["at"]) if agent["at"] else "none yet"
        old = ", too old" if agent["at"] and not agent["tells"] else ""
        rows.append((agent["url"], agent["host"] or "", told + old, agent["problem"] or ""))
    yield from table(rows, width=None)


def table(rows: Sequence[Row], width: int | None) -> Iterator[str]:
    """The rows in columns; the last one is cut to `width`, if there is one."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    used = sum(widths) + 2 * len(widths)
    room = None if width is None else max(width - used, LEAST_REASON)
    for *cells, last in rows:
        aligned = (cell.ljust(size) for cell, size in zip(cells, widths, strict=True))
        yield "  ".join([*aligned, _cut(last, room)]).rstrip()


def _cut(text: str, room: int | None) -> str:
    return text if room is None or len(text) <= room else text[: room - 3] + "..."
