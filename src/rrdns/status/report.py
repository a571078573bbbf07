"""The report: what is served, who is in rotation and why, as the JSON of `GET /status`."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from rrdns import __version__
from rrdns.errors import Problem
from rrdns.health.vantage import View
from rrdns.load import ZoneVersion
from rrdns.memory import Memory
from rrdns.pool.duty import MemberKey
from rrdns.pool.incidents import Incident
from rrdns.pool.member import Pool
from rrdns.zone import name as names

from .agreed import Report, pid_namespace, time_or_none, time_text
from .covers import takeover_report
from .observed import Observed
from .pools import PoolReports


def report(
    observed: Observed, *, recent: bool = False, pools: Iterable[Pool] | None = None
) -> Report:
    """The whole report, as of now, with the `recent` probes of each check if asked. Of the pools
    it has all, or those that are named."""
    loaded = observed.loaded
    reports = PoolReports(observed, recent=recent)
    folder = loaded.settings.path.absolute().parent
    return {
        "version": __version__,
        "pid": os.getpid(),
        "pid_namespace": pid_namespace(),
        "ready": observed.ready,
        "player": observed.players.choice,
        "uptime_s": round(max(0.0, time.time() - observed.started_at), 1),
        "reload": _reload_report(observed),
        "vantage": _vantage_report(observed.steward.monitor.vantage),
        "takeover": takeover_report(observed.steward.covers),
        "state": _state_report(observed.memory),
        "warnings": _texts({*loaded.settings.warnings, *loaded.warnings}),
        "zones": {
            names.to_text(apex): _zone_report(version, folder)
            for apex, version in sorted(loaded.zones.items())
        },
        "incidents_open": observed.steward.incidents.open,
        "pools": {
            names.to_text(pool.owner): reports.of(pool)
            for pool in (loaded.pools if pools is None else pools)
        },
    }


def incidents_report(observed: Observed, most: int | None = None) -> list[Report]:
    """The incidents that are remembered, or so many of them at most, newest first."""
    return [_incident_report(*known) for known in observed.steward.incidents.newest_first(most)]


def _reload_report(observed: Observed) -> Report:
    reloads = observed.reloads
    return {
        "begun": reloads.begun,
        "accepted": reloads.accepted,
        "rejected": reloads.rejected,
        "last_at": time_or_none(reloads.last_at),
        "problems": _texts(observed.loaded.rejected),
    }


def _state_report(memory: Memory) -> Report:
    return {
        "file": str(memory.path) if memory.path else None,
        "saved_at": time_or_none(memory.saved_at),
        "restored_from": time_text(memory.saved.at) if memory.is_young else None,
        "problem": memory.problem,
        "lost": memory.lost,
    }


def _zone_report(version: ZoneVersion, folder: Path) -> Report:
    below = version.path.is_relative_to(folder)
    return {
        "serial": version.loaded.zone.serial,
        "file": str(version.path.relative_to(folder) if below else version.path),
        "loaded_at": time_text(version.read_at),
        "problems": _texts(version.problems),
    }


def _vantage_report(view: View | None) -> Report | None:
    if view is None:
        return None
    return {
        "cut_off": view.cut_off,
        "since": time_or_none(view.since),
        "anchors": [
            {
                "address": str(anchor.address),
                "outcome": anchor.last.outcome if anchor.last else None,
                "reason": anchor.last.reason if anchor.last else None,
                "at": time_text(anchor.at) if anchor.last else None,
            }
            for anchor in view.anchors
        ],
    }


def incident_facts(key: MemberKey, incident: Incident) -> Report:
    """All there is to say of an incident but when what happened."""
    owner, address = key
    measured_s = incident.measured_s
    return {
        "pool": names.to_text(owner),
        "member": str(address),
        "name": incident.name,
        "drill": incident.drill,
        "reason": incident.reason,
        "measured_s": None if measured_s is None else round(measured_s, 3),
        "budget_s": incident.budget_s,
    }


def _incident_report(key: MemberKey, incident: Incident) -> Report:
    return {
        **incident_facts(key, incident),
        "last_pass": time_or_none(incident.last_pass),
        "first_failure": time_or_none(incident.first_failure),
        "down_at": time_text(incident.down_at),
        "left_at": time_or_none(incident.left_at),
        "safe_at": time_or_none(incident.safe_at),
        "up_at": time_or_none(incident.up_at),
    }


def _texts(problems: Iterable[Problem]) -> list[str]:
    return [str(problem) for problem in sorted(problems)]
