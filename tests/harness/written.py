"""A table that nobody can ask, only read."""

from collections.abc import Iterable
from typing import Self

from rrdns.answer.entry import Entry, Question


class Written(dict[Question, Entry | None]):
    """The entries by their questions, as they were written."""

    def with_entries(self, entries: Iterable[tuple[Question, Entry | None]]) -> Self:
        return type(self)({**self, **dict(entries)})
