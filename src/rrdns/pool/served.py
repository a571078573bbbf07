"""Until when caches may hold each address: what a drain waits for, and what an outage costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rrdns.health.check import Address
from rrdns.zone.name import Name

from .duty import MemberKey, key_of, keys_of
from .member import Member, Pool
from .rotation import Rotation


@dataclass(frozen=True, slots=True)
class Departure:
    """The last answers with a member left at `left_at`, or some still leave: then it is None. By
    `expires_at` no cache has those from before. Times are time.time."""

    left_at: float | None
    expires_at: float


class Served:
    """Notes when members leave the rotation.

    An answer that leaves the server is in caches for its TTL, so a member is safe to be stopped
    once the TTLs of all answers that may have held it are over.
    """

    def __init__(self, departures: Mapping[MemberKey, Departure] | None = None) -> None:
        found = dict(departures or {})
        self._departures = {key: each for key, each in found.items() if each.left_at is not None}
        self._inherited = {key: found[key].expires_at for key in found.keys() - self._departures}
        """Whom another process was handing out when it wrote that down."""

    @property
    def departures(self) -> Mapping[MemberKey, Departure]:
        """All that is known, as of now."""
        return dict(self._departures)

    def take_on(self, pools: Iterable[Pool], now: float) -> None:
        """Knows all members of `pools` from now on.

        Those that are new may have been handed out until now: by another process, or as a name
        that was in no pool.
        """
        for pool in pools:
            for member in pool.members:
                key = key_of(pool, member)
                if key not in self._departures:
                    expires_at = max(now + pool.ttl_s, self._inherited.pop(key, now))
                    self._departures[key] = Departure(now, expires_at)

    def left_at(self, pool: Pool, member: Member) -> float | None:
        """When an answer last held `member`, at the latest; None while answers do."""
        departure = self._departures.get(key_of(pool, member))
        return departure.left_at if departure else None

    def safe_at(self, pool: Pool, member: Member) -> float | None:
        """When no cache holds `member` any more; None where it has no `left_at`."""
        departure = self._departures.get(key_of(pool, member))
        return departure.expires_at if departure and departure.left_at is not None else None

    def is_safe(self, pool: Pool, member: Member, now: float) -> bool:
        """Whether no cache holds `member` any more, so that it can be stopped unnoticed."""
        safe_at = self.safe_at(pool, member)
        return safe_at is not None and safe_at <= now

    def replaced(self, owner: Name, before: Rotation, after: Rotation, now: float) -> None:
        """Notes that `owner` is answered from another rotation from `now` on."""
        staying = after.addresses
        for address in before.addresses:
            expires_at = max(now + before.ttl, self._expires_at(owner, address, now))
            left_at = None if address in staying else now
            self._departures[owner, address] = Departure(left_at, expires_at)
        for address in staying - before.addresses:
            self._departures[owner, address] = Departure(
                None, self._expires_at(owner, address, now)
            )

    def forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops the members that are gone."""
        kept = keys_of(pools)
        for key in self._departures.keys() - kept:
            del self._departures[key]

    def _expires_at(self, owner: Name, address: Address, now: float) -> float:
        known = self._departures.get((owner, address))
        return known.expires_at if known else now
