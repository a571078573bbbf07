"""What queries are answered from: one immutable picture of zones and turns, and the cursors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from random import Random
from typing import Any, Protocol

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


_END = 2**63 - 1  # as far as a range counts in machine words; a thousand million years of answers
MOST_RESTORED = 2**62


def count_from(start: int) -> Iterator[int]:
    """`start` and all numbers after it. A range, unlike `itertools.count`, tells where it is; and
    like that it is no generator: several threads may ask at a time."""
    return iter(range(start, _END))


def count_at(cursor: Any) -> int:
    """The number that `cursor`, made by `count_from`, gives next; it stays where it is."""
    left: int = cursor.__length_hint__()
    return _END - left


def draws(rng: Random) -> Iterator[int]:
    """Random numbers of 32 bits without end. No generator: several threads may ask at a time."""
    return iter(partial(rng.getrandbits, 32), None)


class Counting(Protocol):
    """What says which turn is next."""

    def cursor(self, key: RRKey, turns: Turns) -> Iterator[int]:
        """The cursor of `key`: endless; `next` says how many answers came before this one, or gives
        a random number where the order is drawn."""
        ...


class Cursors:
    """The counts of answers given, per RRset; they outlive every snapshot.

    A cursor is advanced by `next` once per answer; any thread may advance it. `count_from` and
    `draws` make what is played by a table that is not written in Python, and `count_at` looks at
    what `count_from` has made.
    """

    def __init__(
        self,
        rng: Random,
        count_from: Callable[[int], Iterator[int]] = count_from,
        count_at: Callable[[Any], int] = count_at,
        draws: Callable[[Random], Iterator[int]] = draws,
    ) -> None:
        self._count_from = count_from
        self._count_at = count_at
        self._draw = partial(draws, rng)
        self._cursors: dict[tuple[RRKey, bool], Iterator[int]] = {}

    def cursor(self, key: RRKey, turns: Turns) -> Iterator[int]:
        """The cursor of `key`, which is made when it is first asked for."""
        known = key, turns.drawn
        cursor = self._cursors.get(known)
        if cursor is None:
            made = self._draw() if turns.drawn else self._count_from(0)
            cursor = self._cursors.setdefault(known, made)
        return cursor

    def count(self, key: RRKey) -> int:
        """How many answers of `key` there have been, but for those of a drawn order."""
        cursor = self._cursors.get((key, False))
        return 0 if cursor is None else self._count_at(cursor)

    def saved(self) -> dict[RRKey, int]:
        """All counts but 0, for another process to go on from. What is drawn is not counted."""
        known = list(self._cursors.items())  # a copy: others may add to it meanwhile
        counts = {key: self._count_at(cursor) for (key, drawn), cursor in known if not drawn}
        return {key: count for key, count in counts.items() if count}

    def restore(self, saved: Mapping[RRKey, int]) -> None:
        """Goes on from `saved`, for RRsets whose cursor nobody has asked for yet; those that have
        one go on from that. ValueError where a number is no count; then nothing is restored."""
        for key, count in saved.items():
            if not 0 <= count <= MOST_RESTORED:
                raise ValueError(f"{count} is no count of answers, for {key}")
        for key, count in saved.items():
            self._cursors.setdefault((key, False), self._count_from(count))

    def forget_all_but(self, keys: Mapping[RRKey, Turns]) -> None:
        """Drops the cursors of RRsets that are gone."""
        for known in list(self._cursors):  # a copy: others may add to it meanwhile
            if known[0] not in keys:
                del self._cursors[known]


class Look:
    """Looks at `cursors` without taking a turn: all that is answered with it is what comes next.

    Each count is looked at once, so that they stay what they were. An order that is drawn shows its
    first turn, as nobody knows the next one.
    """

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._counts: dict[RRKey, int] = {}

    def cursor(self, key: RRKey, turns: Turns) -> Iterator[int]:
        """A cursor that gives the same count again and again."""
        if key not in self._counts:
            self._counts[key] = 0 if turns.drawn else self._cursors.count(key)
        return repeat(self._counts[key])
