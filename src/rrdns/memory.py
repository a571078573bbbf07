"""What the server remembers: read once when it starts, written while it runs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rrdns.aside import aside
from rrdns.saved import LONG_AGO, Saved, UnreadableError, read, write

log = logging.getLogger(__name__)

CLOCKS_DIFFER_S = 60.0  # a file from the future is of another clock, and its age means nothing


class Memory:
    """The state file at `path`, or nothing where that is None.

    `saved` is what it held when the server was started, without what was believed of members if
    that is older than `max_age_s`: `is_young` says whether. `problem` says why the file is not, or
    was not, what it should be; `saved_at` is when it was last written (time.time).
    """

    def __init__(self, path: Path | None, max_age_s: float, clock: Callable[[], float]) -> None:
        self.path = path
        self.saved = LONG_AGO
        self.saved_at: float | None = None
        self.problem: str | None = None
        self._writing = asyncio.Lock()
        try:
            self.saved = (path and read(path)) or LONG_AGO
        except UnreadableError as error:
            self.problem = f"{path} is ignored: {error}"
            log.warning("%s; the server starts without what it remembered", self.problem)
        self.age_s = clock() - self.saved.at
        self.is_young = -CLOCKS_DIFFER_S <= self.age_s <= max_age_s
        if not self.is_young:
            self.saved = replace(self.saved, healths={}, standings={})

    async def keep(self, saved: Saved) -> bool:
        """Has the file hold `saved`; whether that is so. Why not is said once, and in `problem`."""
        if self.path is None:
            return False
        async with self._writing:
            try:
                await aside(write, self.path, saved)
            except OSError as error:
                problem = f"{self.path} can not be written: {error.strerror}"
                if problem != self.problem:
                    log.error("%s; a restart will not know what is so now", problem)
                self.problem = problem
                return False
            if self.problem is not None:
                log.info("%s is written again", self.path)
            self.problem, self.saved_at = None, saved.at
            return True
