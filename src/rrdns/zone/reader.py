"""Reads master files into a draft: directives, owners, TTLs, classes, types (RFC 1035, 5.1)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import dns.exception
import dns.name
import dns.rdatatype
import dns.tokenizer
import dns.ttl
from dns.rdatatype import RdataType

from rrdns.errors import Place

from .draft import Draft, Record
from .findings import FaultError, Findings, Spot
from .generate import counters, template
from .lexer import Entry, Word, entries
from .mends import bad_name, bad_ttl, bad_type, quoted
from .name import ROOT, Name, is_at_or_below, to_text
from .rdata import rdata_wire
from .source import Source, Sources

MAX_TTL = 2**31 - 1  # RFC 2181 section 8
MAX_INCLUDE_DEPTH = 10  # deeper than anybody nests on purpose
MAX_GENERATED = 65536  # records of all $GENERATE lines of a zone together
_ASSUMED_TTL = 3600  # where neither the record nor anything above it says one, as NSD and Knot do

_CLASS = re.compile(r"IN|CH|HS|CS|CLASS\d{1,5}", re.IGNORECASE | re.ASCII)
_TTL = re.compile(r"\d+|(?:\d+[wdhms])+", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class _Context:
    """What a line takes from the lines before it. `owner` is None after one that is broken.

    `doubled` ends every name that repeats the apex before the origin.
    """

    origin: dns.name.Name
    doubled: bytes
    owner: Name | None
    default_ttl: int | None = None
    last_ttl: int | None = None


class Reader:
    """Reads one zone's files to the end, whatever is wrong with single entries."""

    def __init__(self, sources: Sources, draft: Draft, findings: Findings) -> None:
        self._sources = sources
        self._draft = draft
        self._findings = findings
        origin = dns.name.from_wire(draft.apex, 0)[0]
        self._context = _Context(origin, self._doubled(origin), draft.apex)
        self._apex_text = to_text(draft.apex).rstrip(".")
        self._chain: list[Source] = []
        self._types: dict[str, RdataType] = {}
        self._generated = 0
        self._missing_ttl_told = False

    def read(self, source: Source) -> None:
        """Adds all that is in `source` to the draft, and what is wrong with it to the findings."""
        self._chain.append(source)
        if source.stray_octet is not None:
            line, column, value = source.stray_octet
            what = f"octet 0x{value:02x} is not UTF-8"
            mend = "save the file as UTF-8; the octet is taken as it is"
            self._findings.warning(Place(source.display, line, column), what, mend)
        for entry in entries(source.text):
            try:
                self._read_entry(entry)
            except FaultError as fault:
                self._draft.torn = True
                self._report(fault, entry.words[0].spot if entry.words else entry.end)
        self._chain.pop()

    def _report(self, fault: FaultError, otherwise: Spot) -> None:
        self._findings.error(self._place(fault.at or otherwise), fault.what, fault.mend)

    def _place(self, spot: Spot) -> Place:
        return Place(self._chain[-1].display, *spot)

    def _read_entry(self, entry: Entry) -> None:
        if entry.fault is not None:
            if not entry.indented:
                self._context.owner = None
            raise entry.fault
        first = entry.words[0]
        if first.value.startswith("$") and first.is_identifier() and not entry.indented:
            self._read_directive(entry)
            return
        data = entry.words
        if not entry.indented:
            self._context.owner = None
            self._context.owner = self._owner(first)
            data = data[1:]
        self._read_record(data, entry)

    def _read_record(self, words: Sequence[Word], entry: Entry) -> None:
        """Reads what stands after the owner name. A broken record still shows that it exists."""
        owner = self._context.owner
        if owner is None:
            self._draft.torn = True
            return
        ttl, rtype, data = self._header(words, entry)
        first = entry.words[0].spot
        try:
            rdata = rdata_wire(rtype, data, entry.end, self._context.origin)
        except FaultError as fault:
            self._draft.add(owner, rtype, Record(ttl, None, self._place(first)))
            self._report(fault, first)
            return
        self._warn_of_missing_dot(rdata, data)
        self._draft.add(owner, rtype, Record(ttl, rdata, self._place(first)))

    # Names

    def _name(self, word: Word) -> dns.name.Name:
        if not word.is_identifier():
            raise bad_name(ValueError(), word)
        try:
            return dns.name.from_text(
                word.value, self._context.origin, dns.name.IDNA_2008_Practical
            )
        except (dns.exception.DNSException, ValueError) as error:
            raise bad_name(error, word) from None

    def _owner(self, word: Word) -> Name:
        owner = Name(self._name(word).to_digestable())
        if not is_at_or_below(owner, self._draft.apex):
            raise FaultError(
                f"{to_text(owner)} is outside the zone {to_text(self._draft.apex)}",
                "remove the record, or correct its name",
                word.spot,
            )
        self._warn_of_missing_dot(owner, (word,))
        return owner

    def _warn_of_missing_dot(self, wire: bytes, words: Sequence[Word]) -> None:
        """Warns of `www.linux.example` in linux.example, where `www.linux.example.` was meant."""
        if self._context.doubled not in wire or self._draft.apex == ROOT:
            return
        for word in words:
            if word.is_identifier() and word.value.lower().endswith(self._apex_text):
                name = f"{word.value}.{self._context.origin.to_text().lstrip('.')}"
                what = f"{quoted(word.value)} has no final dot, so it means {name}"
                self._findings.warning(self._place(word.spot), what, "end it with a dot")

    def _doubled(self, origin: dns.name.Name) -> bytes:
        return self._draft.apex[:-1] + origin.to_digestable()

    # TTL, class, type

    def _header(self, words: Sequence[Word], entry: Entry) -> tuple[int, RdataType, Sequence[Word]]:
        """`[TTL] [class] type`, in either order, and the words after it."""
        ttl: int | None = None
        class_seen = False
        for index, word in enumerate(words):
            if ttl is None and _may_be_ttl(word):
                ttl = self._context.last_ttl = _ttl(word)
            elif not class_seen and word.is_identifier() and _CLASS.fullmatch(word.value):
                class_seen = True
                _check_class(word)
            else:
                rtype = self._type(word, entry)
                return self._ttl_or_default(ttl, entry), rtype, words[index + 1 :]
        raise FaultError("this record has no type", "write 'owner TTL type data'", entry.end)

    def _type(self, word: Word, entry: Entry) -> RdataType:
        if not word.is_identifier():
            raise bad_type(word, indented=entry.indented)
        known = self._types.get(word.value)
        if known is not None:
            return known
        try:
            rtype = dns.rdatatype.from_text(word.value)
        except (dns.exception.DNSException, ValueError):
            raise bad_type(word, indented=entry.indented) from None
        if rtype == RdataType.NONE or dns.rdatatype.is_metatype(rtype):
            what = f"{quoted(word.value)} is a type of questions, not of records"
            raise FaultError(what, "remove the record", word.spot)
        self._types[word.value] = rtype
        return rtype

    def _ttl_or_default(self, ttl: int | None, entry: Entry) -> int:
        """The record's own TTL, that of $TTL, or the one stated last (RFC 1035 section 5.1)."""
        if ttl is not None:
            return ttl
        if self._context.default_ttl is not None:
            return self._context.default_ttl
        last = self._context.last_ttl
        assumed = _ASSUMED_TTL if last is None else last
        if not self._missing_ttl_told:
            self._missing_ttl_told = True
            reason = "" if last is None else ", as written last"
            what = f"no TTL here and no $TTL above; {assumed} s is taken{reason}"
            mend = "begin the file with a line like '$TTL 1h'"
            self._findings.warning(self._place(entry.words[0].spot), what, mend)
        return assumed

    # Directives

    def _read_directive(self, entry: Entry) -> None:
        directive = entry.words[0]
        read = _DIRECTIVES.get(directive.value.upper())
        if read is None:
            what = f"{quoted(directive.value)} is not a directive"
            raise FaultError(what, f"the directives are {', '.join(_DIRECTIVES)}", directive.spot)
        read(self, entry)

    def _read_origin(self, entry: Entry) -> None:
        (word,) = _arguments(entry, 1, 1, "$ORIGIN name.")
        origin = self._name(word)
        self._warn_of_missing_dot(origin.to_digestable(), (word,))
        self._context.origin = origin
        self._context.doubled = self._doubled(origin)

    def _read_default_ttl(self, entry: Entry) -> None:
        (word,) = _arguments(entry, 1, 1, "$TTL 1h")
        self._context.default_ttl = _ttl(word)

    def _read_include(self, entry: Entry) -> None:
        """Reads another file; origin, owner and TTL are afterwards what they were before."""
        file, *origin = _arguments(entry, 1, 2, "$INCLUDE file [origin]")
        outside = self._context
        inside = replace(outside)
        if origin:
            inside.origin = self._name(origin[0])
            inside.doubled = self._doubled(inside.origin)
        source = self._opened_include(file)
        self._context = inside
        self.read(source)
        self._context = outside

    def _opened_include(self, file: Word) -> Source:
        try:
            source = self._sources.open_include(file.value, self._chain[-1])
        except FaultError as fault:
            what = f"$INCLUDE {quoted(file.value)}: {fault.what}"
            raise FaultError(what, fault.mend, file.spot) from None
        if source.path in _resolved(self._chain):
            what = f"$INCLUDE {quoted(file.value)}: the file includes itself"
            raise FaultError(what, "break the circle", file.spot)
        if len(self._chain) > MAX_INCLUDE_DEPTH:
            what = f"$INCLUDE {quoted(file.value)}: nested more than {MAX_INCLUDE_DEPTH} deep"
            raise FaultError(what, "include it from a file further up", file.spot)
        return source

    def _read_generate(self, entry: Entry) -> None:
        numbers, owner, *rest = _arguments(entry, 4, None, "$GENERATE 1-9 name$ A 192.0.2.$")
        ttl, rtype, data = self._header(rest, entry)
        series = counters(numbers)
        self._generated += len(series)
        if self._generated > MAX_GENERATED:
            what = f"$GENERATE makes {self._generated} records; {MAX_GENERATED} are allowed in all"
            self._generated -= len(series)
            raise FaultError(what, "shorten the range, or use a wildcard record", numbers.spot)
        if not data:
            raise FaultError("this line has no data to generate", "add the data", entry.end)
        owner_for, data_for = template(owner), [template(word) for word in data]
        place = self._place(entry.words[0].spot)
        for number in series:
            name = self._owner(Word(owner.ttype, owner_for(number), owner.spot, spaced=True))
            words = _generated_words(data, [text_for(number) for text_for in data_for])
            rdata = rdata_wire(rtype, words, entry.end, self._context.origin)
            self._warn_of_missing_dot(rdata, words)
            self._draft.add(name, rtype, Record(ttl, rdata, place))
            self._context.owner = name


_DIRECTIVES: Mapping[str, Callable[[Reader, Entry], None]] = {
    "$ORIGIN": Reader._read_origin,
    "$TTL": Reader._read_default_ttl,
    "$INCLUDE": Reader._read_include,
    "$GENERATE": Reader._read_generate,
}


def _resolved(chain: Sequence[Source]) -> set[Path]:
    return {source.path.resolve() for source in chain}


def _arguments(entry: Entry, least: int, most: int | None, shape: str) -> list[Word]:
    """The words after the directive, if their number is right."""
    arguments = entry.words[1:]
    if len(arguments) < least:
        raise FaultError(f"{entry.words[0].value} ends too early", f"write '{shape}'", entry.end)
    if most is not None and len(arguments) > most:
        extra = arguments[most]
        what = f"{quoted(extra.value)} is more than {entry.words[0].value} takes"
        raise FaultError(what, f"write '{shape}'", extra.spot)
    return arguments


def _generated_words(data: Sequence[Word], texts: Sequence[str]) -> list[Word]:
    """The data for one counter. A single quoted word holds all of it, as BIND has it."""
    if len(data) > 1 or not data[0].is_quoted_string():
        return [
            Word(word.ttype, text, word.spot, word.spaced)
            for word, text in zip(data, texts, strict=True)
        ]
    spot = data[0].spot
    inner = next(entries(texts[0]), None)
    words = [] if inner is None or inner.fault else inner.words
    return [Word(word.ttype, word.value, spot, word.spaced) for word in words]


def _may_be_ttl(word: Word) -> bool:
    """No class or type begins with a digit; an address there means that the type is missing."""
    text: str = word.value
    return word.is_identifier() and "0" <= text[0] <= "9" and "." not in text and ":" not in text


def _ttl(word: Word) -> int:
    """Seconds, or units as in 1h30m. Raises FaultError."""
    if not word.is_identifier() or not _TTL.fullmatch(word.value):
        raise bad_ttl(word)
    try:
        ttl = dns.ttl.from_text(word.value)
    except (ValueError, dns.exception.DNSException):
        ttl = MAX_TTL + 1
    if ttl > MAX_TTL:
        raise FaultError(
            f"TTL {quoted(word.value)} is too large", f"write at most {MAX_TTL} s", word.spot
        )
    return ttl


def _check_class(word: Word) -> None:
    if word.value.upper() not in ("IN", "CLASS1"):
        what = f"class {word.value.upper()} is not served"
        raise FaultError(what, "write IN, or leave the class out", word.spot)
