"""What the server remembers: read once when it starts, written while it runs."""

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rrdns.aside import aside
from rrdns.files import claim
from rrdns.saved import LONG_AGO, Saved, UnreadableError, read, write

log = logging.getLogger(__name__)

CLOCKS_DIFFER_S = 60.0  # a file from the future is of another clock, and its age means nothing


class Memory:
    """The state file at `path`, or nothing where that is None.

    `saved` is what it held when the server was started, without what was believed of members if
    that is older than `max_age_s`: `is_young` says whether. `problem` says why the file is not, or
    was not, what it should be; `lost`, for good, why what it held at the start could not be read;
    `saved_at` is when it was last written (time.time).
    """

    def __init__(self, path: Path | None, max_age_s: float, clock: Callable[[], float]) -> None:
        self.path = path
        self.problem: str | None = None
        self.lost: str | None = None
        self.saved_at: float | None = None
        self._writing = asyncio.Lock()
        self._claim: int | None = None
        found = self._read()
        self.saved = found or LONG_AGO
        self.age_s = clock() - self.saved.at
        self.is_young = found is not None and -CLOCKS_DIFFER_S <= self.age_s <= max_age_s
        if not self.is_young:
            self.saved = replace(self.saved, healths={}, standings={})

    async def keep(self, saved: Callable[[], Saved]) -> bool:
        """Has the file hold `saved`, which is put in words on another thread; whether that is so.

        Why not is said once, and in `problem`.
        """
        if self.path is None:
            return False
        async with self._writing:
            try:
                self.saved_at = await aside(self._write, self.path, saved)
            except OSError as error:
                self._complain(f"{self.path} can not be written: {error.strerror}")
                return False
            if self.problem is not None:
                log.info("%s is written", self.path)
            self.problem = None
            return True

    def close(self) -> None:
        """Leaves the file to others."""
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def _read(self) -> Saved | None:
        if self.path is None:
            return None
        try:
            return read(self.path)
        except UnreadableError as error:
            self.problem = self.lost = f"{self.path} is ignored: {error}"
            log.warning("%s; the server starts without what it remembered", self.lost)
            return None

    def _write(self, path: Path, saved: Callable[[], Saved]) -> float:
        """Writes the file; as of when. Raises OSError."""
        if self._claim is None:
            self._claim = claim(path)
        if self._claim is None:
            raise OSError(errno.EBUSY, "another server keeps its state there; see state.file")
        words = saved()
        write(path, words)
        return words.at

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            log.error("%s; a restart will not know what is so now", problem)
        self.problem = problem
