"""What the report says of pools: who is handed out, what each check found, and what was ordered."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from rrdns.answer.reference import Transport
from rrdns.answer.snapshot import RRKey
from rrdns.health.check import Target
from rrdns.health.result import Health
from rrdns.health.verdict import State
from rrdns.pool.duty import Duty
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import NOBODY, Rotation
from rrdns.publisher import families
from rrdns.zone.name import Name
from rrdns.zone.tree import RRType

from .agreed import Report, time_or_none, time_text
from .covers import cover_report
from .observed import Observed, firsts


def state_of(observed: Observed, pool: Pool, member: Member) -> State:
    """What is believed of a member; unknown also before it was first probed."""
    try:
        return observed.steward.judge.state(pool, member)
    except KeyError:
        return State.UNKNOWN


def rotation_at(observed: Observed, owner: Name, rtype: int) -> Rotation:
    """Who is handed out of one family of a pool; nobody before the first answer."""
    return observed.steward.publisher.rotations.get((owner, rtype), NOBODY)


def health_of(observed: Observed, target: Target) -> Health | None:
    """What is known of a target; None for one that is not probed."""
    try:
        return observed.steward.monitor.health(target)
    except KeyError:
        return None


def ttl_now(rotation: Rotation, full: int) -> int:
    """The TTL of a family of a pool whose TTL in the zone is `full`."""
    return full if rotation is NOBODY else min(full, rotation.ttl)


class PoolReports:
    """Reports of pools, all as of one moment; with the `recent` probes of each check if asked."""

    def __init__(self, observed: Observed, *, recent: bool = False) -> None:
        self._observed = observed
        self._steward = observed.steward
        self._recent = recent
        self._firsts = firsts(map(observed.players.tally, Transport))

    def of(self, pool: Pool) -> Report:
        """What there is to say of one pool."""
        members_of = families(pool)
        by_family = {RRType(rtype).name: self._family(pool, rtype) for _, rtype in members_of}
        in_rotation = [text for family in by_family.values() for text in family["in_rotation"]]
        return {
            "ttl": min((family["ttl"] for family in by_family.values()), default=None),
            "in_rotation": in_rotation,
            "fallback": next((f["fallback"] for f in by_family.values() if f["fallback"]), None),
            "min_up": pool.min_up,
            "covered_weight": pool.covered_weight,
            "budget_s": pool.failover_budget_s,
            "families": by_family,
            "members": [
                report
                for key, members in members_of.items()
                for report in self._members(pool, key, members)
            ],
        }

    def member(self, pool: Pool, member: Member) -> Report:
        """What there is to say of one member."""
        reports = self.of(pool)["members"]
        found: Report = next(each for each in reports if each["address"] == str(member.address))
        return found

    def _members(self, pool: Pool, key: RRKey, members: Iterable[Member]) -> Iterator[Report]:
        """The reports of the members of one family."""
        rotation = rotation_at(self._observed, *key)
        counts = {member: self._firsts[key, member.address.packed] for member in members}
        total = sum(counts.values())
        for member, count in counts.items():
            yield {
                **self._member(pool, member),
                "cover": self._cover(pool, member, rotation),
                "in_rotation": member in rotation.members,
                "first_share": round(count / total, 4) if total else None,
            }

    def _family(self, pool: Pool, rtype: int) -> Report:
        rotation = rotation_at(self._observed, pool.owner, rtype)
        full = self._observed.loaded.ttl(pool.owner, rtype)
        return {
            "ttl": ttl_now(rotation, full),
            "ttl_full": full,
            "in_rotation": [str(member.address) for member in rotation.members],
            "fallback": rotation.rung,
        }

    def _member(self, pool: Pool, member: Member) -> Report:
        healths = {target: health_of(self._observed, target) for target in pool.targets(member)}
        known = [health for health in healths.values() if health]
        try:
            since = self._steward.standings.since(pool, member)
        except KeyError:
            since = self._observed.started_at
        return {
            "address": str(member.address),
            "name": member.name,
            "backup": member.backup,
            "state": state_of(self._observed, pool, member),
            "suspect": any(health.verdict.suspect for health in known),
            "restored": any(health.restored for health in known),
            "since": time_text(since),
            "duty": self._duty(pool, member),
            "drill_until": self._drill_until(healths),
            "checks": [self._check(target, health) for target, health in healths.items()],
        }

    def _cover(self, pool: Pool, member: Member, rotation: Rotation) -> Report | None:
        """Who has its address, and with which `weight` it is handed out for that, if it is."""
        cover = self._steward.covers.of(member.address)
        if cover is None:
            return None
        weight = pool.covered_weight if member in rotation.lessened else None
        return {**cover_report(cover), "weight": weight}

    def _duty(self, pool: Pool, member: Member) -> Report:
        assignment = self._steward.roster.assignment(pool, member)
        served = self._steward.publisher.served
        return {
            "order": assignment.duty if assignment else Duty.READY,
            "since": time_text(assignment.since) if assignment else None,
            "until": time_or_none(assignment.until if assignment else None),
            "reason": assignment.reason if assignment else None,
            "safe_at": time_or_none(served.safe_at(pool, member)),
            "safe": served.is_safe(pool, member, self._steward.now()),
        }

    def _drill_until(self, targets: Iterable[Target]) -> str | None:
        """When the last of the drills of a member's checks ends."""
        ends = map(self._steward.monitor.drilled, targets)
        return time_or_none(max((end for end in ends if end is not None), default=None))

    def _check(self, target: Target, health: Health | None) -> Report:
        last = health.last if health else None
        return {
            "name": target.check.name,
            "outcome": last.outcome if last else None,
            "reason": last.reason if last else None,
            "at": time_text(health.at) if health and last else None,
            "elapsed_ms": _milliseconds(last.elapsed_s) if last else None,
            "rise_needed": health.rise_needed(target.check, time.time()) if health else None,
            **({"recent": self._probes(target) if health else []} if self._recent else {}),
        }

    def _probes(self, target: Target) -> list[list[Any]]:
        """The last probes, oldest first: milliseconds since 1970, the outcome, how long it took."""
        return [
            [round(seen.at * 1000), seen.outcome, _milliseconds(seen.elapsed_s)]
            for seen in self._steward.monitor.recent(target)
        ]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
