"""Why a question is answered as it is: what is found on the way, and the reply that is next.

Nothing is counted and no turn taken, so that whoever looks changes nothing for those who ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from rrdns.zone import name as names
from rrdns.zone.name import Name
from rrdns.zone.tree import (
    Alias,
    Delegation,
    NxDomain,
    Redirection,
    RRType,
    Zone,
    find_zone,
)

from .reference import TRANSFER_TYPES, Transport, resolve_in_turn, respond
from .resolve import Answer, RCode
from .snapshot import Counting, Cursors, Look, RRKey, Snapshot
from .wire import encode_query, is_truncated


class Outcome(StrEnum):
    """What a question comes to at the end of its way."""

    POSITIVE = "positive"
    ALIAS = "alias"  # leads out of the zone, too far, or back to itself
    NODATA = "no data"
    NXDOMAIN = "no such name"
    DELEGATION = "delegation"
    REFUSED = "refused"
    TOO_LONG = "name too long"  # after a DNAME (RFC 6672 section 2.2)


@dataclass(frozen=True, slots=True)
class Step:
    """A name on the way: the one asked, or what the one before is an alias of.

    `wildcard` is the one that answers for it, where it does not exist itself.
    """

    name: Name
    wildcard: Name | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn `number` of `turns`, counted from 0, is next; None: it will be drawn."""

    key: RRKey
    number: int | None
    turns: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way of one question, and the reply to who asks it with EDNS.

    `zone` is the apex of the zone that answers; None: no zone of ours does. `answer` has all
    records, in the order of the turn that is next, and the note that goes with them. `withheld` are
    RRsets that were met on the way and of which nothing is handed out. `ttl` is how long, in
    seconds, the answer may be kept; None: it has no records.
    """

    zone: Name | None
    outcome: Outcome
    way: tuple[Step, ...]
    answer: Answer
    turn: Turn | None
    withheld: tuple[RRKey, ...]
    ttl: int | None
    reply: bytes

    @property
    def is_truncated(self) -> bool:
        """Whether the reply has no room for what is owed, and says so."""
        return is_truncated(self.reply)


def explain(
    snapshot: Snapshot, cursors: Cursors, qname: Name, qtype: int, transport: Transport
) -> Explanation:
    """What would come of a question of class IN now."""
    look = Look(cursors)
    zone = find_zone(snapshot.zones, qname, qtype)
    answer = Answer(RCode.REFUSED, authoritative=False)
    if qtype not in TRANSFER_TYPES:
        answer = resolve_in_turn(snapshot, look, qname, qtype, transport)
    way = [qname] if zone is None else _way(zone, qname, qtype, answer)
    outcome = _outcome(answer, way)
    asked = way[:-1] if outcome is Outcome.ALIAS else way
    wildcards = [_wildcard(zone, name, qtype) if zone else None for name in asked]
    reply = respond(encode_query(qname, qtype, 0, with_edns=True), snapshot, look, transport)
    return Explanation(
        zone.apex if zone else None,
        outcome,
        tuple(Step(name, wildcard) for name, wildcard in zip_longest(way, wildcards)),
        answer,
        _turn(snapshot, look, answer.turning),
        tuple(sorted(key for key in answer.touched if not snapshot.turns[key].rdatas)),
        min((rrset.ttl for rrset in (*answer.answer, *answer.authority)), default=None),
        reply.octets if reply else b"",  # a query always has one
    )


def _way(zone: Zone, qname: Name, qtype: int, answer: Answer) -> list[Name]:
    """The name asked, and those that aliases led to, whether `zone` has them or not."""
    way = [qname]
    for rrset in answer.answer:
        if rrset.rtype != RRType.CNAME or qtype == RRType.CNAME:
            continue
        if isinstance(zone.find(way[-1], qtype), Alias | Redirection):
            way.append(Name(rrset.rdatas[0]))
    return way


def _outcome(answer: Answer, way: Sequence[Name]) -> Outcome:
    match answer.rcode:
        case RCode.REFUSED:
            return Outcome.REFUSED
        case RCode.NXDOMAIN:
            return Outcome.NXDOMAIN
        case RCode.YXDOMAIN:
            return Outcome.TOO_LONG
    if answer.authority:
        is_cut = answer.authority[0].rtype == RRType.NS
        return Outcome.DELEGATION if is_cut else Outcome.NODATA
    aliases = sum(rrset.rtype == RRType.CNAME for rrset in answer.answer)
    ends_in_alias = answer.answer[-1].rtype == RRType.CNAME and aliases == len(way) - 1
    return Outcome.ALIAS if ends_in_alias else Outcome.POSITIVE


def _wildcard(zone: Zone, name: Name, qtype: int) -> Name | None:
    """The wildcard that answers for `name`, unless it exists, or nothing of its own is given."""
    found = zone.find(name, qtype)
    if name in zone.nodes or isinstance(found, NxDomain | Delegation | Redirection):
        return None
    return names.wildcard_of(next(above for above in names.ancestry(name) if above in zone.nodes))


def _turn(snapshot: Snapshot, look: Counting, key: RRKey | None) -> Turn | None:
    if key is None:
        return None
    turns = snapshot.turns[key]
    number = turns.turn_at(next(look.cursor(key, turns)))
    return Turn(key, None if turns.drawn else number, turns.count)
