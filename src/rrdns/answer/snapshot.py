"""What queries are answered from: one immutable picture of zones and turns, and the cursors."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from rrdns.config.settings import Identity
from rrdns.pool.turns import Turns
from rrdns.zone.name import Name
from rrdns.zone.tree import Zone

RRKey = tuple[Name, int]
"""An RRset by its owner name in the zone and its type."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that an answer depends on, except whose turn it is.

    `turns` has an entry for every address RRset that is a pool's or has several addresses.
    """

    zones: Mapping[Name, Zone]
    turns: Mapping[RRKey, Turns] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)


class Cursors:
    """The counts of answers given, per RRset; they outlive every snapshot.

    A cursor is called once per answer and returns how many came before, or a random number where
    the order is drawn. Calling it is atomic under the interpreter lock.
    """

    def __init__(self, rng: Random) -> None:
        self._draw: Callable[[], int] = lambda: rng.getrandbits(32)
        self._counts: dict[RRKey, itertools.count[int]] = {}

    def cursor(self, key: RRKey, turns: Turns) -> Callable[[], int]:
        """The cursor of `key`, which is made when it is first asked for."""
        if turns.drawn:
            return self._draw
        return self._counts.setdefault(key, itertools.count()).__next__

    def forget_all_but(self, keys: Mapping[RRKey, Turns]) -> None:
        """Drops the counts of RRsets that are gone."""
        for key in self._counts.keys() - keys.keys():
            del self._counts[key]
