"""The compiled form of replies, which every table takes, whatever it is written in.

A table is asked for a question and plays an `Entry`. Who has none of its own is answered by what
stands at its closest ancestor that has (`beneath`): that is how the names that do not exist, those
below a wildcard and those below a zone cut are all answered in advance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from rrdns.pool.turns import Turns
from rrdns.zone.name import Name

from .resolve import RCode
from .snapshot import RRKey


class Question(NamedTuple):
    """What an entry answers: `rtype` of class IN, or None: all types without an entry of their own.

    It is asked of `name`, or, if `beneath`, of the names below it that are nearer to no other name
    of the table.
    """

    name: Name
    rtype: int | None
    beneath: bool = False


@dataclass(frozen=True, slots=True)
class Turning:
    """The records that take turns: `sections[start:end]` of an entry, one behind the other.

    Each is `fixed`, which is everything before its data, and an address of `turns`.
    """

    key: RRKey
    turns: Turns
    start: int
    end: int
    fixed: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply, but for its ID, its question and its OPT.

    `head` are the flags and counts behind the ID for a query with neither RD nor EDNS. `sections`
    stand behind the question, in their first turn. `cuts` are (ARCOUNT, octets) at which they may
    end where room is short, most first; where none fits, the reply is truncated.

    They were encoded for a question name of `name_octets`; the compression pointers at `pointers`
    move along with a longer one, all others point to the name itself. `datagram_only` are answers
    that a stream gets another one for (RFC 8482). `extended_error` is an option for the OPT of a
    reply, where there is room for it beside all sections; empty: none.
    """

    rcode: RCode
    head: bytes
    sections: bytes
    cuts: tuple[tuple[int, int], ...]
    name_octets: int
    pointers: tuple[int, ...] = ()
    turning: Turning | None = None
    datagram_only: bool = False
    extended_error: bytes = b""


class Entries(Protocol):
    """An immutable table of entries; None stands for what is left to the reference answerer."""

    def pieces(self) -> list[object]:
        """What it is made of, in pieces that do not take long to be taken apart."""
        ...

    def with_entries(self, entries: Iterable[tuple[Question, Entry | None]]) -> Self:
        """A table that has these too, in place of those that it had for the same questions."""
        ...
