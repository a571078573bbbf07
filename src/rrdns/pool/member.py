"""Pools and their members as configured: values, joined from the zone and the configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rrdns.health.check import Address, Check, Target
from rrdns.zone.name import Name


class Order(StrEnum):
    """How the turns of a pool follow each other; `pool/turns.py` defines each."""

    CYCLIC = "cyclic"
    BALANCED = "balanced"
    RANDOM = "random"
    FIXED = "fixed"


class Require(StrEnum):
    """How many of a member's checks must pass."""

    ALL = "all"
    ANY = "any"


class Rung(StrEnum):
    """A step of the ladder that is taken when no member is in rotation."""

    LAST_GOOD = "last-good"
    BACKUP = "backup"
    ALL = "all"
    NODATA = "nodata"


DEFAULT_ANSWERS = 8
DEFAULT_MIN_UP = 1
DEFAULT_LAST_GOOD_S = 3600.0
DEFAULT_COVERED_WEIGHT = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """How a pool, or a plain RRset of several addresses, is handed out.

    `hold` answers pass before the head moves on; `answers` caps how many addresses of a family
    one reply carries, None meaning all.
    """

    order: Order = Order.CYCLIC
    hold: int = 1
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One address of a pool. A backup is handed out only on the rung of that name."""

    address: Address
    name: str | None = None
    weight: int = 1
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """A name whose addresses are checked. `members` stand in the order of the zone file.

    `ttl_s` is the TTL of its RRsets in the zone, the larger one of two. With a `ttl_floor_s` it
    shrinks to that while a member is in doubt. Orders leave `min_up` members of a family in
    rotation. The rung last-good is for those up last, within `last_good_s`. A member whose address
    another host has comes with `covered_weight`, or with 0 only where nobody else is there.
    """

    owner: Name
    members: tuple[Member, ...]
    checks: tuple[Check, ...] = ()
    require: Require = Require.ALL
    policy: Policy = Policy(answers=DEFAULT_ANSWERS)
    all_down: tuple[Rung, ...] = (Rung.ALL,)
    last_good_s: float = DEFAULT_LAST_GOOD_S
    min_up: int = DEFAULT_MIN_UP
    ttl_s: int = 0
    ttl_floor_s: int | None = None
    covered_weight: int = DEFAULT_COVERED_WEIGHT

    @property
    def failover_budget_s(self) -> float:
        """The longest time from a member's death to the moment at which no cache has it: until
        the slowest check is certain, and then the TTL."""
        return self.certain_after_s + self.ttl_s

    @property
    def certain_after_s(self) -> float:
        """The longest time from a member's death until all its checks are certain."""
        return max((check.certain_after_s for check in self.checks), default=0.0)

    def targets(self, member: Member) -> tuple[Target, ...]:
        """What has to be probed to judge `member`."""
        return tuple(Target(check, member.address) for check in self.checks)

    def all_targets(self) -> Iterator[Target]:
        """What has to be probed to judge all members."""
        for member in self.members:
            yield from self.targets(member)
