"""Joins zones, pools and health into the table that queries are answered from.

The one place where rotations are remembered and the table is exchanged. A health change touches
the pools that it is about; a reload makes everything anew, and is compiled off the event loop.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, Generic

from rrdns.answer.compiler import Edition, T, compile_edition, recompile
from rrdns.answer.player import Publication
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import Cursors, RRKey, Snapshot
from rrdns.aside import aside
from rrdns.config.settings import Identity
from rrdns.heap import let_go, undisturbed
from rrdns.pool.member import Member, Policy, Pool
from rrdns.pool.rotation import NOBODY, NOTES, Fitness, Rotation, rotation_of
from rrdns.pool.served import Served
from rrdns.pool.turns import Turns, turns_of
from rrdns.zone.name import Name
from rrdns.zone.tree import ADDRESS_TYPES, RRType, Zone, find_zone

FitnessOf = Callable[[Pool, Member], Fitness]


class Publisher(Generic[T]):
    """Owns the publication and the cursors; all methods are called from one event loop.

    `blank` makes a table without entries, which plays `cursors` and tells the identity; `clock`
    tells the time as time.time does.
    """

    def __init__(
        self,
        fitness_of: FitnessOf,
        rng: Random,
        blank: Callable[[Cursors, Identity], T],
        cursors: Callable[[Random], Cursors] = Cursors,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fitness_of = fitness_of
        self._rng = rng
        self._blank = blank
        self._clock = clock
        self.cursors = cursors(rng)
        self.publication = Publication(self._compiled({}, (), {}, Identity()))
        self.rotations: Sharded[RRKey, Rotation] = Sharded()
        self.served = Served()
        self._gone: list[object] = []

    async def publish(
        self, zones: Mapping[Name, Zone], pools: Iterable[Pool], identity: Identity
    ) -> None:
        """Exchanges everything at once; queries are answered from the old table until then.

        Nothing else happens between the exchange and the return; `let_go` is to be called later.
        """
        pools = tuple(pools)
        rotations = self._rotations_of(pools)
        edition = await aside(self._compiled, zones, pools, rotations, identity)
        # Health may have changed while it was being compiled: what goes out is as of now.
        latest = self._rotations_of(pools)
        self._gone = [*_pieces_of(self.publication.edition), *self.rotations.pieces()]
        self.publication.publish(self._brought_up(edition, pools, rotations, latest))
        self.served.forget_all_but(pools)
        self.served.take_on(pools, self._clock())
        self._note_served(latest)
        self.rotations = Sharded(latest)
        self.cursors.forget_all_but(edition.snapshot.turns)

    async def let_go(self) -> None:
        """Forgets what the last `publish` has replaced, which takes its time where it was much."""
        gone, self._gone = self._gone, []
        await aside(let_go, gone)

    def refresh(self, pools: Iterable[Pool]) -> None:
        """Publishes the rotations of `pools` as their members' health has them now."""
        pools = tuple(pools)
        latest = self._rotations_of(pools)
        before = self.publication.edition
        edition = self._brought_up(before, pools, self.rotations, latest)
        if edition is not before:
            self.publication.publish(edition)
            self._note_served(latest)
        self.rotations = self.rotations.updated(latest)

    def republish(self) -> None:
        """Publishes the same answers, in a table that is made anew."""
        edition = self.publication.edition
        self.publication.publish(replace(edition, entries=edition.entries.with_entries(())))

    def _compiled(
        self,
        zones: Mapping[Name, Zone],
        pools: Iterable[Pool],
        rotations: Mapping[RRKey, Rotation],
        identity: Identity,
    ) -> Edition[T]:
        """The edition of everything; what takes its time, on a thread aside."""
        with undisturbed():
            of_pools = self._turns_of(pools, rotations)
            turns = Sharded({**_turns_of_plain_rrsets(zones, self._rng), **of_pools})
            blank = self._blank(self.cursors, identity)
            return compile_edition(Snapshot(zones, turns, identity), blank)

    def _brought_up(
        self,
        edition: Edition[T],
        pools: Iterable[Pool],
        before: Mapping[RRKey, Rotation],
        latest: Mapping[RRKey, Rotation],
    ) -> Edition[T]:
        """`edition`, which has the rotations `before`, with the `latest`."""
        changed = {key: now for key, now in latest.items() if now != before.get(key)}
        if not changed:
            return edition
        turns = edition.snapshot.turns.updated(self._turns_of(pools, changed))
        return recompile(edition, replace(edition.snapshot, turns=turns), changed)

    def _note_served(self, latest: Mapping[RRKey, Rotation]) -> None:
        """Notes what `latest`, just published, has put an end to."""
        now = self._clock()
        for key, rotation in latest.items():
            before = self.rotations.get(key, NOBODY)
            if rotation != before:
                self.served.replaced(key[0], before, rotation, now)

    def _rotations_of(self, pools: Iterable[Pool]) -> dict[RRKey, Rotation]:
        """The rotation of each family of each pool, by the RRset that it orders."""
        now = self._clock()
        return {
            key: rotation_of(
                pool,
                members,
                partial(self._fitness_of, pool),
                now,
                self.rotations.get(key, NOBODY),
            )
            for pool in pools
            for key, members in families(pool).items()
        }

    def _turns_of(
        self, pools: Iterable[Pool], rotations: Mapping[RRKey, Rotation]
    ) -> dict[RRKey, Turns]:
        return {
            key: self._turns(pool, rotations[key])
            for pool in pools
            for key in families(pool)
            if key in rotations
        }

    def _turns(self, pool: Pool, rotation: Rotation) -> Turns:
        turns = turns_of(
            [member.address.packed for member in rotation.members],
            pool.policy,
            self._rng,
            [
                pool.covered_weight if member in rotation.lessened else member.weight
                for member in rotation.members
            ],
        )
        ttl = rotation.ttl if rotation.ttl < pool.ttl_s else None
        return replace(turns, ttl=ttl, note=NOTES[rotation.rung] if rotation.rung else None)


def _pieces_of(edition: Edition[Any]) -> list[object]:
    """What of an edition the next one does not have."""
    dependants, turns = edition.dependants.values(), edition.snapshot.turns.values()
    return [*dependants, *turns, *edition.entries.pieces()]


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
