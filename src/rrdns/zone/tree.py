"""A zone as a tree of names, and what is found in it for a question.

`Zone.find` is the lookup of RFC 1034 section 4.3.2, steps 3a to 3c, for one zone and one name,
with wildcards after RFC 4592 and DNAME after RFC 6672. It follows nothing: following an alias is
the answer room's work. Zones are immutable; an edit makes a new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self

from .name import ROOT, Name, ancestry, parent, wildcard_of


class RRType(IntEnum):
    """The RR types that the server treats in a way of their own (RFC 1035, 3596, 6672, 4034)."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    AAAA = 28
    SRV = 33
    DNAME = 39
    DS = 43
    ANY = 255


ADDRESS_TYPES = (RRType.A, RRType.AAAA)


@dataclass(frozen=True, slots=True)
class RRset:
    """The records of one type at one owner name (RFC 9499 section 5).

    `rdatas` are in uncompressed wire format, each once, in the order of the master file; names in
    the data of RFC 1035 types are folded, as the owner is. `ttl` is in seconds.
    """

    owner: Name
    rtype: int
    ttl: int
    rdatas: tuple[bytes, ...]


Node = Mapping[int, RRset]


@dataclass(frozen=True, slots=True)
class Found:
    """The name has the type. `owner` is the name asked, also where a wildcard's data is given."""

    rrset: RRset
    owner: Name


@dataclass(frozen=True, slots=True)
class FoundAny:
    """QTYPE ANY at a name that has data: all its RRsets, at least one."""

    rrsets: tuple[RRset, ...]
    owner: Name


@dataclass(frozen=True, slots=True)
class Alias:
    """The name has a CNAME, and another type was asked."""

    rrset: RRset
    owner: Name


@dataclass(frozen=True, slots=True)
class Redirection:
    """A DNAME above the name asked covers it (RFC 6672 section 2.3)."""

    rrset: RRset


@dataclass(frozen=True, slots=True)
class Delegation:
    """The name is at or below a zone cut; `rrset` holds the NS records of the cut."""

    rrset: RRset


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists, empty non-terminals included, without the type (RFC 2308 section 2.2)."""


@dataclass(frozen=True, slots=True)
class NxDomain:
    """The name does not exist, and no wildcard covers it (RFC 2308 section 2.1)."""


Outcome = Found | FoundAny | Alias | Redirection | Delegation | NoData | NxDomain


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: every name that exists in it, empty non-terminals included, with its RRsets.

    `soa` is the apex SOA with its own TTL, `negative_soa` the same for negative answers, with the
    lesser of that TTL and the MINIMUM field (RFC 2308 section 3).
    """

    apex: Name
    nodes: Mapping[Name, Node]
    soa: RRset
    negative_soa: RRset

    @classmethod
    def of(cls, apex: Name, rrsets: Iterable[RRset]) -> Self:
        """The zone that `rrsets` make; all are at or below `apex`, which has exactly one SOA."""
        nodes: dict[Name, dict[int, RRset]] = {}
        for rrset in rrsets:
            node = nodes.get(rrset.owner)
            if node is None:
                node = nodes[rrset.owner] = {}
                _add_empty_non_terminals(nodes, rrset.owner, apex)
            node[rrset.rtype] = rrset
        soa = nodes[apex][RRType.SOA]
        minimum = int.from_bytes(soa.rdatas[0][-4:], "big")
        return cls(apex, nodes, soa, replace(soa, ttl=min(soa.ttl, minimum)))

    @property
    def serial(self) -> int:
        """The serial number of the SOA (RFC 1035 section 3.3.13)."""
        return int.from_bytes(self.soa.rdatas[0][-20:-16], "big")

    def rrset(self, owner: Name, rtype: int) -> RRset | None:
        """The RRset written at exactly this owner name, glue included."""
        return self.nodes.get(owner, {}).get(rtype)

    def find(self, qname: Name, qtype: int) -> Outcome:
        """What the zone has for `qname`, which is at or below the apex, and `qtype`."""
        encloser = self.apex
        for name in self._path_to(qname):
            node = self.nodes.get(name)
            if node is None:
                return self._synthesise(encloser, qname, qtype)
            encloser = name
            at_the_cut = name == qname and qtype == RRType.DS
            if RRType.NS in node and name != self.apex and not at_the_cut:
                return Delegation(node[RRType.NS])
            if RRType.DNAME in node and name != qname:
                return Redirection(node[RRType.DNAME])
        return _in_node(self.nodes[qname], qname, qtype)

    def _path_to(self, qname: Name) -> list[Name]:
        """The names from the apex down to `qname`, both included."""
        path = []
        for name in ancestry(qname):
            path.append(name)
            if name == self.apex:
                break
        path.reverse()
        return path

    def _synthesise(self, encloser: Name, qname: Name, qtype: int) -> Outcome:
        """A wildcard below the closest encloser answers for `qname`, or nothing does."""
        source = self.nodes.get(wildcard_of(encloser))
        return NxDomain() if source is None else _in_node(source, qname, qtype)

    def is_below_cut(self, name: Name) -> bool:
        """Whether `name` is at or below a zone cut, so that its data is not ours (RFC 2181 6.1)."""
        return any(
            ancestor != self.apex and RRType.NS in self.nodes.get(ancestor, {})
            for ancestor in self._path_to(name)
        )


def find_zone(zones: Mapping[Name, Zone], qname: Name, qtype: int) -> Zone | None:
    """The zone that answers for `qname`: the one with the longest apex at or above it.

    DS at an apex belongs to the parent, if that is ours too (RFC 4035 section 3.1.4.1).
    """
    if qtype == RRType.DS and qname in zones and qname != ROOT:
        above = find_zone(zones, parent(qname), qtype=0)
        if above is not None:
            return above
    return next((zones[name] for name in ancestry(qname) if name in zones), None)


def _in_node(node: Node, qname: Name, qtype: int) -> Outcome:
    if qtype == RRType.ANY and node:
        return FoundAny(tuple(node.values()), qname)
    if qtype in node:
        return Found(node[qtype], qname)
    if RRType.CNAME in node:
        return Alias(node[RRType.CNAME], qname)
    return NoData()


def _add_empty_non_terminals(nodes: dict[Name, dict[int, RRset]], owner: Name, apex: Name) -> None:
    """Makes every name between `owner` and the apex exist (RFC 8020)."""
    name = owner
    while name != apex:
        name = parent(name)
        if name in nodes:
            return
        nodes[name] = {}
