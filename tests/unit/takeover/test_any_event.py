"""Every event in every state: whatever is seen, wherever a post stands, a step keeps its promises,
and taken again at the same moment does nothing more.

Each state of each role meets all that can be seen at one moment, in all combinations.
"""

from collections.abc import Iterator
from itertools import product
from math import inf

import pytest

from rrdns.takeover.machine import step
from rrdns.takeover.machine.action import Announce, Drop, Hold
from rrdns.takeover.machine.post import Cause, Post, State
from rrdns.takeover.machine.seen import Order, Ping, Proof, Rival, Says, Seen, Word

from .world import STRANGER, TIMERS, mac_of, vip_of

NOW = 1000.0
QUORUM = 1
NUMBER = 7
VIP = vip_of(2)

HINDRANCES = (
    {},
    {"carrier": False},
    {"cut_off": True},
    {"fit": False},
    {"is_foreign": True},
)
PROOFS = (
    None,
    Proof(NUMBER, NOW - TIMERS.proof_s, QUORUM),
    Proof(NUMBER, NOW - TIMERS.proof_s, QUORUM - 1),
)


def posts(state: State, rank: int) -> Post:
    """A post that has stood there for a while, with a proof asked for."""
    is_claiming = state in (State.VERIFY, State.SUSPECT, State.WAIT, State.BLOCKED)
    return Post(
        VIP,
        rank,
        TIMERS,
        quorum=QUORUM,
        state=state,
        since=NOW - 1.0,
        open_since=NOW - 100.0,
        proof_number=NUMBER,
        proof_asked_at=NOW - 2 * TIMERS.proof_s,
        hold_number=3,
        renewed_at=NOW - 1.0,
        cause=Cause.OWNER_SILENT if is_claiming else None,
        cause_at=NOW - 1.0 if is_claiming else inf,
    )


def rivals(rank: int) -> Iterator[tuple[Rival, ...]]:
    """Nobody, the peer that counts most, a stranger, or the last candidate."""
    other = 1 if rank == 0 else 0
    yield ()
    yield (Rival(mac_of(other), other, NOW - 0.1),)
    yield (Rival(STRANGER, None, NOW - 0.1),)
    yield (Rival(mac_of(2), 2, NOW - 0.1),)


def words(rank: int) -> Iterator[dict[int, Word]]:
    """Nothing, or one word of the peer that counts most."""
    other = 1 if rank == 0 else 0
    yield {}
    for says in Says:
        yield {other: Word(says, NOW - 0.05)}
    yield {2: Word(Says.ABLE, NOW - 0.05, wants=True)}


def sights(rank: int) -> Iterator[Seen]:
    """All that can be seen."""
    owners = (Ping.ANSWERS, Ping.DOUBTFUL, Ping.SILENT) if rank else (Ping.UNKNOWN,)
    for hindrance, holds, order, owner, heard, said, proof in product(
        HINDRANCES, (False, True), Order, owners, rivals(rank), words(rank), PROOFS
    ):
        yield Seen(
            holds=holds,
            order=order,
            owner=owner,
            rivals=heard,
            words=said,
            proof=proof,
            **hindrance,
        )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("rank", [0, 1], ids=["owner", "candidate"])
def test_a_step_keeps_its_promises(state: State, rank: int) -> None:
    post = posts(state, rank)
    for seen in sights(rank):
        taken = step(post, seen, NOW)
        told = state, seen, taken
        kinds = {type(action) for action in taken.actions}
        assert taken.wake_at > NOW, told
        if Hold in kinds:
            _may_hold(post, seen, told)
        assert seen.holds or Drop not in kinds, told
        assert seen.holds or Announce() not in taken.actions, told
        assert not seen.is_foreign or not kinds & {Hold, Drop, Announce}, told
        again = step(taken.post, seen, NOW)
        assert (again.post, again.actions) == (taken.post, ()), (told, again)


def _may_hold(post: Post, seen: Seen, told: object) -> None:
    """The address is put on an interface only where nothing speaks against it."""
    assert seen.carrier, told
    assert not seen.is_foreign, told
    if post.state in (State.HOLDING, State.RELEASING):
        return  # a lease is renewed
    assert seen.fit, told
    assert seen.order not in (Order.DISABLE, Order.STOP), told
    assert seen.proof is not None, told
    assert seen.proof.begun_at >= NOW - 2.0, told
    assert not any(rival.rank is None and rival.at >= NOW - 1.0 for rival in seen.rivals), told
    if post.rank:
        assert seen.proof.witnesses >= QUORUM, told
        yielding = {rank for rank, word in seen.words.items() if word.says is not Says.HOLDS}
        heard = {rival.rank for rival in seen.rivals if rival.at >= seen.proof.begun_at}
        assert heard <= yielding, told
