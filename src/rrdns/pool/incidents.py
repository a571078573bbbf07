"""Outages of members: what happened when, and what it was against the failover budget."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .duty import MemberKey, key_of, keys_of
from .member import Member, Pool
from .served import Served

MOST = 200  # incidents that are over and remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of a member, called `name`; times are time.time, None where it has not come to it.

    It passed for the last time at `last_pass`, failed first at `first_failure`, was believed to be
    down at `down_at`. The last answer with it left at `left_at`, and no cache had it at `safe_at`.
    A `drill` was ordered.
    """

    name: str | None
    drill: bool
    reason: str
    last_pass: float | None
    first_failure: float | None
    down_at: float
    left_at: float | None = None
    safe_at: float | None = None
    up_at: float | None = None
    budget_s: float = 0.0

    @property
    def measured_s(self) -> float | None:
        """From the last moment at which the member was known to be well to the one at which no
        cache had it; to be compared with `budget_s`. 0 where it was out of all caches before."""
        well_at = self.first_failure if self.last_pass is None else self.last_pass
        if self.safe_at is None or well_at is None:
            return None
        return max(0.0, self.safe_at - well_at)


Known = tuple[MemberKey, Incident]
"""Whose outage, and what is known of it."""


class Incidents:
    """The outages that go on, and the last `MOST` that are over."""

    def __init__(self, known: Iterable[Known] = ()) -> None:
        known = sorted(known, key=_down_at)
        self._open = {key: incident for key, incident in known if incident.up_at is None}
        self._over = deque((each for each in known if each[1].up_at is not None), maxlen=MOST)
        self.begun = 0
        """How many have begun since this was made."""

    @property
    def open(self) -> int:
        """How many go on."""
        return len(self._open)

    def newest_first(self, most: int | None = None) -> list[Known]:
        """All of them, or so many at most, by when the member was believed to be down."""
        return sorted(self.known, key=_down_at, reverse=True)[:most]

    @property
    def known(self) -> tuple[Known, ...]:
        """All of them, in no order."""
        return (*self._over, *self._open.items())

    def begin(self, pool: Pool, member: Member, incident: Incident) -> None:
        """An outage has begun; one that is known to go on goes on."""
        key = key_of(pool, member)
        self.begun += key not in self._open
        self._open.setdefault(key, incident)

    def end(self, pool: Pool, member: Member, now: float) -> None:
        """The outage of `member` is over, if there was one."""
        self._end(key_of(pool, member), now)

    def note_departures(self, pool: Pool, served: Served) -> None:
        """Notes of the members of `pool` that are down when answers had them for the last time.

        That is not over where the ladder hands them out again.
        """
        for member in pool.members:
            key = key_of(pool, member)
            if key in self._open:
                left_at, safe_at = served.left_at(pool, member), served.safe_at(pool, member)
                self._open[key] = replace(self._open[key], left_at=left_at, safe_at=safe_at)

    def forget_all_but(self, pools: Iterable[Pool], now: float) -> None:
        """Ends the outages of members that are gone."""
        kept = keys_of(pools)
        for key in self._open.keys() - kept:
            self._end(key, now)

    def _end(self, key: MemberKey, now: float) -> None:
        incident = self._open.pop(key, None)
        if incident is not None:
            self._over.append((key, replace(incident, up_at=now)))


def _down_at(known: Known) -> float:
    return known[1].down_at
