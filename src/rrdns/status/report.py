"""The report: what is served, who is in rotation and why, as the JSON of `GET /status`."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from rrdns import __version__
from rrdns.answer.player import Tally
from rrdns.answer.reference import Transport
from rrdns.config.settings import PlayerChoice
from rrdns.errors import Problem
from rrdns.health.check import Target
from rrdns.health.monitor import Monitor
from rrdns.health.result import Health
from rrdns.health.vantage import View
from rrdns.health.verdict import State
from rrdns.load import Loaded, ZoneVersion
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import Rotation
from rrdns.pool.standing import Standings
from rrdns.publisher import Publisher, families
from rrdns.zone import name as names
from rrdns.zone.name import Name, ancestry
from rrdns.zone.tree import RRType

Report = dict[str, Any]
"""What json.dumps takes. Names end in a dot, times are ISO 8601 in UTC, absence is None."""


@dataclass(slots=True)
class Reloads:
    """How reloads went, which are numbered from 1 in the order in which they begin.

    `begun` is the number of the newest one; as they run one after the other, `accepted` and
    `rejected` together are the number of the last one done, at `last_at` (time.time).
    """

    begun: int = 0
    accepted: int = 0
    rejected: int = 0
    last_at: float | None = None

    def done(self, *, accepted: bool, now: float) -> None:
        """The newest one is done; it is rejected if anything in it did not take effect."""
        if accepted:
            self.accepted += 1
        else:
            self.rejected += 1
        self.last_at = now


class Playing(Protocol):
    """What plays the answers."""

    @property
    def choice(self) -> PlayerChoice: ...
    def tally(self, transport: Transport) -> Tally: ...


class Observed(Protocol):
    """What is read of the running server. `started_at` is a time (time.time).

    Everything but what the players count changes only in the event loop that it is read in.
    """

    @property
    def loaded(self) -> Loaded: ...
    @property
    def started_at(self) -> float: ...
    @property
    def ready(self) -> bool: ...
    @property
    def reloads(self) -> Reloads: ...
    @property
    def monitor(self) -> Monitor: ...
    @property
    def publisher(self) -> Publisher[Any]: ...
    @property
    def standings(self) -> Standings: ...
    @property
    def players(self) -> Playing: ...
    @property
    def tcp_connections(self) -> int: ...


def report(observed: Observed) -> Report:
    """The whole report, as of now."""
    loaded = observed.loaded
    folder = loaded.settings.path.absolute().parent
    return {
        "version": __version__,
        "pid": os.getpid(),
        "pid_namespace": pid_namespace(),
        "ready": observed.ready,
        "player": observed.players.choice,
        "uptime_s": round(max(0.0, time.time() - observed.started_at), 1),
        "reload": _reload_report(observed),
        "vantage": _vantage_report(observed.monitor.vantage),
        "warnings": _texts({*loaded.settings.warnings, *loaded.warnings}),
        "zones": {
            names.to_text(apex): _zone_report(version, folder)
            for apex, version in sorted(loaded.zones.items())
        },
        "pools": {names.to_text(pool.owner): pool_report(observed, pool) for pool in loaded.pools},
    }


def pool_report(observed: Observed, pool: Pool, *, recent: bool = False) -> Report:
    """What the report says of one pool, with the `recent` probes of each check if asked."""
    by_family = {
        RRType(rtype).name: _family_report(observed, owner, rtype)
        for owner, rtype in families(pool)
    }
    in_rotation = [address for family in by_family.values() for address in family["in_rotation"]]
    handed_out = set(in_rotation)
    return {
        "ttl": min((family["ttl"] for family in by_family.values()), default=None),
        "in_rotation": in_rotation,
        "fallback": next((f["fallback"] for f in by_family.values() if f["fallback"]), None),
        "families": by_family,
        "members": [
            _member_report(observed, pool, member, str(member.address) in handed_out, recent)
            for member in pool.members
        ],
    }


def pid_namespace() -> int | None:
    """What tells whether a pid means the same to two processes (pid_namespaces(7))."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return None


def state_of(observed: Observed, pool: Pool, member: Member) -> State:
    """What is believed of a member; unknown also before it was first probed."""
    try:
        return observed.publisher.state(pool, member)
    except KeyError:
        return State.UNKNOWN


def rotation_at(observed: Observed, owner: Name, rtype: int) -> Rotation:
    """Who is handed out of one family of a pool; nobody before the first answer."""
    return observed.publisher.rotations.get((owner, rtype), Rotation(()))


def _reload_report(observed: Observed) -> Report:
    reloads = observed.reloads
    return {
        "begun": reloads.begun,
        "accepted": reloads.accepted,
        "rejected": reloads.rejected,
        "last_at": None if reloads.last_at is None else _time_text(reloads.last_at),
        "problems": _texts(observed.loaded.rejected),
    }


def _zone_report(version: ZoneVersion, folder: Path) -> Report:
    below = version.path.is_relative_to(folder)
    return {
        "serial": version.loaded.zone.serial,
        "file": str(version.path.relative_to(folder) if below else version.path),
        "loaded_at": _time_text(version.read_at),
        "problems": _texts(version.problems),
    }


def _family_report(observed: Observed, owner: Name, rtype: int) -> Report:
    rotation = rotation_at(observed, owner, rtype)
    return {
        "ttl": _ttl(observed.loaded, owner, rtype),
        "in_rotation": [str(member.address) for member in rotation.members],
        "fallback": rotation.rung,
    }


def _ttl(loaded: Loaded, owner: Name, rtype: int) -> int:
    """The TTL of a pool's RRset: a pool exists only where a zone has its addresses."""
    version = next(loaded.zones[name] for name in ancestry(owner) if name in loaded.zones)
    return version.loaded.zone.nodes[owner][rtype].ttl


def _member_report(
    observed: Observed, pool: Pool, member: Member, in_rotation: bool, recent: bool
) -> Report:
    healths = {target: _health(observed, target) for target in pool.targets(member)}
    try:
        since = observed.standings.since(pool, member)
    except KeyError:
        since = observed.started_at
    return {
        "address": str(member.address),
        "name": member.name,
        "backup": member.backup,
        "state": state_of(observed, pool, member),
        "suspect": any(health.verdict.suspect for health in healths.values() if health),
        "restored": any(health.restored for health in healths.values() if health),
        "drill_until": _drill_until(observed, healths),
        "since": _time_text(since),
        "in_rotation": in_rotation,
        "checks": [
            {
                **_check_report(target, health),
                **({"recent": _recent(observed, target) if health else []} if recent else {}),
            }
            for target, health in healths.items()
        ],
    }


def _health(observed: Observed, target: Target) -> Health | None:
    try:
        return observed.monitor.health(target)
    except KeyError:
        return None


def _drill_until(observed: Observed, targets: Iterable[Target]) -> str | None:
    """When the last of the drills of a member's checks ends."""
    ends = [end for target in targets if (end := observed.monitor.drilled(target)) is not None]
    return _time_text(max(ends)) if ends else None


def _check_report(target: Target, health: Health | None) -> Report:
    last = health.last if health else None
    return {
        "name": target.check.name,
        "outcome": last.outcome if last else None,
        "reason": last.reason if last else None,
        "at": _time_text(health.at) if health and last else None,
        "elapsed_ms": _milliseconds(last.elapsed_s) if last else None,
        "rise_needed": health.rise_needed(target.check, time.time()) if health else None,
    }


def _recent(observed: Observed, target: Target) -> list[list[Any]]:
    """The last probes, oldest first: milliseconds since 1970, the outcome, how long it took."""
    return [
        [round(seen.at * 1000), seen.outcome, _milliseconds(seen.elapsed_s)]
        for seen in observed.monitor.recent(target)
    ]


def _vantage_report(view: View | None) -> Report | None:
    if view is None:
        return None
    return {
        "cut_off": view.cut_off,
        "since": _time_text(view.since) if view.since is not None else None,
        "anchors": [
            {
                "address": str(anchor.address),
                "outcome": anchor.last.outcome if anchor.last else None,
                "reason": anchor.last.reason if anchor.last else None,
                "at": _time_text(anchor.at) if anchor.last else None,
            }
            for anchor in view.anchors
        ],
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _texts(problems: Iterable[Problem]) -> list[str]:
    return [str(problem) for problem in sorted(problems)]
