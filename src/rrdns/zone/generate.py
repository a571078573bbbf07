"""$GENERATE: many like records from one line, as BIND has it."""

import re
from collections.abc import Callable

from .findings import FaultError
from .lexer import Word
from .mends import quoted

_RANGE = re.compile(r"(\d{1,10})-(\d{1,10})(?:/(\d{1,10}))?", re.ASCII)
_MAX_WIDTH = 127  # the longest field; BIND formats into a buffer of 128 octets
_FIELD = re.compile(
    r"\\.|\$\$|\$(?:\{(?P<offset>[+-]?\d{1,10})(?:,(?P<width>\d{1,3})(?:,(?P<base>[doxXnN]))?)?\})?",
    re.ASCII | re.DOTALL,
)


def counters(word: Word) -> range:
    """The numbers that `start-stop` or `start-stop/step` writes. Raises FaultError."""
    match = _RANGE.fullmatch(word.value)
    start, stop, step = (int(part or 1) for part in match.groups()) if match else (1, 0, 0)
    if start > stop or step < 1:
        what = f"{quoted(word.value)} is not a range"
        raise FaultError(
            what, "write the first and the last number, like 1-100 or 0-30/10", word.spot
        )
    return range(start, stop + 1, step)


def template(word: Word) -> Callable[[int], str]:
    """What makes the text of `word` for a counter, which `$` or `${offset,width,base}` stands for.

    `$$` is a dollar sign, and an escaped character stays as it is. Raises FaultError.
    """
    for field in _FIELD.finditer(word.value):
        broken = field[0] == "$" and word.value.startswith("{", field.end())
        if broken or int(field["width"] or 0) > _MAX_WIDTH:
            what = f"{quoted(word.value)} has a broken counter"
            mend = f"write $ or ${{offset,width,base}}, width up to {_MAX_WIDTH}, base d o x X n N"
            raise FaultError(what, mend, word.spot)
    return lambda counter: _FIELD.sub(lambda field: _written(field, counter, word), word.value)


def _written(field: re.Match[str], counter: int, word: Word) -> str:
    if field[0].startswith("\\"):
        return field[0]
    if field[0] == "$$":
        return "$"
    number = counter + int(field["offset"] or 0)
    width = int(field["width"] or 0)
    base = field["base"] or "d"
    if base not in "nN":
        return format(number, base).zfill(width)
    if number < 0:
        raise FaultError(f"{quoted(word.value)} goes below 0", "raise the offset", word.spot)
    digits = format(number, "x" if base == "n" else "X")[::-1]
    nibbles = ".".join(digits.ljust((width + 1) // 2, "0"))
    return nibbles + "." if len(nibbles) < width else nibbles
