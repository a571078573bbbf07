"""From a question to the RRsets that answer it: RFC 1034 section 4.3.2 over one snapshot.

Plain and complete; no bytes, no transport. Both the reference answerer and the compiler start
here, so that there is one place that says what is right.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from rrdns.pool.turns import Note, Turns
from rrdns.zone.name import MAX_NAME_OCTETS, Name, is_at_or_below
from rrdns.zone.tree import (
    ADDRESS_TYPES,
    Alias,
    Delegation,
    Found,
    FoundAny,
    NoData,
    NxDomain,
    Redirection,
    RRset,
    RRType,
    Zone,
    find_zone,
)

from .snapshot import RRKey, Snapshot

LONGEST_CHAIN = 16  # aliases followed in one answer; resolvers give up at about as many
MOST_ADDITIONAL = 32  # RRsets looked up for the additional section; more never fit over UDP

# Where the target name begins in the RDATA of the types that want addresses beside them.
TARGET_OFFSET: Mapping[int, int] = {RRType.NS: 0, RRType.MX: 2, RRType.SRV: 6}


class RCode(IntEnum):
    """Response codes (RFC 1035 section 4.1.1, RFC 2136, RFC 6891, RFC 7873)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    BADVERS = 16
    BADCOOKIE = 23


First = tuple[RRKey, bytes]
"""The head of an answer: the RRset, by its key, and the RDATA that came first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes into a reply. `glue` must fit or the reply is truncated, `additional` may be cut.

    `turning` names the RRset whose turns order the records of `answer[-1]`. `touched` are the
    RRsets with turns that were looked at: if one of them changes, so may this answer. `note` is
    what is to be told beside the records.
    """

    rcode: RCode
    authoritative: bool
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    glue: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()
    turning: RRKey | None = None
    touched: frozenset[RRKey] = frozenset()
    note: Note | None = None

    @property
    def first(self) -> First | None:
        """The turning RRset and the address that is its first in this answer."""
        return (self.turning, self.answer[-1].rdatas[0]) if self.turning else None

    @property
    def owed_records(self) -> int:
        """How many records a reply that is not truncated has at the least."""
        return sum(len(rrset.rdatas) for rrset in (*self.answer, *self.authority, *self.glue))

    def with_order(self, rdatas: tuple[bytes, ...]) -> "Answer":
        """The same answer with the turning RRset's records as `rdatas`."""
        *before, turning = self.answer
        return replace(self, answer=(*before, replace(turning, rdatas=rdatas)))


def resolve(snapshot: Snapshot, qname: Name, qtype: int, *, whole_any: bool = False) -> Answer:
    """The answer to a question of class IN; QTYPE ANY gets one RRset unless `whole_any`."""
    zone = find_zone(snapshot.zones, qname, qtype)
    if zone is None:
        return Answer(RCode.REFUSED, authoritative=False)
    return _Resolution(snapshot, zone, qtype, whole_any).follow(qname)


class _Resolution:
    """One walk through a zone: the alias chain so far, and the turns that were looked at."""

    def __init__(self, snapshot: Snapshot, zone: Zone, qtype: int, whole_any: bool) -> None:
        self.snapshot = snapshot
        self.zone = zone
        self.qtype = qtype
        self.whole_any = whole_any
        self.chain: list[RRset] = []
        self.touched: set[RRKey] = set()

    def follow(self, qname: Name) -> Answer:
        """Finds `qname`, and what it is an alias of, to the end of the chain."""
        seen: set[Name] = set()
        name = qname
        while name not in seen and len(self.chain) < LONGEST_CHAIN and self._is_ours(name):
            seen.add(name)
            match self.zone.find(name, self.qtype):
                case Alias(rrset, owner):
                    self.chain.append(_owned(rrset, owner))
                    name = Name(rrset.rdatas[0])
                case Redirection(rrset):
                    target = self._redirected(name, rrset)
                    if target is None:
                        return self._answer(RCode.YXDOMAIN)
                    if self.qtype == RRType.CNAME:
                        break  # the CNAME that was just made is the answer
                    name = target
                case end:
                    return self._end(end)
        return self._answer(RCode.NOERROR)

    def _end(self, outcome: Found | FoundAny | NoData | NxDomain | Delegation) -> Answer:
        match outcome:
            case Found(rrset, owner):
                return self._found(rrset, owner)
            case FoundAny(rrsets, owner):
                return self._found_any(rrsets, owner)
            case Delegation(rrset):
                return self._referral(rrset)
            case NoData():
                return self._negative(RCode.NOERROR)
            case NxDomain():
                return self._negative(RCode.NXDOMAIN)

    def _redirected(self, name: Name, dname: RRset) -> Name | None:
        """Adds the DNAME, once, and the CNAME made from it; the new name, None where it is too
        long (RFC 6672 section 2.3)."""
        if dname not in self.chain:
            self.chain.append(dname)
        target = Name(name[: -len(dname.owner)] + dname.rdatas[0].lower())
        if len(target) > MAX_NAME_OCTETS:
            return None
        self.chain.append(RRset(name, RRType.CNAME, dname.ttl, (target,)))
        return target

    def _is_ours(self, name: Name) -> bool:
        """Whether the zone that is being walked answers for `name` too."""
        return find_zone(self.snapshot.zones, name, self.qtype) is self.zone

    def _answer(
        self,
        rcode: RCode,
        *,
        authority: tuple[RRset, ...] = (),
        additional: tuple[RRset, ...] = (),
        turning: RRKey | None = None,
        note: Note | None = None,
    ) -> Answer:
        return Answer(
            rcode,
            authoritative=True,
            answer=tuple(self.chain),
            authority=authority,
            additional=additional,
            turning=turning,
            touched=frozenset(self.touched),
            note=note,
        )

    def _negative(self, rcode: RCode) -> Answer:
        return self._answer(rcode, authority=(self.zone.negative_soa,))

    def _withheld(self, rrsets: tuple[RRset, ...]) -> Answer:
        """NODATA, as nothing of `rrsets` may be handed out now. It may be kept no longer than they
        could be: who has it learns as soon as the others that there is something again."""
        soa = self.zone.negative_soa
        soa = replace(soa, ttl=min(soa.ttl, *map(self._ttl, rrsets)))
        return self._answer(RCode.NOERROR, authority=(soa,), note=self._note(rrsets))

    def _found(self, rrset: RRset, owner: Name) -> Answer:
        effective = self._effective(rrset)
        if effective is None:
            return self._withheld((rrset,))
        self.chain.append(_owned(effective, owner))
        additional = tuple(self._additional_for(rrset))
        turning = (rrset.owner, rrset.rtype) if self._turns_of(rrset) is not None else None
        note = self._note((rrset,))
        return self._answer(RCode.NOERROR, additional=additional, turning=turning, note=note)

    def _found_any(self, rrsets: tuple[RRset, ...], owner: Name) -> Answer:
        """One RRset of those the name has is answer enough (RFC 8482 section 4.1)."""
        present = [rrset for rrset in rrsets if self._effective(rrset) is not None]
        if not present:
            return self._withheld(rrsets)
        if not self.whole_any:
            return self._found(present[0], owner)
        for rrset in present:
            effective = self._effective(rrset)
            if effective is not None:
                self.chain.append(_owned(effective, owner))
        return self._answer(RCode.NOERROR, note=self._note(present))

    def _referral(self, cut: RRset) -> Answer:
        """Points to the name servers below (RFC 1034 section 4.2.1, RFC 9471)."""
        glue: list[RRset] = []
        siblings: list[RRset] = []
        for rrset in self._additional_for(cut):
            (glue if is_at_or_below(rrset.owner, cut.owner) else siblings).append(rrset)
        return Answer(
            RCode.NOERROR,
            authoritative=bool(self.chain),
            answer=tuple(self.chain),
            authority=(cut,),
            glue=tuple(glue),
            additional=tuple(siblings),
            touched=frozenset(self.touched),
        )

    def _additional_for(self, rrset: RRset) -> Iterator[RRset]:
        """The addresses of the hosts that `rrset` names, as far as this zone has them."""
        for target in list(dict.fromkeys(hosts_in(rrset)))[:MOST_ADDITIONAL]:
            if not is_at_or_below(target, self.zone.apex):
                continue
            for rtype in ADDRESS_TYPES:
                addresses = self._address_of_host(target, rtype, glue=rrset.rtype == RRType.NS)
                if addresses is not None:
                    yield addresses

    def _address_of_host(self, host: Name, rtype: int, *, glue: bool) -> RRset | None:
        match self.zone.find(host, rtype):
            case Found(rrset, owner):
                effective = self._effective(rrset)
                return None if effective is None else _owned(effective, owner)
            case Delegation() if glue:
                return self.zone.rrset(host, rtype)
        return None

    def _effective(self, rrset: RRset) -> RRset | None:
        """`rrset` as it may be handed out now: without the members that are out of rotation, and
        with the TTL of its turns."""
        turns = self._turns_of(rrset)
        if turns is None:
            return rrset
        self.touched.add((rrset.owner, rrset.rtype))
        if not turns.rdatas:
            return None
        return replace(rrset, rdatas=turns.order(0), ttl=self._ttl(rrset))

    def _ttl(self, rrset: RRset) -> int:
        """How long `rrset` may be kept: the zone's TTL, or that of its turns if it is less."""
        turns = self._turns_of(rrset)
        return rrset.ttl if turns is None or turns.ttl is None else min(rrset.ttl, turns.ttl)

    def _note(self, rrsets: Iterable[RRset]) -> Note | None:
        """What is to be told of `rrsets`, or of the first of which there is anything to tell."""
        of_turns = (self._turns_of(rrset) for rrset in rrsets)
        return next((turns.note for turns in of_turns if turns and turns.note), None)

    def _turns_of(self, rrset: RRset) -> Turns | None:
        """The turns of an RRset of this zone. A zone below may have the same name and type, whose
        turns these are then: what a parent has there is not what is handed out (RFC 2181 6.1)."""
        turns = self.snapshot.turns.get((rrset.owner, rrset.rtype))
        if turns is None or find_zone(self.snapshot.zones, rrset.owner, qtype=0) is not self.zone:
            return None
        return turns


def _owned(rrset: RRset, owner: Name) -> RRset:
    """`rrset` with that owner, which is another where a wildcard has it."""
    return rrset if rrset.owner == owner else replace(rrset, owner=owner)


def hosts_in(rrset: RRset) -> Iterator[Name]:
    """The hosts that `rrset` names, of the types that want addresses beside them."""
    offset = TARGET_OFFSET.get(rrset.rtype)
    if offset is not None:
        for rdata in rrset.rdatas:
            yield Name(rdata[offset:].lower())
