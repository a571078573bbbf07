"""Master files cut into entries, and entries into words (RFC 1035 section 5.1).

An entry is what parentheses and quotes hold together: one record or directive. A mistake in one
entry leaves the next ones readable. The words are dnspython's tokens, which read the record data
(rdata.py), with their spot in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.tokenizer

from .findings import FaultError, Spot

_PART = re.compile(
    r"""[ \t]*+ (?:
      (?P<word>(?:[^ \t\n;()"\\]++|\\.)++)
    | "(?P<quoted>(?:[^"\\\n]++|\\.)*+)"
    | (?P<end>(?:;[^\n]*+)?\n)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<stray>["\\][^\n]*+)
    )""",
    re.VERBOSE,
)
_FAULTS = {
    ")": ("this parenthesis closes nothing", "remove it, or add the '(' that it belongs to"),
    '"': (
        "the quote that opens here is not closed in its line",
        "add the closing quote; a text over two lines takes two quoted strings in parentheses",
    ),
    "\\": (
        "a backslash ends the line",
        "remove it; a record goes on in the next line where parentheses enclose it",
    ),
}
_FRESH_ENTRY = re.compile(r"^[^ \t\n;)]", re.MULTILINE)


class Word(dns.tokenizer.Token):
    """One word of an entry. `spaced` says whether white space stands before it."""

    def __init__(self, ttype: int, value: str, spot: Spot, spaced: bool) -> None:
        super().__init__(ttype, value, "\\" in value)
        self.spot = spot
        self.spaced = spaced


@dataclass(slots=True)
class Entry:
    """One record or directive; `indented` where the owner name is left out.

    `end` is the spot after the last word. With a `fault` the words are not to be trusted.
    """

    indented: bool
    words: list[Word] = field(default_factory=list)
    end: Spot = (0, 0)
    fault: FaultError | None = None

    def blame(self, character: str, spot: Spot) -> None:
        """Says what is wrong with `character`, unless something before it is wrong already."""
        if self.fault is None:
            self.fault = FaultError(*_FAULTS[character], spot)


def entries(text: str) -> Iterator[Entry]:
    """The entries of `text`, whose lines end in LF; empty ones are left out."""
    if not text.endswith("\n"):
        text += "\n"
    position, line = 0, 1
    while position < len(text):
        entry, position, line = _entry_at(text, position, line)
        if entry.words or entry.fault is not None:
            yield entry


@dataclass(frozen=True, slots=True)
class _Parenthesis:
    """An opening parenthesis: its spot, and the position after it."""

    spot: Spot
    position: int


_NONE_OPEN = _Parenthesis((0, 0), 0)


def _entry_at(text: str, position: int, line: int) -> tuple[Entry, int, int]:
    """The entry at `position`, which begins a line, and where the next one begins."""
    entry = Entry(text[position] in " \t")
    margin = position - 1  # so that a difference is a column
    opened = _NONE_OPEN
    for part in _PART.finditer(text, position):
        kind = part.lastgroup or ""
        spot = line, part.start(kind) - margin
        if kind == "word" or kind == "quoted":
            entry.words.append(_word(part, kind, spot))
        elif kind == "end" and opened is _NONE_OPEN:
            entry.end = spot
            return entry, part.end(), line + 1
        elif kind == "end":
            line, margin = line + 1, part.end() - 1
        elif kind == "open" and opened is _NONE_OPEN:
            opened = _Parenthesis(spot, part.end())
        elif kind == "open":
            break
        elif kind == "close" and opened is not _NONE_OPEN:
            opened = _NONE_OPEN
        else:
            entry.blame(part[kind][0], spot)
    return _after_unclosed(opened, text)


def _word(part: re.Match[str], kind: str, spot: Spot) -> Word:
    spaced = part[0][0] in " \t"
    if kind == "word":
        return Word(dns.tokenizer.IDENTIFIER, part[kind], spot, spaced)
    return Word(dns.tokenizer.QUOTED_STRING, part[kind], (spot[0], spot[1] - 1), spaced)


def _after_unclosed(opened: _Parenthesis, text: str) -> tuple[Entry, int, int]:
    """Gives the entry up, and goes on where a line looks like the beginning of the next one."""
    fault = FaultError(
        "this parenthesis is not closed before the file ends or the next one opens",
        "add the ')' that ends this record",
        opened.spot,
    )
    fresh = _FRESH_ENTRY.search(text, text.index("\n", opened.position))
    position = fresh.start() if fresh else len(text)
    line = opened.spot[0] + text.count("\n", opened.position, position)
    return Entry(indented=False, fault=fault), position, line
