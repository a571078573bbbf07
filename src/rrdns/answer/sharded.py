"""A mapping that nobody edits, and that is still cheap to change: by making another one.

It is many small dictionaries. The next version shares all of them but those in which something has
changed, so that one change among a hundred thousand keys copies a few hundred.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

SHARD_KEYS = 128  # in one dictionary at the most, on average; about the root of a large mapping


class Sharded(Mapping[K, V]):
    """An immutable mapping. `shards[hash(key) & mask]` has `key`, for who looks up in a hurry."""

    __slots__ = ("_size", "mask", "shards")

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        items = items or {}
        count = 1
        while count * SHARD_KEYS < len(items):
            count *= 2
        self._size = len(items)
        self.mask = count - 1
        self.shards: list[dict[K, V]] = [{} for _ in range(count)]
        for key, value in items.items():
            self.shards[hash(key) & self.mask][key] = value

    def __getitem__(self, key: K) -> V:
        return self.shards[hash(key) & self.mask][key]

    def __iter__(self) -> Iterator[K]:
        for shard in self.shards:
            yield from shard

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"

    def pieces(self) -> list[object]:
        """What it is made of, in pieces that do not take long to be taken apart."""
        return list(self.shards)

    def updated(self, changes: Mapping[K, V]) -> "Sharded[K, V]":
        """A mapping that has `changes` too, in place of what it had for the same keys."""
        if max(len(changes), self._size // (2 * SHARD_KEYS)) > len(self.shards):
            return self._rebuilt(changes)
        after: Sharded[K, V] = Sharded()
        after._size, after.mask, after.shards = self._size, self.mask, self.shards.copy()
        for at in {hash(key) & self.mask for key in changes}:
            after.shards[at] = self.shards[at].copy()
        for key, value in changes.items():
            shard = after.shards[hash(key) & self.mask]
            after._size += key not in shard
            shard[key] = value
        return after

    def _rebuilt(self, changes: Mapping[K, V]) -> "Sharded[K, V]":
        """The same with as many shards as are right now."""
        items: dict[K, V] = {}
        for shard in self.shards:
            items.update(shard)
        items.update(changes)
        return Sharded(items)
