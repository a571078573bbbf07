"""What an edit of a zone means for answers, in words for the log."""

from collections.abc import Iterator

from . import name as names
from .name import Name
from .presentation import rdata_text, type_text
from .tree import Node, RRset, Zone

MOST_TOLD = 20  # lines; a larger edit is summed up


def changes(before: Zone, after: Zone) -> list[str]:
    """One line per changed RRset: `www.linux.example. A: -192.0.2.11 +192.0.2.12`."""
    changed = [
        (owner, rtype, old.get(rtype), new.get(rtype))
        for owner, old, new in _changed_nodes(before, after)
        for rtype in dict.fromkeys((*old, *new))
        if old.get(rtype) != new.get(rtype)
    ]
    lines = [_change(*change) for change in changed[:MOST_TOLD]]
    more = len(changed) - len(lines)
    return [*lines, f"and {more} more RRsets"] if more else lines


def _changed_nodes(before: Zone, after: Zone) -> Iterator[tuple[Name, Node, Node]]:
    for owner in dict.fromkeys((*before.nodes, *after.nodes)):
        old, new = before.nodes.get(owner, {}), after.nodes.get(owner, {})
        if old != new:
            yield owner, old, new


def _change(owner: Name, rtype: int, old: RRset | None, new: RRset | None) -> str:
    had = old.rdatas if old else ()
    has = new.rdatas if new else ()
    parts = [f"-{rdata_text(rtype, rdata)}" for rdata in had if rdata not in has]
    parts += [f"+{rdata_text(rtype, rdata)}" for rdata in has if rdata not in had]
    if old and new and old.ttl != new.ttl:
        parts.append(f"TTL {old.ttl} -> {new.ttl}")
    what = " ".join(parts) or "another order"
    return f"{names.to_text(owner)} {type_text(rtype)}: {what}"
