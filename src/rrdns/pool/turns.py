"""Whose turn it is: every order in which the addresses of an RRset are handed out.

One formula makes all policies. A *base* is an arrangement of the positions 0..n-1 that begins
with 0; shifting every position of it by `head` (modulo n) gives the arrangement that begins with
`head`. A policy is a choice of bases and of the sequence of heads:

| order    | bases                                            | heads                              |
|----------|--------------------------------------------------|------------------------------------|
| cyclic   | 0 1 2 ... n-1                                    | 0, 1, ... n-1, or by weight        |
| balanced | 0, then each row of a Williams design of 1..n-1  | 0, 1, ... n-1                      |
| random   | all that begin with 0, or a drawn sample of them | 0, 1, ... n-1, the turn is drawn   |
| fixed    | 0 1 2 ... n-1                                    | 0                                  |

A Williams design (E. J. Williams, 1949) has everyone equally often in each place, and every ordered
pair of neighbours equally often. With the head put before a design of the others both stay true,
and each of the others is equally often second: the clients of a dead head spread evenly.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from random import Random

from .member import Order, Policy

LARGEST_FULL_SHUFFLE = 5  # beyond it, the (n-1)! bases of a random order are sampled
SAMPLED_BASES = 24  # as many as the largest full shuffle has
LARGEST_DESIGN = 32  # members; a design grows with their cube, and so many spread anyway
LONGEST_LAP = 1000  # turns; weights that make a longer one are scaled down to about this

Positions = tuple[int, ...]


class InfoCode(IntEnum):
    """Those of the codes of Extended DNS Errors that fit (RFC 8914 section 4)."""

    OTHER = 0
    STALE_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Note:
    """What is told of an RRset beside its records, to whoever understands Extended DNS Errors."""

    code: InfoCode
    text: str


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one RRset: turn `t`, from 0 to `count - 1`, is `order(t)`.

    A count of answers becomes a turn through `turn_at`; where `drawn`, the count is to be a random
    number instead. An RRset of which nothing may be handed out has one turn, which is empty.

    `ttl`, in seconds, is how long what is handed out may be kept, where the zone allows that long;
    `note` goes with it.
    """

    rdatas: tuple[bytes, ...]
    bases: tuple[Positions, ...] = ((),)
    heads: Positions = (0,)
    hold: int = 1
    answers: int | None = None
    drawn: bool = False
    ttl: int | None = None
    note: Note | None = None

    @property
    def count(self) -> int:
        """How many turns there are before they begin again."""
        return len(self.bases) * len(self.heads)

    def turn_at(self, count: int) -> int:
        """The turn after `count` answers: each lasts `hold` answers."""
        return count // self.hold % self.count

    def order(self, turn: int) -> tuple[bytes, ...]:
        """The RDATA of one reply, in order, capped to `answers`."""
        lap, place = divmod(turn, len(self.heads))
        head = self.heads[place]
        base = self.bases[lap][: self.answers]
        return tuple(self.rdatas[(position + head) % len(self.rdatas)] for position in base)


def turns_of(
    rdatas: Sequence[bytes], policy: Policy, rng: Random, weights: Sequence[int] = ()
) -> Turns:
    """The turns of `rdatas` under `policy`; `weights`, all 1 where empty, go with cyclic order."""
    if not rdatas:
        return Turns(())
    size = len(rdatas)
    heads = tuple(range(size))
    bases: tuple[Positions, ...] = (heads,)
    match policy.order:
        case Order.CYCLIC:
            heads = smooth_heads(weights or (1,) * size)
        case Order.BALANCED if size <= LARGEST_DESIGN:
            bases = _balanced_bases(size)
        case Order.RANDOM:
            bases = _shuffled_bases(size, rng)
        case Order.FIXED:
            heads = (0,)
    drawn = policy.order is Order.RANDOM
    hold = 1 if drawn else policy.hold
    return Turns(tuple(rdatas), bases, heads, hold, policy.answers, drawn)


def smooth_heads(weights: Sequence[int]) -> Positions:
    """Smooth weighted round robin: position `i` is head `weights[i]` times a lap, spread evenly.

    Each step everyone gains its weight, the richest is chosen and pays the total; equal weights
    give 0, 1, ... n-1.
    """
    if len(set(weights)) == 1:
        return tuple(range(len(weights)))
    divisor = math.gcd(*weights)
    gains = [weight // divisor for weight in weights]
    if sum(gains) > LONGEST_LAP:
        gains = [max(1, round(gain * LONGEST_LAP / sum(gains))) for gain in gains]
    total = sum(gains)
    credit = [0] * len(gains)
    heads = []
    for _ in range(total):
        credit = [had + gain for had, gain in zip(credit, gains, strict=True)]
        richest = max(range(len(credit)), key=credit.__getitem__)
        credit[richest] -= total
        heads.append(richest)
    return tuple(heads)


def _balanced_bases(size: int) -> tuple[Positions, ...]:
    """0, followed by the others in each order of their design."""
    return tuple((0, *(1 + other for other in row)) for row in _williams_design(size - 1))


def _williams_design(size: int) -> list[Positions]:
    """All shifts of 0, 1, n-1, 2, n-2, ...: the differences between neighbours are all distinct
    (even n), or are so together with those of the mirror image (odd n)."""
    zigzag = [(step + 1) // 2 if step % 2 else (size - step // 2) % size for step in range(size)]
    rows = [zigzag] if size % 2 == 0 or size == 1 else [zigzag, zigzag[::-1]]
    shifts = range(max(size, 1))  # nobody can be arranged in one way
    return [tuple((at + shift) % size for at in row) for row in rows for shift in shifts]


def _shuffled_bases(size: int, rng: Random) -> tuple[Positions, ...]:
    others = range(1, size)
    if size <= LARGEST_FULL_SHUFFLE:
        return tuple((0, *rest) for rest in itertools.permutations(others))
    return tuple((0, *rng.sample(others, size - 1)) for _ in range(SAMPLED_BASES))
