"""A zone as it is being read: every record with its place, before anybody judges the whole."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rrdns.errors import Place

from .findings import Findings
from .mends import type_text
from .name import Name, to_text
from .tree import RRset, RRType


class Record(NamedTuple):
    """One record as written. `rdata` is None where it is written, but broken."""

    ttl: int
    rdata: bytes | None
    place: Place


class Draft:
    """The records of one zone, all at or below `apex`, in the order of the files.

    `torn` says that something was not readable, so that nothing can be called missing.
    """

    def __init__(self, apex: Name) -> None:
        self.apex = apex
        self.nodes: dict[Name, dict[int, list[Record]]] = {}
        self.torn = False

    def add(self, owner: Name, rtype: int, record: Record) -> None:
        """Adds one record."""
        self.nodes.setdefault(owner, {}).setdefault(rtype, []).append(record)

    def records(self, rtype: int) -> Iterator[tuple[Name, Record]]:
        """All records of one type, with their owners."""
        for owner, node in self.nodes.items():
            for record in node.get(rtype, ()):
                yield owner, record

    def rrsets(self, findings: Findings) -> list[RRset]:
        """The records joined to RRsets; warns of duplicates and of TTLs that differ."""
        return [
            _joined(owner, rtype, records, findings)
            for owner, node in self.nodes.items()
            for rtype, records in node.items()
        ]

    def places_of_address_sets(self) -> dict[tuple[Name, int], Place]:
        """Where each A and AAAA RRset of several records begins: what may be a pool."""
        return {
            (owner, rtype): node[rtype][0].place
            for owner, node in self.nodes.items()
            for rtype in (RRType.A, RRType.AAAA)
            if len(node.get(rtype, ())) > 1
        }


def _joined(owner: Name, rtype: int, records: list[Record], findings: Findings) -> RRset:
    if len(records) == 1 and records[0].rdata is not None:
        return RRset(owner, rtype, records[0].ttl, (records[0].rdata,))
    kept: dict[bytes, Record] = {}
    for record in records:
        if record.rdata is None:
            continue
        first = kept.setdefault(record.rdata, record)
        if first is not record:
            what = f"{_set_text(owner, rtype)} has this record twice, first at {first.place}"
            findings.warning(record.place, what, "remove one of the two")
    if rtype != _RRSIG:
        _warn_of_ttls(owner, rtype, records, findings)
    return RRset(owner, rtype, min(record.ttl for record in records), tuple(kept))


_RRSIG = 46  # its records follow the TTLs of what they sign (RFC 4034 section 3)


def _warn_of_ttls(owner: Name, rtype: int, records: Iterable[Record], findings: Findings) -> None:
    """Warns once where an RRset has several TTLs; the least is served (RFC 2181 section 5.2)."""
    least, *others = sorted(records, key=lambda record: (record.ttl, record.place))
    other = next((record for record in others if record.ttl != least.ttl), None)
    if other is not None:
        what = (
            f"{_set_text(owner, rtype)} has TTL {other.ttl} here and {least.ttl} at {least.place}"
        )
        mend = f"write one TTL for all of them; {least.ttl} is served"
        findings.warning(other.place, what, mend)


def _set_text(owner: Name, rtype: int) -> str:
    return f"{to_text(owner)} {type_text(rtype)}"
