"""How messages speak of what they found in a file."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_LONGEST = 60  # of a text repeated in a message, which is one line of a log
_MOST_LISTED = 12
_MOST_COMPARED = 100  # a suggestion is not worth comparing thousands of words with each other


def quoted(text: str) -> str:
    """`text` in quotes, on one line, shortened if it is long."""
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


def found(value: object) -> str:
    """What stands in the file, as the subject of a sentence."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return str(value)


def listed(words: Iterable[str]) -> str:
    """The words with commas between them, only the first if they are many."""
    every = list(words)
    return ", ".join(every[:_MOST_LISTED]) + (", ..." if len(every) > _MOST_LISTED else "")


def nearest(word: object, known: Iterable[str], otherwise: str) -> str:
    """A question for the known word that `word` resembles, or `otherwise`."""
    compared = list(islice(known, _MOST_COMPARED))
    near = get_close_matches(word, compared, n=1) if isinstance(word, str) else []
    return f"did you mean {quoted(near[0])}?" if near else otherwise
