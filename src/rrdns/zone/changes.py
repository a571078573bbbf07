"""What an edit of a zone means for answers, in words for the log."""

from collections.abc import Iterator

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from . import name as names
from .name import Name
from .tree import RRset, Zone

MOST_TOLD = 20  # lines; a larger edit is summed up


def changes(before: Zone, after: Zone) -> list[str]:
    """One line per changed RRset: `www.linux.example. A: -192.0.2.11 +192.0.2.12`."""
    lines = list(_changes(before, after))
    if len(lines) > MOST_TOLD:
        return [*lines[:MOST_TOLD], f"and {len(lines) - MOST_TOLD} more RRsets"]
    return lines


def kept_its_serial(before: Zone, after: Zone) -> bool:
    """Whether the content has changed under the same SOA serial, so that secondaries would not
    notice (RFC 1034 section 4.3.5)."""
    return before.serial == after.serial and any(_changes(before, after))


def _changes(before: Zone, after: Zone) -> Iterator[str]:
    for owner in dict.fromkeys((*before.nodes, *after.nodes)):
        old, new = before.nodes.get(owner, {}), after.nodes.get(owner, {})
        for rtype in dict.fromkeys((*old, *new)):
            if old.get(rtype) != new.get(rtype):
                yield _change(owner, rtype, old.get(rtype), new.get(rtype))


def _change(owner: Name, rtype: int, old: RRset | None, new: RRset | None) -> str:
    had = old.rdatas if old else ()
    has = new.rdatas if new else ()
    parts = [f"-{rdata_text(rtype, rdata)}" for rdata in had if rdata not in has]
    parts += [f"+{rdata_text(rtype, rdata)}" for rdata in has if rdata not in had]
    if old and new and old.ttl != new.ttl:
        parts.append(f"TTL {old.ttl} -> {new.ttl}")
    what = " ".join(parts) or "another order"
    return f"{names.to_text(owner)} {type_text(rtype)}: {what}"


def type_text(rtype: int) -> str:
    """The mnemonic of a type, `TYPE65280` where it has none (RFC 3597 section 5)."""
    return dns.rdatatype.to_text(_known(rtype))


def rdata_text(rtype: int, rdata: bytes) -> str:
    """RDATA in presentation format."""
    try:
        parsed = dns.rdata.from_wire(dns.rdataclass.IN, _known(rtype), rdata, 0, len(rdata))
    except dns.exception.DNSException:
        return f"\\# {len(rdata)} {rdata.hex()}"
    return parsed.to_text()


def _known(rtype: int) -> dns.rdatatype.RdataType:
    return dns.rdatatype.RdataType.make(rtype)
