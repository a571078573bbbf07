"""What an agent decides about one virtual address: pure, events and clock in, actions out.

`step` is shown the post of this host, all that it sees, and the time, and gives the next post, what
is to be done, and when it wants to be asked again if nothing happens before. A post goes through

    candidate   STANDBY -> SUSPECT -> VERIFY -> CLAIMING -> HOLDING -> RELEASING -> STANDBY
    owner       PROBE -> CLAIMING -> HOLDING -> RELEASING -> PROBE

It is to WAIT while it would take the address and that is not due, as where a candidate before it
has it; it is BLOCKED while something is wrong with that, and ISOLATED or LOCAL_FAIL where an owner
can not serve. Pings tell that a host is silent; who has an address is told by the link alone.
"""

from dataclasses import dataclass, replace

from .action import Action
from .candidate import stand_by
from .holding import begin_to_hold, give_away, go_on_claiming, go_on_holding, go_on_releasing
from .moment import Moment
from .owner import come_back
from .post import DISABLED, STOPPED, Look, Move, Post, State
from .seen import OUT, Order, Seen

HAVING = (State.CLAIMING, State.HOLDING, State.RELEASING)  # they end in good order
FAULT_PAUSE_S = 5.0  # before the system is asked again for what it has refused
MOST_MOVES = 8  # on end in one step; more would go round in a circle


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: `actions` in this order, and to be asked again at `wake_at` at the latest.

    `entered` are the posts as they entered each of the states that the step went through.
    """

    post: Post
    actions: tuple[Action, ...]
    wake_at: float
    entered: tuple[Post, ...] = ()


def step(post: Post, seen: Seen, now: float) -> Step:
    """What `post` does at the moment `now`, having seen this."""
    moment = Moment(now)
    look = Look(seen, moment, post.timers)
    post = replace(post, is_released=seen.order is Order.RELEASE)
    actions: list[Action] = []
    entered: list[Post] = []
    for _ in range(MOST_MOVES):
        before = post
        post, wanted = _moved(post, look)
        actions += wanted
        if post == before:  # only now is it known when it wants to be asked again
            break
        if post.state is not before.state:
            entered.append(post)
    return Step(post, tuple(actions), moment.next, tuple(entered))


def _moved(post: Post, look: Look) -> Move:
    if look.seen.order in OUT and post.state not in HAVING:
        return _out(post, look)
    if look.seen.is_foreign:
        reason = "the address is on this host already, and not by rrdns; it is left alone"
        return post.to(State.FAULT, look.moment, reason), ()
    match post.state:
        case State.START:
            return _started(post, look)
        case State.CLAIMING:
            return go_on_claiming(post, look)
        case State.HOLDING:
            return go_on_holding(post, look)
        case State.RELEASING:
            return go_on_releasing(post, look)
        case State.FAULT if not look.moment.reached(post.since + FAULT_PAUSE_S):
            return post, ()
        case State.FAULT | State.DISABLED:
            return post.to(State.START, look.moment, post.reason), ()
    return (come_back if post.is_owner else stand_by)(post, look)


def _started(post: Post, look: Look) -> Move:
    """What an agent before us has left is held on, until it shows who it belongs to."""
    if look.seen.holds:
        return begin_to_hold(post, look, "it was held before the start")
    return post.to(post.rest, look.moment, "started", open_since=look.moment.now), ()


def _out(post: Post, look: Look) -> Move:
    """It is to have no part: gives away what it holds, but for what is kept at a stop."""
    if look.seen.holds and not look.seen.is_foreign and post.state is not State.DISABLED:
        return give_away(post, look, DISABLED)
    if post.state is State.DISABLED:
        return post, ()
    reason = STOPPED if look.seen.order is Order.STOP else DISABLED
    return post.to(State.DISABLED, look.moment, reason), ()
