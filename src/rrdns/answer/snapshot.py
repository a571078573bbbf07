"""What queries are answered from: one immutable picture of zones and turns, and the cursors."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random

from rrdns.config.settings import Identity
from rrdns.pool.turns import Turns
from rrdns.zone.name import Name
from rrdns.zone.tree import Zone

from .sharded import Sharded

RRKey = tuple[Name, int]
"""An RRset by its owner name in the zone and its type."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that an answer depends on, except whose turn it is.

    `turns` has an entry for every address RRset that is a pool's or has several addresses.
    """

    zones: Mapping[Name, Zone]
    turns: Sharded[RRKey, Turns] = field(default_factory=Sharded)
    identity: Identity = field(default_factory=Identity)


def draws(rng: Random) -> Iterator[int]:
    """Random numbers of 32 bits without end. No generator: several threads may ask at a time."""
    return iter(partial(rng.getrandbits, 32), None)


class Cursors:
    """The counts of answers given, per RRset; they outlive every snapshot.

    A cursor is advanced by `next` once per answer. It never ends, and gives how many answers came
    before, or a random number where the order is drawn; any thread may advance it. `count` and
    `draws` make what is played by a table that is not written in Python.
    """

    def __init__(
        self,
        rng: Random,
        count: Callable[[], Iterator[int]] = itertools.count,
        draws: Callable[[Random], Iterator[int]] = draws,
    ) -> None:
        self._count = count
        self._draw = partial(draws, rng)
        self._cursors: dict[tuple[RRKey, bool], Iterator[int]] = {}

    def cursor(self, key: RRKey, turns: Turns) -> Iterator[int]:
        """The cursor of `key`, which is made when it is first asked for."""
        known = key, turns.drawn
        cursor = self._cursors.get(known)
        if cursor is None:
            make = self._draw if turns.drawn else self._count
            cursor = self._cursors.setdefault(known, make())
        return cursor

    def forget_all_but(self, keys: Mapping[RRKey, Turns]) -> None:
        """Drops the cursors of RRsets that are gone."""
        for known in list(self._cursors):  # a copy: others may add to it meanwhile
            if known[0] not in keys:
                del self._cursors[known]
