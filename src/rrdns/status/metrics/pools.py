"""Pools and their members: who is handed out, what is believed, and what was ordered."""

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.health.check import Check
from rrdns.health.flap import recent_downs
from rrdns.health.result import Health
from rrdns.health.verdict import State
from rrdns.pool.duty import Duty
from rrdns.pool.member import Pool, Rung
from rrdns.publisher import families
from rrdns.status.pools import health_of, rotation_at, state_of, ttl_now
from rrdns.zone import name as names
from rrdns.zone.tree import RRType

from .measured import Measured

Values = list[str]

FAMILY = ("pool", "type")
MEMBER = ("pool", "address", "name")

AT_ONCE = 200  # pools, or counts, are read before others have their turn

# Each scrape needs them all again, and they are most of its time.
name_text = lru_cache(maxsize=1 << 14)(names.to_text)


def pool_metrics(measured: Measured) -> Iterator[Metric | None]:
    """What there is to say of pools, of each family of theirs, and of their members.

    None where others may have their turn: a pool may be gone after that.
    """
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
        owner = name_text(pool.owner)
        min_up.add_metric([owner], pool.min_up)
        if pool.checks:
            budget.add_metric([owner], pool.failover_budget_s)
    yield from (min_up, budget)


def _with_pauses(pools: Iterable[Pool]) -> Iterator[Pool | None]:
    """The pools, and None before every `AT_ONCE` of them."""
    for number, pool in enumerate(pools):
        if number % AT_ONCE == 0:
            yield None
        yield pool


def _families(measured: Measured) -> Iterator[Metric | None]:
    loaded = measured.loaded
    members = _gauge("rrdns_pool_members", "Members of a family, backups included.", FAMILY)
    rotating = _gauge("rrdns_pool_members_in_rotation", "Members that are handed out.", FAMILY)
    ttl = _gauge("rrdns_pool_ttl_seconds", "For how long caches may keep an answer.", FAMILY)
    full = _gauge(
        "rrdns_pool_full_ttl_seconds", "For how long they may while nobody is in doubt.", FAMILY
    )
    for pool in _with_pauses(loaded.pools):
        if pool is None:
            yield None
            continue
        for (owner, rtype), of_family in families(pool).items():
            rotation = rotation_at(measured, owner, rtype)
            values = [name_text(owner), RRType(rtype).name]
            full_s = loaded.ttl(owner, rtype)
            members.add_metric(values, len(of_family))
            rotating.add_metric(values, len(rotation.members))
            ttl.add_metric(values, ttl_now(rotation, full_s))
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
                values = [name_text(owner), RRType(rtype).name, rung.value]
                family.add_metric(values, rung is taken)
    return family


class _MemberFamilies:
    """The families that have a sample for each member, or for those of whom there is news."""

    def __init__(self) -> None:
        self.up = _gauge(
            "rrdns_member_up",
            "Whether a member passes its checks: 1 or 0; absent while no probe could tell.",
            MEMBER,
        )
        self.in_rotation = _gauge(
            "rrdns_member_in_rotation", "Whether a member is handed out: 1 or 0.", MEMBER
        )
        self.duty = _gauge(
            "rrdns_member_duty",
            "What operators have ordered of a member: 1 for ready, drain or maint.",
            [*MEMBER, "duty"],
        )
        self.drilled = _gauge(
            "rrdns_member_drilled",
            "Whether a fire drill fails the probes of a member: 1; absent while none does.",
            MEMBER,
        )
        self.downs = _gauge(
            "rrdns_member_recent_downs",
            "Times that a member went down within the flap window; absent where it did not.",
            MEMBER,
        )
        self.passes = _gauge(
            "rrdns_member_needed_passes",
            "Passes in a row that it takes to bring a member up; absent where it did not go down.",
            MEMBER,
        )

    def add(self, values: Values, state: State, duty: Duty, *, is_in_rotation: bool) -> None:
        """One member."""
        if state is not State.UNKNOWN:
            self.up.add_metric(values, state is State.UP)
        self.in_rotation.add_metric(values, is_in_rotation)
        self.duty.add_metric([*values, duty], 1)

    def add_flaps(self, values: Values, known: Iterable[tuple[Check, Health]], now: float) -> None:
        """How often it has gone down, by the worst of its checks."""
        gone_down = [(check, health) for check, health in known if health.downs]
        downs = max((recent_downs(h.downs, check, now) for check, h in gone_down), default=0)
        if downs:
            passes = max(health.rise_needed(check, now) for check, health in gone_down)
            self.downs.add_metric(values, downs)
            self.passes.add_metric(values, passes)


def _members(measured: Measured) -> Iterator[Metric | None]:
    """Those of all members, and how many of them there are of whom we are not sure."""
    found, steward, now = _MemberFamilies(), measured.steward, time.time()
    suspects = restored = 0
    for pool in _with_pauses(measured.loaded.pools):
        if pool is None:
            yield None
            continue
        owner = name_text(pool.owner)
        rotations = [rotation_at(measured, *key) for key in families(pool)]
        handed_out = {member.address for rotation in rotations for member in rotation.members}
        for member in pool.members:
            values = [owner, str(member.address), member.name or ""]
            state, duty = state_of(measured, pool, member), steward.roster.duty(pool, member)
            found.add(values, state, duty, is_in_rotation=member.address in handed_out)
            targets = pool.targets(member)
            known = [(t.check, health) for t in targets if (health := health_of(measured, t))]
            found.add_flaps(values, known, now)
            suspects += any(health.verdict.suspect for _, health in known)
            restored += any(health.restored for _, health in known)
            if any(steward.monitor.drilled(target) is not None for target in targets):
                found.drilled.add_metric(values, 1)
    yield from vars(found).values()
    yield GaugeMetricFamily(
        "rrdns_suspect_members",
        "Members whose last probe contradicts what is believed of them.",
        value=suspects,
    )
    yield GaugeMetricFamily(
        "rrdns_restored_members",
        "Members of whom is believed what the server before had saved, and no probe has told yet.",
        value=restored,
    )
