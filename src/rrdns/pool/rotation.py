"""Who is in rotation: the members that are not down, or a rung of the ladder when all are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from rrdns.health.check import Address
from rrdns.health.verdict import State

from .duty import Duty
from .member import Member, Pool, Rung
from .ttl import TROUBLE, calm_ttl, grows_in
from .turns import InfoCode, Note

Members = tuple[Member, ...]

NOTES: Mapping[Rung, Note] = {
    Rung.LAST_GOOD: Note(InfoCode.STALE_ANSWER, "no member is up: those last seen up are given"),
    Rung.BACKUP: Note(InfoCode.OTHER, "no member is up: the backup is given"),
    Rung.ALL: Note(InfoCode.OTHER, "no member is up: all are given"),
    Rung.NODATA: Note(InfoCode.OTHER, "no member is up: none is given"),
}
"""What replies tell of the rung that is taken."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """All that is known of one member: what was measured, what was ordered, and whether it gives
    way to others, as another host has its address."""

    state: State
    duty: Duty = Duty.READY
    suspect: bool = False
    gives_way: bool = False

    @property
    def may_serve(self) -> bool:
        """Whether nothing speaks against it. Not being able to probe is no reason to drop it."""
        return self.duty is Duty.READY and self.state is not State.DOWN


FitnessOf = Callable[[Member], Fitness]


@dataclass(frozen=True, slots=True)
class Rotation:
    """The members of one family that are handed out now, and for how many seconds caches may keep
    that.

    `rung` is None as long as a member may serve. `lessened` are those of the members that come with
    the pool's `covered_weight` in place of their own.

    The rest is what the next rotation has to know, and makes no other answer: `good` says when each
    address was in rotation for the last time, no rung taken; a member was in doubt, or has left, at
    `troubled_at`. Times are time.time. At `holds_until` it has to be reviewed even if nothing
    happens.
    """

    members: Members
    rung: Rung | None = None
    ttl: int = 0
    lessened: Members = ()
    good: Mapping[Address, float] = field(default_factory=dict, compare=False)
    in_doubt: bool = field(default=False, compare=False)
    troubled_at: float = field(default=-inf, compare=False)
    holds_until: float = field(default=inf, compare=False)

    @property
    def addresses(self) -> frozenset[Address]:
        """Whom it hands out, whatever else an edit has changed of them."""
        return frozenset(member.address for member in self.members)


NOBODY = Rotation(())


def rotation_of(
    pool: Pool,
    members: Iterable[Member],
    fitness_of: FitnessOf,
    now: float,
    before: Rotation = NOBODY,
) -> Rotation:
    """The rotation of those `members` of `pool` that are of one family, after `before`."""
    fit = {member: fitness_of(member) for member in members}
    chosen = _chosen(pool, fit, now, before)
    in_doubt = any(each.suspect and each.duty is Duty.READY for each in fit.values())
    left = before.addresses - chosen.addresses
    troubled_at = now if in_doubt or before.in_doubt or left else before.troubled_at
    ttl, grows_at = pool.ttl_s, inf
    if pool.ttl_floor_s is not None:
        calm_s = TROUBLE if in_doubt else now - troubled_at
        ttl = calm_ttl(pool.ttl_floor_s, pool.ttl_s, calm_s)
        grows_at = now + grows_in(pool.ttl_floor_s, pool.ttl_s, calm_s)
    return replace(
        chosen,
        ttl=ttl,
        lessened=_lessened(pool, chosen.members, fit),
        in_doubt=in_doubt,
        troubled_at=troubled_at,
        holds_until=min(chosen.holds_until, grows_at),
    )


def handed_out(pool: Pool, fit: Mapping[Member, Fitness]) -> Members:
    """Of members that may serve, those that are handed out: who gives way is not, where there is
    anybody to give way to, unless the pool has a weight for that."""
    first = tuple(member for member, each in fit.items() if not each.gives_way)
    return first if first and not pool.covered_weight else tuple(fit)


def _chosen(pool: Pool, fit: Mapping[Member, Fitness], now: float, before: Rotation) -> Rotation:
    """Whom to hand out. A ladder that runs out ends in `all`: silence helps nobody."""
    alive = {m: each for m, each in fit.items() if not m.backup and each.may_serve}
    good = _good(fit, now, before)
    if alive:
        return Rotation(handed_out(pool, alive), good=good)
    good_at = max(good.values(), default=-inf)
    recalled_until = good_at + pool.last_good_s
    # Those that die together are found to be down one by one, as their probes end.
    together_s = pool.certain_after_s
    last_good = tuple(
        member
        for member in fit
        if fit[member].duty is Duty.READY and good.get(member.address, -inf) >= good_at - together_s
    )
    backups = {m: each for m, each in fit.items() if m.backup and each.may_serve}
    everybody = tuple(m for m in fit if fit[m].duty is not Duty.MAINT) or tuple(fit)
    for rung in (*pool.all_down, Rung.ALL):
        holds_until = inf
        match rung:
            case Rung.LAST_GOOD:
                members = last_good if now < recalled_until else ()
                holds_until = recalled_until
            case Rung.BACKUP:
                members = handed_out(pool, backups)
            case Rung.ALL:
                members = everybody
            case Rung.NODATA:
                members = ()
        if members or rung is Rung.NODATA:
            break
    return Rotation(members, rung, good=good, holds_until=holds_until)


def _lessened(pool: Pool, members: Members, fit: Mapping[Member, Fitness]) -> Members:
    """Of those that are handed out, those that give way to others by their weight."""
    if not pool.covered_weight:
        return ()
    behind = tuple(member for member in members if fit[member].gives_way)
    return behind if len(behind) < len(members) else ()


def _good(fit: Iterable[Member], now: float, before: Rotation) -> dict[Address, float]:
    """When each of these was in rotation for the last time: until now, if it was before."""
    good = before.good if before.rung else {**before.good, **dict.fromkeys(before.addresses, now)}
    return {member.address: good[member.address] for member in fit if member.address in good}
