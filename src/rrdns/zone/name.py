"""Domain names as the server compares them: folded, uncompressed wire format.

A `Name` is the octets of RFC 1035 section 3.1 with ASCII letters in lower case (RFC 4343), so
that equality is equality of bytes, the parent is one slice, and a name cut out of a query needs
no conversion to be looked up. The letter case that a client sent is kept by the answer room.
"""

from collections.abc import Iterator
from typing import NewType

import dns.exception
import dns.name

Name = NewType("Name", bytes)

ROOT = Name(b"\0")
MAX_NAME_OCTETS = 255  # RFC 1035 section 3.1
WILDCARD_LABEL = b"\x01*"


def labels(name: Name) -> tuple[bytes, ...]:
    """The labels of `name`, leaf first, without the root label."""
    return tuple(suffix[1 : 1 + suffix[0]] for suffix in ancestry(name) if suffix != ROOT)


def parent(name: Name) -> Name:
    """The name without its first label; the root has no parent and must not be asked."""
    return Name(name[1 + name[0] :])


def ancestry(name: Name) -> Iterator[Name]:
    """`name` itself, its parent, and so on up to the root."""
    while name != ROOT:
        yield name
        name = parent(name)
    yield ROOT


def leading(wire: bytes) -> Name:
    """The uncompressed name that `wire` begins with, as RDATA does that holds several fields."""
    at = 0
    while wire[at]:
        at += 1 + wire[at]
    return Name(wire[: at + 1])


def is_at_or_below(name: Name, ancestor: Name) -> bool:
    """Whether `name` is `ancestor` or a descendant of it, label by label."""
    return name.endswith(ancestor) and ancestor in ancestry(name)


def wildcard_of(encloser: Name) -> Name:
    """The source of synthesis directly below `encloser` (RFC 4592 section 2.2.1)."""
    return Name(WILDCARD_LABEL + encloser)


def from_text(text: str, origin: Name = ROOT) -> Name:
    """The name that `text` writes, escapes (RFC 1035 section 5.1) and IDNA 2008 understood.

    A relative name is completed by `origin`. ValueError says in words what is wrong.
    """
    try:
        parsed = dns.name.from_text(
            text, dns.name.from_wire(origin, 0)[0], idna_codec=dns.name.IDNA_2008_Practical
        )
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"{text!r} is not a domain name: {error}") from None
    return Name(parsed.to_digestable())


def to_text(name: Name) -> str:
    """`name` in presentation format, with its final dot; the root is `.`."""
    return dns.name.from_wire(name, 0)[0].to_text()
