"""Which names a table needs so that every question about a zone can be answered from it.

A name that is not in the table gets what stands beneath its closest ancestor that is. All of which
that is true get the same reply but for the name itself, unless one of them is, or is below, a name
in the records of the reply: then compression finds more to share, and an alias may lead back to
itself. So such names are in the table too, and any that is not can stand for all that are not.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Set

from rrdns.zone import name as names
from rrdns.zone.name import MAX_NAME_OCTETS, Name, is_at_or_below
from rrdns.zone.tree import Node, RRType, Zone, find_zone

from .reference import TRANSFER_TYPES
from .resolve import Answer, hosts_in
from .wire import compressible_names

_LABEL_OCTETS = [octet for octet in range(256) if not bytes((octet,)).isupper()]


class ZonePlan:
    """The names of one zone in the table, and what is to be asked of them and beneath them.

    `named_by_soa` are the names in the SOA record and those above them, below the apex. Every
    negative answer has that record, and a pool may come to give one: health adds no names.
    """

    def __init__(self, zones: Mapping[Name, Zone], zone: Zone) -> None:
        self._zones = zones
        self._zone = zone
        self._cuts = {
            owner for owner, node in zone.nodes.items() if RRType.NS in node and owner != zone.apex
        }
        self._dnames = {
            owner
            for owner, node in zone.nodes.items()
            if RRType.DNAME in node and not self._is_at_or_below(owner, self._cuts)
        }
        self._met: dict[Name, None] = {}  # in the order in which they were met
        self.named_by_soa = frozenset(
            above for name in compressible_names(zone.soa) for above in self._below_apex(name)
        )

    def names(self) -> Iterator[Name]:
        """Every name of the table; those that `meet` adds meanwhile come as well."""
        for owner in self._zone.nodes:
            if self._is_ours(owner) and not self._is_covered(owner):
                yield owner
        self._add(name for name in self.named_by_soa if not self._is_covered(name))
        at = 0
        while more := list(itertools.islice(self._met, at, None)):
            yield from more
            at += len(more)

    def meet(self, encloser: Name, answer: Answer) -> None:
        """Takes in the names in `answer` that a question beneath `encloser` can meet.

        Of each the one directly below is enough: it has an answer of its own beneath it.
        """
        for name in other_names(answer):
            if name != encloser and is_at_or_below(name, encloser):
                self._add(above for above in names.ancestry(name) if _is_child(above, encloser))

    def needs_beneath(self, name: Name) -> bool:
        """Whether what is asked beneath `name` gets anything else than beneath its parent."""
        if name == self._zone.apex or name in self._met:
            return True
        return not (self._is_plain(name) and self._is_plain(names.parent(name)))

    def is_redirected(self, name: Name) -> bool:
        """Whether a DNAME is there: each name beneath has an answer of its own."""
        return name in self._dnames

    def representatives(self, encloser: Name) -> Iterator[Name]:
        """Names directly below `encloser` that are not answered for existing, shortest first."""
        is_cut = self._is_at_or_below(encloser, self._cuts)
        for name in children(encloser):
            if name not in self._zones and (is_cut or name not in self._zone.nodes):
                yield name

    def closest_named(self, name: Name) -> Name:
        """The closest of `name` and its ancestors that is named by the SOA, or the apex."""
        path = self._below_apex(name)
        return next((above for above in path if above in self.named_by_soa), self._zone.apex)

    def types(self, name: Name, absent: Answer) -> Iterator[int]:
        """The types that may be answered otherwise than `absent`, which all others are; ANY, which
        is answered with one of them, comes last."""
        if self._is_at_or_below(name, self._cuts):
            yield RRType.DS  # at the cut itself, the parent's to answer
            return
        node = self._source(name)
        types = set(node)
        if name == self._zone.apex or RRType.CNAME in node:
            types.add(RRType.DS)  # a chain may end at a cut or an apex
        if RRType.CNAME in node:
            for rrset in absent.answer:
                if rrset.rtype == RRType.CNAME:
                    types.update(self._source(Name(rrset.rdatas[0])))
        yield from sorted(types.difference(TRANSFER_TYPES))
        if node:
            yield RRType.ANY

    def _add(self, met: Iterable[Name]) -> None:
        """Makes names of the table of those that are none yet and can be answered in advance."""
        for name in met:
            exists = name in self._zone.nodes and not self._is_covered(name)
            below_dname = self._is_at_or_below(name, self._dnames)
            if not exists and not below_dname and self._is_ours(name):
                self._met[name] = None

    def _is_ours(self, name: Name) -> bool:
        return find_zone(self._zones, name, qtype=0) is self._zone

    def _is_plain(self, name: Name) -> bool:
        """Whether a name beneath this one, which exists, gets the common negative answer."""
        return not (
            name in self.named_by_soa
            or name in self._cuts
            or name in self._dnames
            or names.wildcard_of(name) in self._zone.nodes
        )

    def _is_covered(self, name: Name) -> bool:
        """Whether `name` is below a cut or a DNAME, so that its own data is not given."""
        if name == self._zone.apex:
            return False
        above = names.parent(name)
        return self._is_at_or_below(above, self._cuts) or self._is_at_or_below(above, self._dnames)

    def _is_at_or_below(self, name: Name, some: Set[Name]) -> bool:
        """Whether `name` or one of its ancestors in the zone is among `some`."""
        return bool(some) and not some.isdisjoint((*self._below_apex(name), self._zone.apex))

    def _below_apex(self, name: Name) -> list[Name]:
        """`name` and its ancestors as far as they are below the apex; none if it is elsewhere."""
        path = list(
            itertools.takewhile(lambda above: above != self._zone.apex, names.ancestry(name))
        )
        return path if is_at_or_below(name, self._zone.apex) else []

    def _source(self, name: Name) -> Node:
        """What answers for `name`: its own node, or that of the wildcard which covers it."""
        nodes = self._zone.nodes
        if name in nodes:
            return nodes[name]
        encloser = next((above for above in names.ancestry(name) if above in nodes), name)
        return nodes.get(names.wildcard_of(encloser), {})


def other_names(answer: Answer) -> Iterator[Name]:
    """The names in the records, but for the name asked, which owns the first of an answer.

    Hosts are among them also where their addresses are out of rotation now.
    """
    rrsets = (*answer.answer, *answer.authority, *answer.glue, *answer.additional)
    compressible = itertools.chain.from_iterable(map(compressible_names, rrsets))
    others = itertools.islice(compressible, 1 if answer.answer else 0, None)
    return itertools.chain(others, *map(hosts_in, rrsets))


def children(name: Name) -> Iterator[Name]:
    """Every name directly below `name`, shortest first."""
    for size in range(1, MAX_NAME_OCTETS - len(name)):
        for label in itertools.product(_LABEL_OCTETS, repeat=size):
            yield Name(bytes((size, *label)) + name)


def _is_child(name: Name, encloser: Name) -> bool:
    return name != encloser and names.parent(name) == encloser
