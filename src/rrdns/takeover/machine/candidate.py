"""The candidate that does not hold the address: looks for a reason to take it, and objections."""

from dataclasses import replace
from math import inf

from .action import AskHook
from .evidence import Objection, objection, pause_of, proof_of, prove
from .holding import COUNTED, claim
from .post import RELEASED, Cause, Look, Move, Post, State, listens
from .seen import Order, Ping, Says

ASKING_HOOK = "the hook pre_claim is asked"


def stand_by(post: Post, look: Look) -> Move:
    """What a candidate does next while it does not hold the address."""
    post, asking = listens(post, look)
    post = _considered(post, look)
    if post.cause is None:
        is_known = look.seen.owner is not Ping.UNKNOWN
        reason = "its owner answers" if is_known else "nothing is known of its owner yet"
        return post.to(State.STANDBY, look.moment, reason), asking
    barred = _barred(post, look)
    if barred is not None:
        state, reason = barred
        return post.to(state, look.moment, reason), asking
    decided, wanted = _weighed(post, look)
    return decided, (*asking, *wanted)


def _considered(post: Post, look: Look) -> Post:
    """The post with the reason that there is now, since when, and since when that is certain."""
    now, cause = look.moment.now, _cause(post, look)
    if cause is None:
        return replace(post, cause=None, cause_at=inf, certain_at=inf)
    is_certain = cause is not Cause.OWNER_SILENT or look.seen.owner is Ping.SILENT
    return replace(
        post,
        cause=cause,
        cause_at=min(post.cause_at, now),
        certain_at=min(post.certain_at, now) if is_certain else inf,
    )


def _cause(post: Post, look: Look) -> Cause | None:
    owner = look.words().get(0)
    if look.seen.order is Order.HOLD:
        return Cause.ORDERED
    if look.yielders() or (owner is not None and owner.says is Says.ASIDE):
        return Cause.YIELDED
    if look.is_vacant(post.open_since):
        return Cause.VACANT
    if look.seen.owner in (Ping.DOUBTFUL, Ping.SILENT):
        return Cause.OWNER_SILENT
    return None


def _barred(post: Post, look: Look) -> Objection | None:
    """What keeps the host from taking the address, whatever the proof; None: nothing does."""
    seen, moment, timers = look.seen, look.moment, post.timers
    if not seen.carrier:
        return State.BLOCKED, "no carrier"
    if not seen.fit:
        return State.BLOCKED, "local checks fail"
    if seen.order is Order.RELEASE and not look.is_vacant(post.open_since):
        return State.WAIT, RELEASED
    if not moment.reached(post.free_at):
        return State.WAIT, "held down, as it was given away a moment ago"
    flaps = len(look.flaps(post))
    if flaps >= timers.most_takeovers and post.cause in COUNTED:
        within = f"within {timers.flap_window_s / 60:g} min"
        return State.BLOCKED, f"flapping: {flaps} takeovers {within}"
    return None


def _weighed(post: Post, look: Look) -> Move:
    """There is a reason: claims the address if the evidence is complete, and else completes it."""
    is_certain = post.certain_at < inf
    reason = str(post.cause)
    gathering = State.VERIFY if is_certain else State.SUSPECT
    turn_at = post.cause_at
    if post.rank > 1:
        turn_at = post.certain_at + (post.rank - 1) * post.timers.stagger_s
        if not look.moment.reached(turn_at):
            return post.to(gathering, look.moment, f"{reason}; first it is another's turn"), ()
    proof = proof_of(post, look, turn_at)
    if proof is None:
        asked, wanted = prove(post, look)
        if post.is_held_back:
            return asked, wanted
        return asked.to(gathering, look.moment, reason), wanted
    against = objection(post, look, proof)
    if against is not None:
        state, reason = against
        return post.to(state, look.moment, reason), ()
    if not is_certain:
        return post.to(State.SUSPECT, look.moment, reason), ()
    return _claim_unless_vetoed(post, look) if post.asks_hook else claim(post, look, reason)


def _claim_unless_vetoed(post: Post, look: Look) -> Move:
    verdict = look.seen.hook
    if verdict is not None and verdict.number != post.hook_number:
        verdict = None
    is_asked = post.hook_asked_at >= post.cause_at
    is_old = (
        verdict is not None
        and not verdict.good
        and look.moment.reached(verdict.at + pause_of(post.timers))
    )
    if not is_asked or is_old:
        number = post.hook_number + 1
        asked = replace(post, hook_number=number, hook_asked_at=look.moment.now)
        state = State.BLOCKED if is_old else State.VERIFY
        reason = post.reason if is_old else ASKING_HOOK
        return asked.to(state, look.moment, reason), (AskHook(number),)
    if verdict is None:
        return post.to(post.state, look.moment, post.reason), ()
    if not verdict.good:
        return post.to(State.BLOCKED, look.moment, f"vetoed by pre_claim: {verdict.reason}"), ()
    return claim(post, look, str(post.cause))
