"""What is wrong with the user's files, said so that it can be mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps the input from taking effect; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a file: `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it is, what it is, how to mend it."""

    place: Place
    what: str
    mend: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        prefix = "warning: " if self.severity is Severity.WARNING else ""
        return _on_one_line(f"{self.place}: {prefix}{self.what}; {self.mend}")


class BadInputError(Exception):
    """The user's files can not take effect; `problems` says everything that is wrong, in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def _on_one_line(text: str) -> str:
    """`text` with what would break the line, or steer a terminal, written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def errors_in(problems: Iterable[Problem]) -> list[Problem]:
    """Those that keep the input from taking effect."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]
