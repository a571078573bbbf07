"""Compiles a snapshot into entries: all answers that are cheap to know in advance.

The replies come from the reference's own resolution and encoder, for every name and type that the
plan of a zone lists.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Generic, TypeVar

from rrdns.zone import name as names
from rrdns.zone.name import Name, is_at_or_below
from rrdns.zone.tree import RRType

from .entry import Entries, Entry, Question, Turning
from .plan import ZonePlan, children, other_names
from .resolve import Answer, RCode, resolve
from .snapshot import RRKey, Snapshot
from .wire import LARGEST_POINTER, Sections, encode_sections, extended_error, head

ABSENT_TYPE = 0  # reserved (RFC 6895 section 3.1), so no zone has it: stands for all types absent

# What is pointed to moves with the length of the name asked, and must still be in reach then.
LARGEST_MOVING = LARGEST_POINTER - 512

T = TypeVar("T", bound=Entries)
T_co = TypeVar("T_co", bound=Entries, covariant=True)


@dataclass(frozen=True, slots=True)
class Edition(Generic[T_co]):
    """A snapshot and its table.

    `dependants` says which questions a change of an RRset touches, `plans` which there are.
    """

    snapshot: Snapshot
    entries: T_co
    dependants: Mapping[RRKey, frozenset[Question]]
    plans: Mapping[Name, ZonePlan]


def compile_edition(snapshot: Snapshot, blank: T) -> Edition[T]:
    """The edition of the whole snapshot, in a table like `blank`, which has no entries."""
    zones = snapshot.zones
    plans = {apex: ZonePlan(zones, zone) for apex, zone in zones.items()}
    compiler = _Compiler(snapshot, plans)
    entries = blank.with_entries(compiler.everything())
    dependants = {key: frozenset(questions) for key, questions in compiler.dependants.items()}
    return Edition(snapshot, entries, dependants, plans)


def recompile(edition: Edition[T], snapshot: Snapshot, changed: Iterable[RRKey]) -> Edition[T]:
    """The edition of `snapshot`, which differs from that of `edition` in the turns of `changed`.

    Turns decide neither which questions there are nor what they depend on.
    """
    touched = {question for key in changed for question in edition.dependants.get(key, ())}
    entries = edition.entries.with_entries(_Compiler(snapshot, edition.plans).again(touched))
    return replace(edition, snapshot=snapshot, entries=entries)


class _Compiler:
    """Finds the answers of one snapshot, and notes what they depend on."""

    def __init__(self, snapshot: Snapshot, plans: Mapping[Name, ZonePlan]) -> None:
        self._snapshot = snapshot
        self._plans = plans
        self._encoder = _Encoder(snapshot, plans)
        self.dependants: defaultdict[RRKey, set[Question]] = defaultdict(set)

    def everything(self) -> Iterator[tuple[Question, Entry | None]]:
        """Every question of every zone."""
        for plan in self._plans.values():
            for name in plan.names():
                yield from self._group(plan, name, beneath=False)
                if plan.is_redirected(name):
                    yield Question(name, None, beneath=True), None
                elif plan.needs_beneath(name):
                    yield from self._group(plan, name, beneath=True)

    def again(self, questions: Iterable[Question]) -> Iterator[tuple[Question, Entry | None]]:
        """The same `questions`, those about a name one after the other."""
        for question in sorted(questions, key=_by_name):
            found = self._resolved(question)
            if found is not None:
                yield question, self._encoder.entry(question, *found)

    def _group(
        self, plan: ZonePlan, name: Name, *, beneath: bool
    ) -> Iterator[tuple[Question, Entry | None]]:
        """The entries for one name, or for those beneath it; none for what all other types get.

        ANY is answered with the first RRset that may be given: it depends on all that the others
        depend on.
        """
        absent = None
        touched: set[RRKey] = set()
        for question, asked, answer in self._answers(plan, name, beneath=beneath):
            touched |= answer.touched
            for key in touched if question.rtype == RRType.ANY else answer.touched:
                self.dependants[key].add(question)
            if beneath:
                plan.meet(name, answer)
            if question.rtype == RRType.ANY or answer.touched or answer != absent:
                yield question, self._encoder.entry(question, asked, answer)
            absent = absent or answer

    def _answers(
        self, plan: ZonePlan, name: Name, *, beneath: bool
    ) -> Iterator[tuple[Question, Name, Answer]]:
        """All questions about one name, or about those beneath it, that for absent types first."""
        question = Question(name, None, beneath)
        found = self._resolved(question)
        if found is None:
            return
        yield question, *found
        types = list(plan.types(*found))
        for rtype in types:
            question = Question(name, rtype, beneath)
            if rtype != RRType.ANY or len(types) > 2:  # of one type, ANY gets just that
                found = self._resolved(question)
            if found is not None:
                yield question, *found

    def _resolved(self, question: Question) -> tuple[Name, Answer] | None:
        """The answer, and the name that it is one for; None: no name has room beneath this one."""
        rtype = ABSENT_TYPE if question.rtype is None else question.rtype
        if not question.beneath:
            return question.name, resolve(self._snapshot, question.name, rtype)
        for name in self._plan_for(question.name).representatives(question.name):
            answer = resolve(self._snapshot, name, rtype)
            if not any(is_at_or_below(other, name) for other in other_names(answer)):
                return name, answer
        return None

    def _plan_for(self, name: Name) -> ZonePlan:
        return next(self._plans[apex] for apex in names.ancestry(name) if apex in self._plans)


def _by_name(question: Question) -> tuple[Name, bool, int]:
    return question.name, question.beneath, question.rtype or ABSENT_TYPE


class _Encoder:
    """Makes entries, and makes equal ones once: half of a zone's are one negative answer."""

    def __init__(self, snapshot: Snapshot, plans: Mapping[Name, ZonePlan]) -> None:
        self._snapshot = snapshot
        self._plans = plans
        self._negative: dict[Hashable, Entry | None] = {}
        self._cuts: dict[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = {}
        self._asked: Name | None = None
        self._of_asked: list[tuple[Answer, Entry]] = []

    def entry(self, question: Question, asked: Name, answer: Answer) -> Entry | None:
        """The compiled form of `answer`, which `asked` gets; None: it can not be had in advance."""
        if not answer.answer and answer.authoritative:
            return self._negative_entry(asked, answer)
        entry = self._known(asked, answer) or self._encoded(asked, answer, question.beneath)
        if entry is None:
            return None
        self._of_asked.append((answer, entry))
        return replace(entry, datagram_only=True) if question.rtype == RRType.ANY else entry

    def _known(self, asked: Name, answer: Answer) -> Entry | None:
        """What `asked` gets for another type, if that is the same."""
        if self._asked != asked:
            self._asked, self._of_asked = asked, []
        return next((entry for known, entry in self._of_asked if known == answer), None)

    def _negative_entry(self, asked: Name, answer: Answer) -> Entry | None:
        """The SOA alone: equal for all names that share the same of it, but for their length."""
        [soa] = answer.authority
        plan = self._plans[soa.owner]
        named = plan.closest_named(asked)
        alike = soa.owner, soa.ttl, named, asked == named, answer.rcode, answer.note
        if alike not in self._negative:
            if asked != named:
                asked = next(name for name in children(named) if name not in plan.named_by_soa)
            self._negative[alike] = self._encoded(asked, answer, asked != named)
        return self._negative[alike]

    def _encoded(self, asked: Name, answer: Answer, moves: bool) -> Entry | None:
        """A new entry; if it `moves`, it is for names that are longer than `asked` as well."""
        sections = encode_sections(asked, answer)
        pointers = sections.pointers if moves else ()
        if pointers and len(sections.octets) > LARGEST_MOVING:
            return None
        arcount, _ = sections.cuts[0]
        return Entry(
            answer.rcode,
            _head(answer.rcode, answer.authoritative, (*sections.counts, arcount)),
            sections.octets,
            self._cuts.setdefault(sections.cuts, sections.cuts),
            len(asked),
            pointers,
            self._turning(sections, answer),
            extended_error=extended_error(answer.note) if answer.note else b"",
        )

    def _turning(self, sections: Sections, answer: Answer) -> Turning | None:
        """The records that take turns. They differ in nothing but their addresses: the owner of
        each is a pointer to the same name, which the question or an alias has spelt out."""
        if answer.turning is None:
            return None
        start, end = sections.last
        rdatas = answer.answer[-1].rdatas
        record_octets = (end - start) // len(rdatas)
        fixed = sections.octets[start : start + record_octets - len(rdatas[0])]
        return Turning(answer.turning, self._snapshot.turns[answer.turning], start, end, fixed)


@cache  # as many as there are combinations of counts; shared by all entries that have the same
def _head(rcode: RCode, authoritative: bool, counts: tuple[int, int, int]) -> bytes:
    return head(rcode, (1, *counts), authoritative=authoritative)
