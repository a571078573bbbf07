"""Since when each member has been what it is, so that each change is told once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rrdns.health.verdict import State

from .duty import MemberKey, key_of, keys_of
from .member import Member, Pool


@dataclass(frozen=True, slots=True)
class Change:
    """A member of a pool has another state than before; `before` is None for a new member."""

    pool: Pool
    member: Member
    before: State | None
    after: State


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a member, and since when (time.time)."""

    state: State
    since: float


class Standings:
    """The standing of every member of every pool."""

    def __init__(self, known: Mapping[MemberKey, Standing] | None = None) -> None:
        self._known = dict(known or {})

    @property
    def known(self) -> Mapping[MemberKey, Standing]:
        """All of them, as of now."""
        return dict(self._known)

    def since(self, pool: Pool, member: Member) -> float:
        """When the present state of `member` began; KeyError before it was first reviewed."""
        return self._known[key_of(pool, member)].since

    def states(self) -> dict[MemberKey, State]:
        """The state of every member that was reviewed."""
        return {key: standing.state for key, standing in self._known.items()}

    def review(
        self, pools: Iterable[Pool], state_of: Callable[[Pool, Member], State], now: float
    ) -> list[Change]:
        """Takes note of the members' states and returns those that have changed."""
        found = []
        for pool in pools:
            for member in pool.members:
                key = key_of(pool, member)
                before = self._known[key].state if key in self._known else None
                after = state_of(pool, member)
                if after is not before:
                    self._known[key] = Standing(after, now)
                    found.append(Change(pool, member, before, after))
        return found

    def forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops the members that are gone."""
        kept = keys_of(pools)
        for key in self._known.keys() - kept:
            del self._known[key]
