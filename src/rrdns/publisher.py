"""Joins zones, pools and health into the table that queries are answered from.

The one place where rotations are remembered and the table is exchanged. A health change touches
the pools that it is about; a reload makes everything anew, and is compiled off the event loop.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random

from rrdns.answer.compiler import compile_table, recompile
from rrdns.answer.player import Publication
from rrdns.answer.snapshot import Cursors, RRKey, Snapshot
from rrdns.config.settings import Identity
from rrdns.health.check import Target
from rrdns.health.verdict import State, all_of, any_of
from rrdns.pool.member import Member, Policy, Pool, Require
from rrdns.pool.rotation import Rotation, rotation_of
from rrdns.pool.turns import Turns, turns_of
from rrdns.zone.name import Name
from rrdns.zone.tree import ADDRESS_TYPES, RRType, Zone

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
        turns = {**_turns_of_plain_rrsets(zones, self._rng), **self._turns_of(pools, rotations)}
        snapshot = Snapshot(zones, turns, identity)
        table = await asyncio.to_thread(compile_table, snapshot, self.cursors)
        self.rotations = rotations
        self.publication.table = table
        self.cursors.forget_all_but(turns)

    def refresh(self, pools: Iterable[Pool]) -> None:
        """Publishes the rotations of `pools` as their members' health has them now.

        To be called after `publish` too, for what has changed while the table was compiled.
        """
        pools = tuple(pools)
        rotations = self._rotations_of(pools)
        changed = {
            key: rotation
            for key, rotation in rotations.items()
            if rotation != self.rotations.get(key)
        }
        if not changed:
            return
        table = self.publication.table
        turns = {**table.snapshot.turns, **self._turns_of(pools, changed)}
        snapshot = replace(table.snapshot, turns=turns)
        self.rotations = {**self.rotations, **changed}
        self.publication.table = recompile(table, snapshot, changed, self.cursors)

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
    rtype_of = {4: RRType.A, 6: RRType.AAAA}
    by_rrset: dict[RRKey, tuple[Member, ...]] = {}
    for member in sorted(pool.members, key=lambda member: member.address.version):
        key = (pool.owner, rtype_of[member.address.version])
        by_rrset[key] = (*by_rrset.get(key, ()), member)
    return by_rrset


def _turns_of_plain_rrsets(zones: Mapping[Name, Zone], rng: Random) -> dict[RRKey, Turns]:
    """Every RRset of several addresses takes turns, in a pool or not (RFC 1794)."""
    return {
        (owner, rtype): turns_of(node[rtype].rdatas, Policy(), rng)
        for zone in zones.values()
        for owner, node in zone.nodes.items()
        for rtype in ADDRESS_TYPES
        if rtype in node and len(node[rtype].rdatas) > 1
    }
