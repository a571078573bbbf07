"""What an examination finds: how grave it is, what was seen, how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A failure stands in the way; a warning will hurt some day; a note is worth knowing."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` says what to do, and is empty where nothing is."""

    level: Level
    what: str
    mend: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what)


def note(what: str, mend: str = "") -> Finding:
    """Worth knowing."""
    return Finding(Level.NOTE, what, mend)


def warning(what: str, mend: str) -> Finding:
    """Serves, and yet is hardly meant."""
    return Finding(Level.WARNING, what, mend)


def failure(what: str, mend: str) -> Finding:
    """Stands in the way."""
    return Finding(Level.FAILURE, what, mend)
