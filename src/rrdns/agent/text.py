"""The agent's report as a person reads it."""

from itertools import starmap

from rrdns.health.verdict import State
from rrdns.status.agreed import Report
from rrdns.status.text import duration_text, moment_text, printable, table
from rrdns.takeover.machine.seen import Order

RECENT_S = 10.0  # an agent that has not spoken for longer hardly runs
HEADINGS = ("", "VIP", "ROLE", "STATE", "SINCE", "REASON")


def render(found: Report) -> str:
    """The report as a person reads it."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for address, vip in found["vips"].items():
        role = "owner" if vip["rank"] == 0 else f"candidate {vip['rank']} of {vip['owner']}"
        notes = [vip["reason"]]
        if vip["order"] != Order.FOLLOW:
            notes.append(f"ordered: {vip['order']}")
        if vip["contested"]:
            notes.append(f"CONTESTED by {vip['contested']}")
        held = "*" if vip["holds"] else ""
        since = moment_text(vip["since"])
        rows.append((held, address, role, vip["state"].upper(), since, "; ".join(notes)))
    lines = [_headline(found), *_troubles(found), "", *table(rows, width=None)]
    return "\n".join(map(printable, lines)) + "\n"


def _headline(found: Report) -> str:
    agents = ", ".join(starmap(_heard, found["agents"].items())) or "none"
    dry = ", dry run" if found["dry_run"] else ""
    uptime = duration_text(found["uptime_s"])
    return (
        f"rrdns takeover {found['version']}, host {found['host']}, {found['interface']}{dry},"
        f" up {uptime}, other agents heard: {agents}"
    )


def _heard(host: str, ago_s: float) -> str:
    return host if ago_s < RECENT_S else f"{host} {duration_text(ago_s)} ago"


def _troubles(found: Report) -> list[str]:
    troubles = []
    if found["cut_off"]:
        troubles.append("CUT OFF: neither a witness nor another agent is heard")
    if found["unfit"]:
        troubles.append(f"NOT FIT: {found['unfit']}")
    for host, told in found["differences"].items():
        troubles.append(f"{host} HAS ANOTHER FILE: {'; '.join(told)}")
    for address, witness in found["witnesses"].items():
        if witness["state"] == State.DOWN:
            troubles.append(f"the witness {address} is silent: {witness['reason']}")
    return troubles
