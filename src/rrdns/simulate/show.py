"""A simulation as text and as JSON. Times are seconds since its beginning."""

from collections.abc import Iterator
from typing import Any

from rrdns.narrator import counted
from rrdns.pool.duty import MemberKey
from rrdns.pool.incidents import Incident
from rrdns.status.report import incident_facts
from rrdns.status.text import printable

from .run import Simulated
from .timeline import EPOCH

Report = dict[str, Any]


def report(simulated: Simulated) -> Report:
    """All of it but how long that took, which is another each time."""
    return {
        "seconds": simulated.seconds,
        "timeline": [
            {"at_s": round(entry.at_s, 3), "kind": entry.kind, "text": entry.text}
            for entry in simulated.timeline
        ],
        "incidents": [_incident(*known) for known in simulated.incidents],
        "probes": simulated.probes,
        "probes_per_member_second": round(simulated.probe_rate, 4),
        "drops": simulated.drops,
        "false_drops": simulated.false_drops,
    }


def render(report: Report) -> str:
    """The report as lines to read."""
    lines = [
        *(f"{entry['at_s']:>12.3f}  {_marked(entry)}" for entry in report["timeline"]),
        "",
        *(line for incident in report["incidents"] for line in _incident_lines(incident)),
        _summary(report),
    ]
    return "\n".join(map(printable, lines)) + "\n"


def speed(simulated: Simulated) -> str:
    """How long it took."""
    rate = simulated.seconds / simulated.took_s
    return f"{simulated.took_s:.2f} s of computing: {rate:,.0f} virtual seconds a second"


def _marked(entry: Report) -> str:
    """The text of an entry; what is neither logged nor answered says what it is."""
    mark = {"false drop": "FALSE DROP: ", "refused": "REFUSED: "}.get(entry["kind"], "")
    return f"{mark}{entry['text']}"


def _summary(report: Report) -> str:
    probes = f"{report['probes']:,} probes, {report['probes_per_member_second']:.2f} a member"
    drops = f"{counted(report['drops'], 'drop')}, {report['false_drops'] or 'none'} of them false"
    return (
        f"{report['seconds']:g} s: {probes} and second; {drops if report['drops'] else 'no drop'}"
    )


def _incident_lines(incident: Report) -> Iterator[str]:
    name = f" ({incident['name']})" if incident["name"] else ""
    drill = "drill: " if incident["drill"] else ""
    up_s = incident["up_s"]
    until = "still down" if up_s is None else f"up again at {up_s:g} s"
    yield f"incident: {incident['pool']} {incident['member']}{name}: {drill}{incident['reason']}"
    yield f"    down at {incident['down_s']:g} s, {until}; {_cost(incident)}"


def _cost(incident: Report) -> str:
    measured_s, budget_s = incident["measured_s"], incident["budget_s"]
    if measured_s is None:
        return "handed out all the time, as nobody else was up"
    against = "within" if measured_s <= budget_s else "OVER"
    return f"out of all caches after {measured_s:g} s, {against} the budget of {budget_s:g} s"


def _incident(key: MemberKey, incident: Incident) -> Report:
    return {
        **incident_facts(key, incident),
        "last_pass_s": _seconds(incident.last_pass),
        "first_failure_s": _seconds(incident.first_failure),
        "down_s": _seconds(incident.down_at),
        "left_s": _seconds(incident.left_at),
        "safe_s": _seconds(incident.safe_at),
        "up_s": _seconds(incident.up_at),
    }


def _seconds(at: float | None) -> float | None:
    return None if at is None else round(at - EPOCH, 3)
