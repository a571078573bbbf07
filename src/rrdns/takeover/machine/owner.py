"""The owner that does not hold its address: takes it when it is free, or back when it may."""

from dataclasses import replace

from .action import AskGate
from .evidence import proof_of, prove, unasked
from .holding import claim
from .post import RELEASED, Look, Move, Post, State, listens, named
from .seen import Order, Verdict

GATE_PAUSE_S = 5.0  # between two tries of the gate
GATE_GOOD_S = 10.0  # an address is not taken back on older evidence
AWAY = (State.ISOLATED, State.LOCAL_FAIL)


def come_back(post: Post, look: Look) -> Move:
    """What an owner does next while it does not hold its address."""
    post, asking = listens(post, look)
    away = _away(look)
    if away is not None:
        state, reason = away
        return post.to(state, look.moment, reason), asking
    if post.state in AWAY:
        post = post.to(State.PROBE, look.moment, "it can serve again", open_since=look.moment.now)
    post, returning = _returned(post, look)
    return post, (*asking, *returning)


def _away(look: Look) -> tuple[State, str] | None:
    """Why it can not serve; None: it can."""
    if not look.seen.carrier:
        return State.ISOLATED, "no carrier"
    if look.seen.cut_off:
        return State.ISOLATED, "cut off: neither a witness nor another agent is heard"
    if not look.seen.fit:
        return State.LOCAL_FAIL, "local checks fail"
    return None


def _returned(post: Post, look: Look) -> Move:
    """It can serve: claims the address if that is free, or was with another for long enough."""
    is_vacant = look.is_vacant(post.open_since)
    postponed = None if is_vacant else _postponed(post, look)
    if postponed is not None:
        return post.to(State.WAIT, look.moment, postponed), ()
    # If nobody else comes, a host that is not wholly ready is better than none.
    is_last = is_vacant and look.moment.reached(post.open_since + 2 * post.timers.heard_s)
    if post.asks_gate and not is_last:
        verdict = _gate_verdict(post, look)
        if verdict is None or not verdict.good:
            return _gate_asked(post, look, verdict)
    return _proven(post, look)


def _postponed(post: Post, look: Look) -> str | None:
    """Why it has to wait, whatever the evidence; None: it has not."""
    if look.seen.order is Order.HOLD:
        return None
    if look.seen.order is Order.RELEASE:
        return RELEASED
    hosts = post.vip.hosts
    elsewhere = look.ordered_elsewhere()
    if elsewhere is not None:
        return f"an operator wants it at {hosts[elsewhere].name}"
    recently = look.moment.now - post.timers.heard_s
    holders = {rival.rank for rival in look.rivals(recently)} | {look.holder_by_word(recently)}
    names = sorted(hosts[rank].name for rank in holders if rank is not None)
    if names and not look.moment.reached(post.open_since + post.timers.preempt_delay_s):
        return f"{', '.join(names)} has it; it is taken back in a moment"
    return None


def _proven(post: Post, look: Look) -> Move:
    proof = proof_of(post, look, post.open_since)
    if proof is None:
        asked, wanted = prove(post, look)
        if post.is_held_back:
            return asked, wanted
        return asked.to(State.PROBE, look.moment, "asking who has it"), wanted
    if proof.fault is not None:
        return post.to(State.BLOCKED, look.moment, unasked(proof.fault)), ()
    holders = look.rivals(proof.begun_at)
    strangers = [rival for rival in holders if rival.rank is None]
    if strangers:
        return post.to(State.BLOCKED, look.moment, f"{named(post, strangers)} has the address"), ()
    return claim(post, look, "taken back" if holders or look.yielders() else "nobody else has it")


def _gate_verdict(post: Post, look: Look) -> Verdict | None:
    """What the gate has said last, unless that is too old, or from before it could serve."""
    verdict = look.seen.gate
    if verdict is None or verdict.number != post.gate_number or verdict.at < post.open_since:
        return None
    good_s = GATE_GOOD_S if verdict.good else GATE_PAUSE_S
    return verdict if look.moment.within(good_s, verdict.at) else None


def _gate_asked(post: Post, look: Look, verdict: Verdict | None) -> Move:
    """Waits for the gate, and has it asked again after a while."""
    if verdict is not None:
        said = f"the gate is shut: {verdict.reason}"
        return post.to(State.WAIT, look.moment, said, gate_said=said), ()
    is_running = post.gate_number and (
        look.seen.gate is None or look.seen.gate.number != post.gate_number
    )
    reason = post.gate_said or "the gate is asked"
    if is_running:
        return post.to(State.WAIT, look.moment, reason), ()
    number = post.gate_number + 1
    asked = replace(post, gate_number=number)
    return asked.to(State.WAIT, look.moment, reason), (AskGate(number),)
