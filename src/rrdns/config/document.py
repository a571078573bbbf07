"""A configuration file as a document, or why it is none; and what is wrong with names in it."""

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

from rrdns.errors import BadInputError, Place, Problem
from rrdns.files import first_octets

from .fields import MistakenError
from .source import Document, parse, place_at
from .source import Path as KeyPath
from .wording import quoted


def read_document(path: Path, most_octets: int, example: str) -> Document:
    """The document in the file at `path`; BadInputError where there is none.

    `example` is a path that the user might have meant.
    """
    return parse(
        _text(path, most_octets, f"name the configuration file, for example {example}"), str(path)
    )


def key_problems(
    document: Document, path: KeyPath, fold: Callable[[str], Hashable]
) -> Iterator[Problem]:
    """What is wrong with the keys at `path`: `fold` tells what each means, or raises a mistake."""
    firsts: dict[Hashable, str] = {}
    for key, place in document.keys(path):
        try:
            folded = fold(key)
        except MistakenError as error:
            yield from (Problem(place, what, mend) for _, what, mend in error.mistakes)
            continue
        first = firsts.setdefault(folded, key)
        if first != key:
            line = document.key_place((*path, first)).line
            what = f"{quoted(key)} is the same as {quoted(first)} on line {line}"
            yield Problem(place, what, "keep one of the two")


def _text(path: Path, most_octets: int, mend: str) -> str:
    try:
        octets = first_octets(path, most_octets + 1)
    except OSError as error:
        raise _unusable(path, f"the file can not be read: {error.strerror}", mend) from None
    if octets is None:
        raise _unusable(path, "this is not a regular file", mend)
    if len(octets) > most_octets:
        raise _unusable(path, f"the file has more than {most_octets} octets", mend)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8-sig")
        place = place_at(str(path), before, len(before))
        what = f"the octet 0x{octets[error.start]:02x} is not UTF-8"
        raise BadInputError([Problem(place, what, "save the file as UTF-8")]) from None


def _unusable(path: Path, what: str, mend: str) -> BadInputError:
    return BadInputError([Problem(Place(str(path)), what, mend)])
