"""Until when caches may hold each address: what a drain waits for, and what an outage costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rrdns.zone.name import Name

from .duty import MemberKey
from .member import Member, Pool
from .rotation import Rotation


@dataclass(frozen=True, slots=True)
class Departure:
    """The last answers with a member left at `left_at`, or some still leave: then it is None. By
    `expires_at` no cache has those that are over. Times are time.time."""

    left_at: float | None
    expires_at: float


class Served:
    """Notes when members leave the rotation.

    An answer that leaves the server is in caches for its TTL, so a member is safe to be stopped
    once the TTLs of all answers that may have held it are over.
    """

    def __init__(self, departures: Mapping[MemberKey, Departure] | None = None) -> None:
        self._departures = dict(departures or {})

    @property
    def departures(self) -> Mapping[MemberKey, Departure]:
        """All that is known, as of now."""
        return dict(self._departures)

    def left_at(self, pool: Pool, member: Member) -> float | None:
        """When an answer last held `member`, at the latest; None while answers do, and for one
        that has never been in an answer."""
        departure = self._departures.get((pool.owner, member.address))
        return departure.left_at if departure else None

    def safe_at(self, pool: Pool, member: Member) -> float | None:
        """When no cache holds `member` any more; None where it has no `left_at`."""
        departure = self._departures.get((pool.owner, member.address))
        return departure.expires_at if departure and departure.left_at is not None else None

    def replaced(self, owner: Name, before: Rotation, after: Rotation, now: float) -> None:
        """Notes that `owner` is answered from another rotation from `now` on."""
        staying = set(after.members)
        for member in before.members:
            key = (owner, member.address)
            known = self._departures.get(key)
            expires_at = max(now + before.ttl, known.expires_at if known else now)
            self._departures[key] = Departure(None if member in staying else now, expires_at)
        for member in staying.difference(before.members):
            known = self._departures.get((owner, member.address))
            if known is not None:
                self._departures[owner, member.address] = Departure(None, known.expires_at)

    def forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops the members that are gone."""
        kept = {(pool.owner, member.address) for pool in pools for member in pool.members}
        for key in self._departures.keys() - kept:
            del self._departures[key]
