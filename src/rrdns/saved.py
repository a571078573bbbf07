"""What a server remembers over a restart, and the file that holds it.

Verdicts spare the next start its round of probes, if they are young; turns go on where they were;
orders and incidents are the operators' and never grow old. The file is written beside and renamed,
so that there is a whole one at any time, whatever ends the process.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_origin, get_type_hints

from pydantic import Field, NonNegativeInt, TypeAdapter, ValidationError

from rrdns.answer.snapshot import MOST_RESTORED, RRKey
from rrdns.files import first_octets, replace_file
from rrdns.health.check import Check, Target
from rrdns.health.result import Health
from rrdns.pool.duty import Assignment, MemberKey
from rrdns.pool.incidents import Incident
from rrdns.pool.served import Departure
from rrdns.pool.standing import Standing
from rrdns.zone.name import from_text, to_text

MAX_FILE_OCTETS = 256 << 20  # a hundred thousand members take a tenth of it
FORMAT: Literal[1] = 1
ROWS = 200  # written at once: the interpreter lets no other thread run meanwhile
LAST_TIME = 253_402_300_799.0  # the last second of the year 9999, beyond which nothing is a date

T = TypeVar("T")

Question = tuple[str, str]
"""What a check asks of an address, whatever its rhythm and name: as `question_of` writes it."""


def question_of(target: Target) -> Question:
    """What `target` asks, in words that another process understands."""
    return _words_of(target.check), str(target.address)


@lru_cache(maxsize=1024)
def _words_of(check: Check) -> str:
    return repr(check.question)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was so at the time `at` (time.time)."""

    at: float
    healths: Mapping[Question, Health] = field(default_factory=dict)
    cursors: Mapping[RRKey, int] = field(default_factory=dict)
    standings: Mapping[MemberKey, Standing] = field(default_factory=dict)
    assignments: Mapping[MemberKey, Assignment] = field(default_factory=dict)
    departures: Mapping[MemberKey, Departure] = field(default_factory=dict)
    incidents: tuple[tuple[MemberKey, Incident], ...] = ()


LONG_AGO = Saved(at=0.0)


class UnreadableError(Exception):
    """The file can not be used; the text says why."""


def read(path: Path) -> Saved | None:
    """What `path` holds; None where there is no such file. Raises UnreadableError."""
    try:
        octets = first_octets(path, MAX_FILE_OCTETS + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(f"it can not be read: {error.strerror}") from None
    if octets is None:
        raise UnreadableError("it is not a regular file")
    if len(octets) > MAX_FILE_OCTETS:
        raise UnreadableError(f"it has more than {MAX_FILE_OCTETS} octets")
    try:
        return _FILE.validate_json(octets).saved()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UnreadableError(f"{where}: {first['msg']}") from None
    except (ValueError, IndexError) as error:
        raise UnreadableError(str(error)) from None


def write(path: Path, saved: Saved) -> None:
    """Has `path` hold `saved`, or what it held before. Raises OSError."""
    replace_file(path, _json(saved))


Members = list[tuple[str, str, T]]
"""Rows of the file: a pool, an address, and what there is about that member."""


@dataclass(slots=True)
class _File:
    """What JSON can say of `Saved`. Each check stands there once, and verdicts have its number."""

    format: Literal[1]
    saved_at: float
    checks: list[str]
    verdicts: list[tuple[NonNegativeInt, str, Health]]
    cursors: list[tuple[str, int, Annotated[NonNegativeInt, Field(le=MOST_RESTORED)]]]
    standings: Members[Standing]
    orders: Members[Assignment]
    departures: Members[Departure]
    incidents: Members[Incident]

    def saved(self) -> Saved:
        """Raises ValueError where a name, an address or a number is none, and IndexError."""
        members = [self.standings, self.orders, self.departures, self.incidents]
        _refuse_odd_numbers([self.saved_at, self.verdicts, *members])
        return Saved(
            self.saved_at,
            {
                (self.checks[number], address): replace(health, restored=True)
                for number, address, health in self.verdicts
            },
            {(from_text(owner), rtype): count for owner, rtype, count in self.cursors},
            dict(_by_key(self.standings)),
            dict(_by_key(self.orders)),
            dict(_by_key(self.departures)),
            tuple(_by_key(self.incidents)),
        )


def _json(saved: Saved) -> Iterator[bytes]:
    """The file that holds `saved`, as a `_File` is read, in pieces."""
    numbers = {check: at for at, check in enumerate({check: None for check, _ in saved.healths})}
    rows: dict[str, Iterable[object]] = {
        "checks": numbers,
        "verdicts": (
            (numbers[check], address, health) for (check, address), health in saved.healths.items()
        ),
        "cursors": (
            (_owner_text(owner), rtype, count) for (owner, rtype), count in saved.cursors.items()
        ),
        "standings": _members(saved.standings.items()),
        "orders": _members(saved.assignments.items()),
        "departures": _members(saved.departures.items()),
        "incidents": _members(saved.incidents),
    }
    yield f'{{"format": {FORMAT}, "saved_at": {json.dumps(saved.at)}'.encode()
    for name, several in rows.items():
        yield f', "{name}": ['.encode()
        rest, separator = iter(several), b""
        while some := list(islice(rest, ROWS)):
            yield separator + _LISTS[name].dump_json(some)[1:-1]
            separator = b","
        yield b"]"
    yield b"}\n"


_owner_text = lru_cache(maxsize=1 << 15)(to_text)


def _members(known: Iterable[tuple[MemberKey, T]]) -> Iterator[tuple[str, str, T]]:
    for (owner, address), what in known:
        yield _owner_text(owner), str(address), what


def _refuse_odd_numbers(value: object) -> None:
    """Raises ValueError for what is no time and no duration: clocks and timers would choke."""
    if isinstance(value, float):
        if not 0 <= value <= LAST_TIME:
            raise ValueError(f"{value} is neither a time nor a duration")
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_odd_numbers(each)
    elif is_dataclass(value):
        for each in fields(value):
            _refuse_odd_numbers(getattr(value, each.name))


def _by_key(rows: Members[T]) -> Iterator[tuple[MemberKey, T]]:
    for owner, address, what in rows:
        yield (from_text(owner), ip_address(address)), what


_FILE = TypeAdapter(_File)
_LISTS = {
    name: TypeAdapter(kind)
    for name, kind in get_type_hints(_File, include_extras=True).items()
    if get_origin(kind) is list
}
