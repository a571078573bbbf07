"""The questions that are asked: about every name of every zone, and the names around it."""

import itertools
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.zone
from dns.rdtypes.nsbase import NSBase  # also of CNAME, DNAME and PTR

TYPES = {
    name: dns.rdatatype.from_text(name)
    for name in (
        *("A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "DS", "SRV", "ANY"),
        *("PTR", "HTTPS", "TYPE65280"),
    )
}
FEW_TYPES = [TYPES[name] for name in ("A", "NS", "CNAME", "DS", "TXT")]
TYPES_PER_NEIGHBOUR = 2  # of them in turn: there are many neighbours
META_TYPES = (0, 41, 128, 249, 250, 253, 254, 65535)
CLASSES = (0, 2, 3, 4, 254, 255, 65535)
OPCODES = (1, 2, 3, 4, 5, 6, 7, 15)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is asked; `payload` is the EDNS size, None without EDNS."""

    stream: bool = False
    payload: int | None = None
    dnssec_ok: bool = False
    version: int = 0
    flags: int = 0x0100  # RD
    options: bytes = b""

    def __str__(self) -> str:
        edns = "" if self.payload is None else f" EDNS{self.version} {self.payload}"
        options = f" options {self.options.hex()}" if self.options else ""
        return (
            f"{'TCP' if self.stream else 'UDP'}{edns}{' DO' * self.dnssec_ok}{options}"
            f" flags {self.flags:04x}"
        )


PLAIN = Manner()
MANNERS = (
    PLAIN,
    Manner(payload=1232),
    Manner(payload=1232, dnssec_ok=True),
    Manner(stream=True),
    Manner(stream=True, payload=4096, dnssec_ok=True),
    Manner(payload=512, flags=0),
    Manner(payload=4096, dnssec_ok=True),
)
ODD_MANNERS = (
    *(Manner(flags=flags) for flags in (0x0000, 0x0400, 0x0200, 0x0080, 0x0040, 0x0020, 0x0010)),
    Manner(payload=0),
    Manner(payload=65535),
    Manner(payload=1232, version=1),
    Manner(payload=1232, version=255, dnssec_ok=True),
    Manner(payload=1232, options=struct.pack("!HH4s", 65001, 4, b"abcd")),
    Manner(payload=1232, options=struct.pack("!HHH", 11, 2, 300)),
    Manner(payload=1232, options=struct.pack("!HH", 3, 0)),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question; the letter case of `name` is part of it."""

    name: dns.name.Name
    rtype: int
    manner: Manner = PLAIN
    rclass: int = dns.rdataclass.IN

    def __str__(self) -> str:
        rtype = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(self.rtype))
        rclass = dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(self.rclass))
        return f"{self.name} {rclass} {rtype} ({self.manner})"

    def to_wire(self, message_id: int) -> bytes:
        """The query as it is sent."""
        manner = self.manner
        edns = manner.payload is not None
        head = struct.pack("!6H", message_id, manner.flags, 1, 0, 0, int(edns))
        name = b"".join(bytes((len(label),)) + label for label in self.name.labels)
        question = name + struct.pack("!HH", self.rtype, self.rclass)
        if manner.payload is None:
            return head + question
        ttl = manner.version << 16 | 0x8000 * manner.dnssec_ok
        fixed = struct.pack("!BHHIH", 0, 41, manner.payload, ttl, len(manner.options))
        return head + question + fixed + manner.options


def questions_about(apex: str, file: Path) -> Iterator[Question]:
    """All that is asked about one zone, each name in one manner of asking a type."""
    origin = dns.name.from_text(apex)
    zone = dns.zone.from_file(str(file), origin, relativize=False, check_origin=False)
    manners = itertools.cycle(MANNERS)
    owners = list(zone.nodes)
    for name in _unique(itertools.chain(owners, _targets(zone))):
        for rtype in TYPES.values():
            yield Question(name, rtype, next(manners))
        for rtype in {rdataset.rdtype for rdataset in zone.nodes.get(name, ())}:
            yield Question(name, rtype, next(manners))
    few_types = itertools.cycle(FEW_TYPES)
    for name in _unique(around for owner in owners for around in _around(owner, origin)):
        for rtype in itertools.islice(few_types, TYPES_PER_NEIGHBOUR):
            yield Question(name, rtype, next(manners))
    for name in (origin, dns.name.Name((b"Missing",)).concatenate(origin)):
        yield from _odd_questions(name)


def questions_elsewhere() -> Iterator[Question]:
    """Names that no zone has, but for the root if it is ours."""
    for text in (".", "test.", "example.", "other.example.", "arpa.", "x.ordinary.example.com."):
        name = dns.name.from_text(text)
        for rtype, manner in itertools.product(TYPES.values(), MANNERS[:4]):
            yield Question(name, rtype, manner)
        yield from _odd_questions(name)


def _odd_questions(name: dns.name.Name) -> Iterator[Question]:
    """Meta types, other classes and opcodes, and header bits that mean nothing in a query."""
    for rtype, stream in itertools.product(META_TYPES, (False, True)):
        yield Question(name, rtype, Manner(stream))
        yield Question(name, rtype, Manner(stream, payload=1232))
    for rclass, rtype in itertools.product(CLASSES, (dns.rdatatype.A, dns.rdatatype.TXT)):
        yield Question(name, rtype, rclass=rclass)
        yield Question(name, rtype, Manner(payload=1232), rclass)
    for manner in ODD_MANNERS:
        yield Question(name, dns.rdatatype.SOA, manner)
    for opcode in OPCODES:
        yield Question(name, dns.rdatatype.SOA, Manner(flags=opcode << 11))


def _targets(zone: dns.zone.Zone) -> Iterator[dns.name.Name]:
    """What aliases and delegations of the zone point to, in the zone or not."""
    for _, _, rdata in zone.iterate_rdatas():
        if isinstance(rdata, NSBase):
            yield rdata.target


def _around(owner: dns.name.Name, origin: dns.name.Name) -> Iterator[dns.name.Name]:
    """Names near `owner`: below it, beside it, above it, in capitals, and the literal wildcard."""
    for below in (b"x",), (b"X", b"y"), (b"*",), (b"x", b"*"), (b"a\0.\xff",):
        try:
            yield dns.name.Name(below).concatenate(owner)
        except dns.exception.DNSException:
            continue  # too long, so it can not be asked
    yield dns.name.Name(tuple(label.upper() for label in owner.labels))
    name = owner
    while name != origin:
        name = name.parent()
        yield name
        yield dns.name.Name((b"beside",)).concatenate(name)


def _unique(names: Iterable[dns.name.Name]) -> Iterator[dns.name.Name]:
    """Each spelling of a name once."""
    seen = set()
    for name in names:
        if name.labels not in seen:
            seen.add(name.labels)
            yield name
