"""What a server remembers over a restart, and the file that holds it.

Verdicts spare the next start its round of probes, if they are young; turns go on where they were;
orders and incidents are the operators' and never grow old. The file is written beside and renamed,
so that there is a whole one at any time, whatever ends the process.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, NonNegativeInt, TypeAdapter, ValidationError

from rrdns.answer.snapshot import MOST_RESTORED, RRKey
from rrdns.health.check import Check, Target
from rrdns.health.result import Health
from rrdns.pool.duty import Assignment, MemberKey
from rrdns.pool.incidents import Incident
from rrdns.pool.served import Departure
from rrdns.pool.standing import Standing
from rrdns.zone.name import from_text, to_text

MAX_FILE_OCTETS = 256 << 20  # a hundred thousand members take a tenth of it
FORMAT: Literal[1] = 1

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
        with path.open("rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(f"it can not be read: {error.strerror}") from None
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
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    octets = _FILE.dump_json(_File.of(saved))
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the renaming itself
    finally:
        os.close(folder)


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

    @classmethod
    def of(cls, saved: Saved) -> "_File":
        checks = dict.fromkeys(check for check, _ in saved.healths)
        numbers = {check: number for number, check in enumerate(checks)}
        return cls(
            FORMAT,
            saved.at,
            list(checks),
            [(numbers[check], address, h) for (check, address), h in saved.healths.items()],
            [(to_text(owner), rtype, count) for (owner, rtype), count in saved.cursors.items()],
            _members(saved.standings.items()),
            _members(saved.assignments.items()),
            _members(saved.departures.items()),
            _members(saved.incidents),
        )

    def saved(self) -> Saved:
        """Raises ValueError where a name or an address is none, and IndexError."""
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


def _members(known: Iterable[tuple[MemberKey, T]]) -> Members[T]:
    return [(to_text(owner), str(address), what) for (owner, address), what in known]


def _by_key(rows: Members[T]) -> Iterator[tuple[MemberKey, T]]:
    for owner, address, what in rows:
        yield (from_text(owner), ip_address(address)), what


_FILE = TypeAdapter(_File)
