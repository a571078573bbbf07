"""Compiles a snapshot into the table: every question that its zones answer by name.

The replies come from the reference's own resolution and encoder; only the order of the turning
records is made here, by moving whole records, so that a pool of many turns is encoded once.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from rrdns.zone import name as names
from rrdns.zone.name import Name
from rrdns.zone.tree import Node, RRset, RRType, Zone, find_zone

from .resolve import Answer, RCode, resolve
from .snapshot import Cursors, RRKey, Snapshot
from .table import LEFT_TO_REFERENCE, Dependant, Entry, Table
from .wire import CLASS_IN, EDNS_UDP_OCTETS, HEADER_OCTETS, Sections, encode_sections, head

ABSENT_TYPE = 0  # reserved (RFC 6895 section 3.1), so no zone has it: stands for all types absent


def compile_table(snapshot: Snapshot, cursors: Cursors) -> Table:
    """The table of the whole snapshot."""
    questions = (
        question
        for zone in snapshot.zones.values()
        for owner, node in zone.nodes.items()
        if find_zone(snapshot.zones, owner, qtype=0) is zone
        for question in _questions_at(zone, owner, node)
    )
    return _with_answers(Table(snapshot, {}, {}, {}), questions, cursors)


def recompile(
    table: Table, snapshot: Snapshot, changed: Iterable[RRKey], cursors: Cursors
) -> Table:
    """The table of `snapshot`, which differs from the table's own in the turns of `changed`."""
    touched = {q for key in changed for q in table.dependants.get(key, ())}
    renewed = Table(snapshot, table.exact, table.otherwise, table.dependants)
    return _with_answers(renewed, touched, cursors)


def _questions_at(zone: Zone, owner: Name, node: Node) -> Iterator[Dependant]:
    """The questions about one name that are answered in advance."""
    types = set(node)
    if RRType.CNAME in node:
        types.update((RRType.A, RRType.AAAA))  # what is asked of an alias
    else:
        yield owner, None
    if RRType.NS in node:
        types.add(RRType.DS)  # at a cut or an apex, the parent's to answer
    for rtype in types:
        yield owner, rtype


def _with_answers(table: Table, questions: Iterable[Dependant], cursors: Cursors) -> Table:
    """`table` with the replies to `questions` compiled anew."""
    exact, otherwise = dict(table.exact), dict(table.otherwise)
    entries = _Entries(table.snapshot, cursors)
    dependants: defaultdict[RRKey, set[Dependant]] = defaultdict(set)
    for owner, rtype in questions:
        answer = resolve(table.snapshot, owner, ABSENT_TYPE if rtype is None else rtype)
        for key in answer.touched:
            dependants[key].add((owner, rtype))
        entry = entries.entry(owner, answer)
        if rtype is None:
            otherwise[owner] = entry
        else:
            exact[_key(owner, rtype)] = entry
    merged = dict(table.dependants)
    for key, more in dependants.items():
        merged[key] = merged.get(key, frozenset()) | more
    return Table(table.snapshot, exact, otherwise, merged)


def _key(owner: Name, rtype: int) -> bytes:
    return owner + rtype.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")


class _Entries:
    """Makes entries, and makes equal ones once: half of a zone's are one negative answer."""

    def __init__(self, snapshot: Snapshot, cursors: Cursors) -> None:
        self._snapshot = snapshot
        self._cursors = cursors
        self._negative: dict[tuple[Name, int], Entry] = {}
        self._named_by: dict[Name, frozenset[Name]] = {}

    def entry(self, owner: Name, answer: Answer) -> Entry:
        """The compiled form of `answer` to a question about `owner`."""
        if answer.answer or answer.rcode is not RCode.NOERROR or not answer.authoritative:
            return self._made(owner, answer)
        [soa] = answer.authority
        if self._compresses_deeper(owner, soa):
            return self._made(owner, answer)
        alike = (soa.owner, len(owner))
        if alike not in self._negative:
            self._negative[alike] = self._made(owner, answer)
        return self._negative[alike]

    def _compresses_deeper(self, owner: Name, soa: RRset) -> bool:
        """Whether the names in the SOA share more of `owner` than the apex.

        If they do not, the octets depend only on where the apex begins in the question.
        """
        apex = soa.owner
        if apex not in self._named_by:
            mname = names.leading(soa.rdatas[0])
            rname = names.leading(soa.rdatas[0][len(mname) :])
            self._named_by[apex] = frozenset((*_below(mname, apex), *_below(rname, apex)))
        return not self._named_by[apex].isdisjoint(_below(owner, apex))

    def _made(self, owner: Name, answer: Answer) -> Entry:
        """A new entry; an answer that never fits a UDP reply is left to the reference, so that
        most of its turns are not kept for nothing."""
        sections = encode_sections(owner, answer)
        arcount, octets = sections.cuts[0]
        if octets > EDNS_UDP_OCTETS - HEADER_OCTETS - len(owner) - 4:
            return LEFT_TO_REFERENCE
        heads = _heads(answer.rcode, answer.authoritative, (*sections.counts, arcount))
        if answer.turning is None:
            return Entry(answer.rcode, heads, (sections.octets,), octets)
        turns = self._snapshot.turns[answer.turning]
        orders = [turns.order(turn) for turn in range(turns.count)]
        body_of = {order: _body(sections, order) for order in set(orders)}
        return Entry(
            answer.rcode,
            heads,
            tuple(body_of[order] for order in orders),
            octets,
            self._cursors.cursor(answer.turning, turns),
            turns.hold,
            tuple((answer.turning, order[0]) for order in orders),
        )


def _below(name: Name, apex: Name) -> list[Name]:
    """`name` and its ancestors as far as they are below `apex`; all of them if it is elsewhere."""
    return list(itertools.takewhile(lambda ancestor: ancestor != apex, names.ancestry(name)))


def _body(sections: Sections, order: tuple[bytes, ...]) -> bytes:
    """The sections with the turning records in `order`.

    They differ in nothing but their addresses: the owner of each is a pointer to the same name,
    which the question or an alias before them has spelt out.
    """
    start, end = sections.last
    record_octets = (end - start) // len(order)
    fixed = sections.octets[start : start + record_octets - len(order[0])]
    records = b"".join(fixed + rdata for rdata in order)
    return sections.octets[:start] + records + sections.octets[end:]


@cache  # as many as there are combinations of counts; shared by all entries that have the same
def _heads(
    rcode: RCode, authoritative: bool, counts: tuple[int, int, int]
) -> tuple[bytes, bytes, bytes, bytes]:
    answers, authorities, additionals = counts

    def one(recursion_desired: bool, edns: bool) -> bytes:
        return head(
            rcode,
            (1, answers, authorities, additionals + edns),
            authoritative=authoritative,
            recursion_desired=recursion_desired,
        )

    return one(False, False), one(True, False), one(False, True), one(True, True)
