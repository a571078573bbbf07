"""Pools and their members as configured: values, joined from the zone and the configuration."""

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
    """A name whose addresses are checked. `members` stand in the order of the zone file."""

    owner: Name
    members: tuple[Member, ...]
    checks: tuple[Check, ...] = ()
    require: Require = Require.ALL
    policy: Policy = Policy(answers=DEFAULT_ANSWERS)
    all_down: tuple[Rung, ...] = (Rung.ALL,)

    def targets(self, member: Member) -> tuple[Target, ...]:
        """What has to be probed to judge `member`."""
        return tuple(Target(check, member.address) for check in self.checks)
