"""Claiming, holding and giving away: the same for owner and candidate."""

from dataclasses import replace
from math import inf
from operator import attrgetter

from .action import Action, Announce, Ask, Drop, Hold
from .post import (
    DISABLED,
    RELEASED,
    STOPPED,
    Cause,
    Look,
    Move,
    Post,
    State,
    named,
)
from .seen import OUT, Order, Ping, Rival

# After a takeover, for neighbours that are busy or lose a frame; s after the claim.
ANNOUNCED_AT_S = (0.0, 0.2, 1.3, 2.4, 5.0)
ANNOUNCED_EVERY_S = 60.0  # for those whose cache has forgotten, or was told otherwise
DEFENDED_EVERY_S = 1.0  # against who else says to have it (RFC 5227 section 2.4)
RENEWALS = 3  # in a lease: two may fail
MOST_DOUBLINGS = 10  # of the time for which it is held down
CLAIM_PATIENCE_S = 2.0  # for the system to have the address there

KEPT = "stopped; kept for its lease, as nobody takes it"
COUNTED = (Cause.VACANT, Cause.OWNER_SILENT)  # as flaps; what is asked for is none


def claim(post: Post, look: Look, reason: str) -> Move:
    """Takes the address."""
    number = post.hold_number + 1
    claimed = replace(post, hold_number=number, renewed_at=look.moment.now)
    return claimed.to(State.CLAIMING, look.moment, reason), (Hold(number),)


def go_on_claiming(post: Post, look: Look) -> Move:
    """Waits for the address to be there."""
    if look.seen.holds:
        return begin_to_hold(post, look, post.reason)
    verdict = look.seen.held
    if verdict is not None and verdict.number == post.hold_number and not verdict.good:
        return post.to(State.FAULT, look.moment, verdict.reason), ()
    if look.moment.reached(post.since + CLAIM_PATIENCE_S):
        return post.to(State.FAULT, look.moment, "the system does not take the address"), ()
    return post, ()


def begin_to_hold(post: Post, look: Look, reason: str) -> Move:
    """The address is there."""
    now, claims = look.moment.now, post.claims
    if post.cause in COUNTED:
        claims = (*look.flaps(post), now)
    held = replace(post, announced=0, announced_at=now, asked_at=now, claims=claims)
    return held.to(State.HOLDING, look.moment, reason), ()


def go_on_holding(post: Post, look: Look) -> Move:
    """Holds on, or gives the address away."""
    seen = look.seen
    if not seen.holds:
        return _lost(post, look)
    better = _better(post, look)
    if better is not None:
        return give_away(post, look, better)
    if not seen.carrier:
        return give_away(post, look, "no carrier")
    if seen.cut_off:
        return give_away(post, look, "cut off: neither a witness nor another agent is heard")
    handed = _handed_over(post, look)
    if handed is not None:
        return give_away(post, look, handed, patience_s=_patience_s(post))
    return _kept(post, look)


def give_away(post: Post, look: Look, reason: str, patience_s: float = 0.0) -> Move:
    """Gives the address away: at once, or within so long, once somebody else has it."""
    until = look.moment.now + patience_s
    return post.to(State.RELEASING, look.moment, reason, yields_until=until, dropped_at=-inf), ()


def go_on_releasing(post: Post, look: Look) -> Move:
    """Drops the address when somebody else has it, or when nobody comes and it must not go on."""
    moment = look.moment
    if not look.seen.holds:
        return _released(post, look)
    has_successor = look.rivals(post.since) or look.holder_by_word(post.since) is not None
    if not has_successor and post.yields and look.seen.carrier and not look.seen.cut_off:
        if _handed_over(post, look) is None and look.ordered_elsewhere() is None:
            return post.to(State.HOLDING, moment, "nobody else is to have it any more"), ()
        if _may_go_on(look) or not moment.reached(post.yields_until):
            return _kept(post, look)
        if look.seen.order is Order.STOP:
            return post.to(State.DISABLED, moment, KEPT), ()
    if not moment.reached(post.dropped_at + CLAIM_PATIENCE_S):
        return post, ()
    return replace(post, dropped_at=moment.now), (*_told_of_successor(post, look), Drop())


def contested(post: Post, look: Look) -> list[Rival]:
    """Who is heard to have the address beside us; where we have it not, which strangers."""
    recent = look.rivals(look.moment.now - post.timers.heard_s)
    settled_at = post.since + post.timers.watch_s  # two have it for a moment at each hand-over
    is_held = post.state is State.HOLDING
    return [r for r in recent if r.rank is None or (is_held and r.at >= settled_at)]


def _better(post: Post, look: Look) -> str | None:
    """Why the address belongs to somebody else who has it now; None: it does not."""
    for rival in look.rivals(post.since):
        if rival.rank is None and not post.is_owner:
            return f"a stranger has the address: {rival.mac}"
        if rival.rank is not None and rival.rank < post.rank:
            return f"{named(post, [rival])} has it"
    rank = look.holder_by_word(post.since)
    if rank is not None and rank < post.rank:
        return f"{post.vip.hosts[rank].name} says that it has it"
    owner_is_back = not post.vip.owner.agent and look.seen.owner is Ping.ANSWERS
    if owner_is_back and post.cause is Cause.OWNER_SILENT and look.seen.order is not Order.HOLD:
        return "its owner answers again"
    return None


def _handed_over(post: Post, look: Look) -> str | None:
    """Why somebody else is to have the address; None: nobody is."""
    match look.seen.order:
        case Order.RELEASE:
            return RELEASED
        case Order.DISABLE:
            return DISABLED
        case Order.STOP:
            return STOPPED
        case Order.HOLD:
            return None if look.seen.fit else "local checks fail"
    if not look.seen.fit:
        return "local checks fail"
    wanted = [rank for rank, word in look.words().items() if word.wants]
    return f"{post.vip.hosts[wanted[0]].name} asks for it" if wanted else None


def _may_go_on(look: Look) -> bool:
    """Whether it holds the address rather than that nobody does, however long nobody comes."""
    return look.seen.fit and look.seen.order not in OUT


def _patience_s(post: Post) -> float:
    """How long somebody may take who is to take the address."""
    timers = post.timers
    turns_s = len(post.vip.candidates) * timers.stagger_s
    return turns_s + 2 * timers.proof_s + 2 * timers.interval_s + 1.0


def _kept(post: Post, look: Look) -> Move:
    """Renews the lease, announces, defends, and listens for others."""
    post, renewal = _renewed(post, look)
    post, told = _announced(post, look)
    actions: list[Action] = [*renewal, *told]
    if look.moment.reached(post.asked_at + post.timers.watch_s):
        post = replace(post, asked_at=look.moment.now)
        actions.append(Ask())
    return post, tuple(actions)


def _renewed(post: Post, look: Look) -> Move:
    if not look.moment.reached(post.renewed_at + post.timers.lease_s / RENEWALS):
        return post, ()
    number = post.hold_number + 1
    return replace(post, hold_number=number, renewed_at=look.moment.now), (Hold(number),)


def _announced(post: Post, look: Look) -> Move:
    now = look.moment.now
    if look.moment.reached(_announced_next(post)):
        count = max(post.announced + 1, sum(post.since + at <= now for at in ANNOUNCED_AT_S))
        told = replace(post, announced=count, announced_at=now, defended_at=now)
        return told, (Announce(),)
    is_heard = any(rival.at > post.defended_at for rival in look.rivals(post.since))
    is_said = look.holder_by_word(max(post.since, post.defended_at)) is not None
    if (is_heard or is_said) and look.moment.reached(post.defended_at + DEFENDED_EVERY_S):
        return replace(post, defended_at=now), (Announce(),)
    return post, ()


def _announced_next(post: Post) -> float:
    if post.announced < len(ANNOUNCED_AT_S):
        return post.since + ANNOUNCED_AT_S[post.announced]
    return post.announced_at + ANNOUNCED_EVERY_S


def _lost(post: Post, look: Look) -> Move:
    """What others have is found out, and nobody is waited for."""
    return _rested(post, look, "the address was taken off the interface", open_since=-inf), ()


def _released(post: Post, look: Look) -> Move:
    """The address is gone from here."""
    now, timers = look.moment.now, post.timers
    flaps = len(look.flaps(post))
    held_down_s = timers.hold_down_s * 2 ** min(flaps - 1, MOST_DOUBLINGS) if flaps else 0.0
    rested = _rested(post, look, post.reason, open_since=now, free_at=now + held_down_s)
    return rested, _told_of_successor(post, look)


def _told_of_successor(post: Post, look: Look) -> tuple[Action, ...]:
    """Neighbours are told who has the address now: before it is gone from here, so that nothing
    more comes, and after that.
    """
    since = look.moment.now - post.timers.heard_s
    heard = look.rivals(since)
    if heard:
        return (Announce(max(heard, key=attrgetter("at")).mac),)
    rank = look.holder_by_word(since)
    if rank is None and not post.vip.owner.agent:
        rank = 0
    mac = None if rank is None else look.seen.macs.get(rank)
    return () if mac is None else (Announce(mac),)


def _rested(post: Post, look: Look, reason: str, **more: float) -> Post:
    return post.to(post.rest, look.moment, reason, cause=None, cause_at=inf, certain_at=inf, **more)
