"""Joins zones, pools and health into the table that queries are answered from.

The one place where rotations are remembered and the table is exchanged. A health change touches
the pools that it is about; a reload makes everything anew, and is compiled off the event loop.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random

from rrdns.answer.compiler import compile_table, recompile
from rrdns.answer.player import Publication
from rrdns.answer.snapshot import Cursors, RRKey, Snapshot
from rrdns.answer.table import Table
from rrdns.aside import aside
from rrdns.config.settings import Identity
from rrdns.health.check import Target
from rrdns.health.verdict import State, all_of, any_of
from rrdns.heap import undisturbed
from rrdns.pool.member import Member, Policy, Pool, Require
from rrdns.pool.rotation import Rotation, rotation_of
from rrdns.pool.turns import Turns, turns_of
from rrdns.zone.name import Name
from rrdns.zone.tree import ADDRESS_TYPES, RRType, Zone, find_zone

StateOf = Callable[[Target], State]


class Publisher:
    """Owns the publication and the cursors; all methods are called from one event loop."""

    def __init__(self, state_of: StateOf, rng: Random) -> None:
        self._state_of = state_of
        self._rng = rng
        self.cursors = Cursors(rng)
        self.publication = Publication(compile_table(Snapshot({}), self.cursors))
        self.rotations: Mapping[RRKey, Rotation] = {}

    def state(self, pool: Pool, member: Member) -> State:
        """What is believed of a member, all its checks taken together."""
        states = [self._state_of(target) for target in pool.targets(member)]
        return (all_of if pool.require is Require.ALL else any_of)(states)

    async def publish(
        self, zones: Mapping[Name, Zone], pools: Iterable[Pool], identity: Identity
    ) -> None:
        """Exchanges everything at once; queries are answered from the old table until then."""
        pools = tuple(pools)
        rotations = self._rotations_of(pools)
        of_pools = self._turns_of(pools, rotations)
        table = await aside(self._compiled, zones, of_pools, identity)
        # Health may have changed while the table was being compiled: what goes out is as of now.
        latest = self._rotations_of(pools)
        self.publication.table = self._brought_up(table, pools, rotations, latest)
        self.rotations = latest
        self.cursors.forget_all_but(table.snapshot.turns)

    def refresh(self, pools: Iterable[Pool]) -> None:
        """Publishes the rotations of `pools` as their members' health has them now."""
        pools = tuple(pools)
        latest = self._rotations_of(pools)
        table = self.publication.table
        self.publication.table = self._brought_up(table, pools, self.rotations, latest)
        self.rotations = {**self.rotations, **latest}

    def _compiled(
        self, zones: Mapping[Name, Zone], of_pools: Mapping[RRKey, Turns], identity: Identity
    ) -> Table:
        """The table of everything; what takes its time, on a thread aside."""
        with undisturbed():
            turns = {**_turns_of_plain_rrsets(zones, self._rng), **of_pools}
            return compile_table(Snapshot(zones, turns, identity), self.cursors)

    def _brought_up(
        self,
        table: Table,
        pools: Iterable[Pool],
        before: Mapping[RRKey, Rotation],
        latest: Mapping[RRKey, Rotation],
    ) -> Table:
        """`table`, which has the rotations `before`, with the `latest`."""
        changed = {key: now for key, now in latest.items() if now != before.get(key)}
        if not changed:
            return table
        turns = {**table.snapshot.turns, **self._turns_of(pools, changed)}
        snapshot = replace(table.snapshot, turns=turns)
        return recompile(table, snapshot, changed, self.cursors)

    def _rotations_of(self, pools: Iterable[Pool]) -> dict[RRKey, Rotation]:
        """The rotation of each family of each pool, by the RRset that it orders."""
        return {
            key: self._rotation(pool, members, self.rotations.get(key))
            for pool in pools
            for key, members in families(pool).items()
        }

    def _rotation(self, pool: Pool, members: Iterable[Member], before: Rotation | None) -> Rotation:
        return rotation_of(members, lambda member: self.state(pool, member), pool.all_down, before)

    def _turns_of(
        self, pools: Iterable[Pool], rotations: Mapping[RRKey, Rotation]
    ) -> dict[RRKey, Turns]:
        return {
            key: turns_of(
                [member.address.packed for member in rotations[key].members],
                pool.policy,
                self._rng,
                [member.weight for member in rotations[key].members],
            )
            for pool in pools
            for key in families(pool)
            if key in rotations
        }


def families(pool: Pool) -> dict[RRKey, tuple[Member, ...]]:
    """The members of a pool by the RRset that each is in, A before AAAA."""
    return {
        (pool.owner, rtype): members
        for rtype, version in ((RRType.A, 4), (RRType.AAAA, 6))
        if (members := tuple(m for m in pool.members if m.address.version == version))
    }


def _turns_of_plain_rrsets(zones: Mapping[Name, Zone], rng: Random) -> dict[RRKey, Turns]:
    """Every RRset of several addresses takes turns, in a pool or not (RFC 1794)."""
    return {
        (owner, rtype): turns_of(node[rtype].rdatas, Policy(), rng)
        for zone in zones.values()
        for owner, node in zone.nodes.items()
        for rtype in ADDRESS_TYPES
        if rtype in node
        and len(node[rtype].rdatas) > 1
        and find_zone(zones, owner, qtype=0) is zone
    }
