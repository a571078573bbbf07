"""What operators have ordered: who is on duty. Kept apart from what was measured.

| order | new answers                    | checks | outages                |
|-------|--------------------------------|--------|------------------------|
| ready | as the checks say              | go on  | are incidents          |
| drain | none, but for the ladder's all | go on  | are incidents          |
| maint | none while anybody else can be | go on  | are nobody's business  |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rrdns.health.check import Address
from rrdns.zone.name import Name

from .member import Member, Pool

MemberKey = tuple[Name, Address]
"""A member of a pool, whatever an edit says of it beside its address."""


def key_of(pool: Pool, member: Member) -> MemberKey:
    """What `member` of `pool` is known by."""
    return pool.owner, member.address


def keys_of(pools: Iterable[Pool]) -> set[MemberKey]:
    """What all members of `pools` are known by."""
    return {key_of(pool, member) for pool in pools for member in pool.members}


class Duty(StrEnum):
    """Whether a member is to get visitors; READY leaves that to its checks."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


DRILL = "drill"
ORDERS = (*map(str, Duty), DRILL)
"""What operators may order: a duty, or a fire drill."""

DRILL_S = 60.0  # unless asked otherwise


@dataclass(frozen=True, slots=True)
class Assignment:
    """An order in force. It ends by itself at `until`; all times are time.time."""

    duty: Duty
    since: float
    until: float | None = None
    reason: str = ""


class Roster:
    """The orders in force, by pool and address. Whoever is not in it is ready."""

    def __init__(self, assignments: Mapping[MemberKey, Assignment] | None = None) -> None:
        self._assignments = {
            key: assignment
            for key, assignment in (assignments or {}).items()
            if assignment.duty is not Duty.READY
        }

    @property
    def assignments(self) -> Mapping[MemberKey, Assignment]:
        """All orders in force, as of now."""
        return dict(self._assignments)

    def assignment(self, pool: Pool, member: Member) -> Assignment | None:
        """The order that `member` is under, if any."""
        return self._assignments.get(key_of(pool, member))

    def duty(self, pool: Pool, member: Member) -> Duty:
        """What `member` is ordered to do."""
        assignment = self.assignment(pool, member)
        return assignment.duty if assignment else Duty.READY

    def assign(self, pool: Pool, member: Member, assignment: Assignment) -> None:
        """Puts an order in force, in place of the one before."""
        key = key_of(pool, member)
        if assignment.duty is Duty.READY:
            self._assignments.pop(key, None)
        else:
            self._assignments[key] = assignment

    def next_end(self) -> float | None:
        """When the next order ends by itself."""
        ends = [each.until for each in self._assignments.values() if each.until is not None]
        return min(ends, default=None)

    def end_due(self, now: float) -> dict[MemberKey, Assignment]:
        """Ends the orders whose time is over, and returns them."""
        due = {
            key: each
            for key, each in self._assignments.items()
            if each.until is not None and each.until <= now
        }
        for key in due:
            del self._assignments[key]
        return due

    def forget_all_but(self, pools: Iterable[Pool]) -> dict[MemberKey, Assignment]:
        """Drops the orders about members that are gone, and returns them."""
        kept = keys_of(pools)
        gone = self._assignments.keys() - kept
        return {key: self._assignments.pop(key) for key in gone}
