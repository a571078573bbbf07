"""Pools and their members: who is handed out, what is believed, and what was ordered."""

import time
from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.health.flap import recent_downs
from rrdns.health.verdict import State
from rrdns.pool.member import Member, Pool, Rung
from rrdns.publisher import families
from rrdns.status.pools import health_of, rotation_at, state_of, ttls_at
from rrdns.zone import name as names
from rrdns.zone.tree import RRType

from .measured import Measured

FAMILY = ("pool", "type")
MEMBER = ("pool", "address", "name")


def pool_metrics(measured: Measured) -> Iterator[Metric]:
    """What there is to say of pools, of each family of theirs, and of their members."""
    yield from _pools(measured.loaded.pools)
    yield from _families(measured)
    yield _fallbacks(measured)
    yield from _members(measured)


def _gauge(name: str, text: str, labels: Iterable[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=list(labels))


def _pools(pools: Iterable[Pool]) -> Iterator[Metric]:
    min_up = _gauge(
        "rrdns_pool_min_up", "Members of a family that orders leave in rotation.", ["pool"]
    )
    budget = _gauge(
        "rrdns_pool_failover_budget_seconds",
        "The longest time from a member's death until no cache has it.",
        ["pool"],
    )
    for pool in pools:
        owner = names.to_text(pool.owner)
        min_up.add_metric([owner], pool.min_up)
        if pool.checks:
            budget.add_metric([owner], pool.failover_budget_s)
    yield from (min_up, budget)


def _families(measured: Measured) -> Iterator[Metric]:
    members = _gauge("rrdns_pool_members", "Members of a family, backups included.", FAMILY)
    rotating = _gauge("rrdns_pool_members_in_rotation", "Members that are handed out.", FAMILY)
    ttl = _gauge("rrdns_pool_ttl_seconds", "For how long caches may keep an answer.", FAMILY)
    full = _gauge(
        "rrdns_pool_full_ttl_seconds", "For how long they may while nobody is in doubt.", FAMILY
    )
    for pool in measured.loaded.pools:
        for (owner, rtype), of_family in families(pool).items():
            rotation = rotation_at(measured, owner, rtype)
            values = [names.to_text(owner), RRType(rtype).name]
            ttl_s, full_s = ttls_at(measured, owner, rtype)
            members.add_metric(values, len(of_family))
            rotating.add_metric(values, len(rotation.members))
            ttl.add_metric(values, ttl_s)
            full.add_metric(values, full_s)
    yield from (members, rotating, ttl, full)


def _fallbacks(measured: Measured) -> Metric:
    family = _gauge(
        "rrdns_pool_fallback",
        "Whether a pool, all its members down, stands on this rung of its ladder, which answers"
        " tell in an Extended DNS Error: 1 or 0.",
        [*FAMILY, "rung"],
    )
    for pool in measured.loaded.pools:
        for owner, rtype in families(pool):
            taken = rotation_at(measured, owner, rtype).rung
            # A ladder that runs out ends in `all`.
            for rung in dict.fromkeys((*pool.all_down, Rung.ALL)):
                values = [names.to_text(owner), RRType(rtype).name, rung.value]
                family.add_metric(values, rung is taken)
    return family


class _MemberFamilies:
    """The families that have a sample for each member."""

    def __init__(self) -> None:
        self.up = _gauge(
            "rrdns_member_up",
            "Whether a member passes its checks: 1 or 0; absent while no probe could tell.",
            MEMBER,
        )
        self.in_rotation = _gauge(
            "rrdns_member_in_rotation", "Whether a member is handed out: 1 or 0.", MEMBER
        )
        self.suspect = _gauge(
            "rrdns_member_suspect",
            "Whether its last probe contradicts what is believed of a member: 1 or 0.",
            MEMBER,
        )
        self.restored = _gauge(
            "rrdns_member_restored",
            "Whether what is believed of a member was saved by the server before, and no probe has"
            " confirmed it yet: 1 or 0.",
            MEMBER,
        )
        self.downs = _gauge(
            "rrdns_member_recent_downs",
            "Times that a member went down within the flap window of its check.",
            MEMBER,
        )
        self.passes = _gauge(
            "rrdns_member_needed_passes",
            "Passes in a row that bring a member up, or would if it were down.",
            MEMBER,
        )
        self.duty = _gauge(
            "rrdns_member_duty",
            "What operators have ordered of a member: 1 for ready, drain or maint.",
            [*MEMBER, "duty"],
        )
        self.drilled = _gauge(
            "rrdns_member_drilled", "Whether a fire drill fails its probes: 1 or 0.", MEMBER
        )

    def add(self, measured: Measured, pool: Pool, member: Member, now: float) -> None:
        """One member, but for whether it is in rotation."""
        values = [names.to_text(pool.owner), str(member.address), member.name or ""]
        steward = measured.steward
        state = state_of(measured, pool, member)
        if state is not State.UNKNOWN:
            self.up.add_metric(values, state is State.UP)
        self.duty.add_metric([*values, steward.roster.duty(pool, member)], 1)
        targets = pool.targets(member)
        known = [(t.check, health) for t in targets if (health := health_of(measured, t))]
        if not known:
            return
        downs = max(recent_downs(health.downs, check, now) for check, health in known)
        passes = max(health.rise_needed(check, now) for check, health in known)
        drilled = any(steward.monitor.drilled(target) is not None for target in targets)
        self.suspect.add_metric(values, any(health.verdict.suspect for _, health in known))
        self.restored.add_metric(values, any(health.restored for _, health in known))
        self.downs.add_metric(values, downs)
        self.passes.add_metric(values, passes)
        self.drilled.add_metric(values, drilled)


def _members(measured: Measured) -> Iterator[Metric]:
    found, now = _MemberFamilies(), time.time()
    for pool in measured.loaded.pools:
        rotations = [rotation_at(measured, *key) for key in families(pool)]
        handed_out = {member.address for rotation in rotations for member in rotation.members}
        for member in pool.members:
            found.add(measured, pool, member, now)
            values = [names.to_text(pool.owner), str(member.address), member.name or ""]
            found.in_rotation.add_metric(values, member.address in handed_out)
    yield from vars(found).values()
