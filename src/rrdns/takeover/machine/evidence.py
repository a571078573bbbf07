"""Proofs: what stands against taking an address, however good the reason.

Pings tell that a host is dead; the link tells that nobody has its address; a witness tells that it
is not we who are cut off. All of it has to be of the same time.
"""

from dataclasses import replace
from math import inf

from rrdns.takeover.plan import Timers

from .action import Prove
from .post import Cause, Look, Move, Post, State, named
from .seen import Proof

Objection = tuple[State, str]
"""How a post stands that would take the address, and why it does not."""


def proof_of(post: Post, look: Look, since: float) -> Proof | None:
    """The proof that was asked for last, if it has ended, was begun since then, is young enough,
    and this process ran all the time."""
    proof, timers = look.seen.proof, post.timers
    if proof is None or proof.number != post.proof_number:
        return None
    good_s = timers.proof_s + timers.fall * timers.fast_interval_s + timers.timeout_s
    is_ours = proof.begun_at >= max(since, look.seen.stalled_at)
    return proof if is_ours and look.moment.within(good_s, proof.begun_at) else None


def prove(post: Post, look: Look) -> Move:
    """Asks for a proof, unless one is under way; who is held back pauses between two."""
    timers = post.timers
    has_ended = look.seen.proof is not None and look.seen.proof.number == post.proof_number
    pause_s = pause_of(timers) if post.is_held_back else 0.0
    again_at = post.proof_asked_at + (pause_s if has_ended else 2 * timers.proof_s)
    if post.proof_asked_at >= look.seen.stalled_at and not look.moment.reached(again_at):
        return post, ()
    number = post.proof_number + 1
    return replace(post, proof_number=number, proof_asked_at=look.moment.now), (Prove(number),)


def pause_of(timers: Timers) -> float:
    """From one proof to the next while the address can not be had."""
    return max(timers.interval_s, 4 * timers.proof_s)


def objection(post: Post, look: Look, proof: Proof) -> Objection | None:
    """What speaks against a candidate's taking the address; None: nothing does."""
    if proof.fault is not None:
        return State.BLOCKED, unasked(proof.fault)
    rivals = look.rivals(proof.begun_at)
    if rivals:
        are_candidates = all(rival.rank for rival in rivals)  # neither the owner nor a stranger
        state = State.WAIT if are_candidates else State.BLOCKED
        return state, f"{named(post, rivals)} has the address"
    if post.cause is Cause.OWNER_SILENT:
        alive = _sign_of_life(post, look)
        if alive is not None:
            return State.BLOCKED, alive
    if proof.witnesses < post.quorum:
        answer = f"{proof.witnesses} of {post.quorum} witnesses answer"
        return State.BLOCKED, f"{answer}: it may be we who are cut off"
    return None


def unasked(fault: str) -> str:
    """That nobody answers proves nothing where nobody was asked."""
    return f"nobody can be asked who has the address: {fault}"


def _sign_of_life(post: Post, look: Look) -> str | None:
    """What shows that the owner lives, though it is silent; None: nothing since that is in doubt.

    On a link that loses much, a host seems silent again and again. But then something of it gets
    through.
    """
    since = max(post.cause_at, look.moment.now - post.timers.heard_s)
    word = look.words().get(0)
    signs = {
        "its owner is there, though it answers no ping": look.seen.owner_heard_at,
        "its owner answers some pings": look.seen.owner_answered_at,
        "its owner's agent speaks, though no ping is answered": word.at if word else -inf,
    }
    latest = max(signs, key=signs.__getitem__)
    if signs[latest] < since:
        return None
    look.moment.reached(signs[latest] + post.timers.heard_s)  # then it is looked at again
    return latest
