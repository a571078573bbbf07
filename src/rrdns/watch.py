"""Watches the files that were read, and tells when a save of them is complete.

Directories are watched, not files, because editors write a temporary file and rename it. Whether
something has changed is decided by comparing stamps with those of the last reading, so a lost or
doubled event does no harm: the stamps are also compared every `LOOK_AGAIN_MS`.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, F_UNLCK, fcntl
from pathlib import Path
from signal import SIGURG
from typing import NamedTuple

from watchfiles import awatch

from rrdns.zone.source import resolved

log = logging.getLogger(__name__)

SETTLE_S = 0.25  # a file that has not changed for so long is taken to be written whole
MOST_SETTLING_S = 3.0  # a file that is written to all the time is read all the same
LOOK_AGAIN_MS = 2000


class Stamp(NamedTuple):
    """What tells one version of a file from another without reading it.

    `changed_ns` is also of a change of owner or mode, which may make the file readable.
    """

    modified_ns: int
    changed_ns: int
    octets: int
    inode: int


Stamps = Mapping[Path, Stamp | None]
"""The stamp of each file, None where there is none."""


def stamps_of(files: Iterable[Path]) -> Stamps:
    """The stamps of `files` as they are now, links followed."""
    return {file: _stamp(file) for file in files}


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError for a NUL in the name
        return None
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


async def saves(last_read: Callable[[], Stamps]) -> AsyncGenerator[None, None]:
    """Yields each time files differ from their `last_read` stamps and have settled."""
    watch = _Watch()
    while True:
        directories = _directories(last_read())
        async with aclosing(watch.moments(directories)) as moments:
            async for _ in moments:
                stamps = last_read()
                if stamps_of(stamps) != stamps:
                    await _settled(stamps)
                    yield
                if _directories(last_read()) != directories:
                    break


class _Watch:
    """Tells when to look at the files, also where their directories can not be watched."""

    def __init__(self) -> None:
        self._failure = ""  # that was told last, so as to tell it once

    async def moments(self, directories: frozenset[Path]) -> AsyncGenerator[None, None]:
        """Yields on every event there and every `LOOK_AGAIN_MS`; ends, not at once, on failure."""
        yield  # what changed before the watch began is noticed at once
        if directories:
            try:
                async with aclosing(_events(directories)) as events:
                    async for _ in events:
                        self._failure = ""
                        yield
            except Exception as error:  # what watchfiles raises is of many kinds
                self._tell(str(error))
        await asyncio.sleep(LOOK_AGAIN_MS / 1000)

    def _tell(self, failure: str) -> None:
        if failure != self._failure:
            self._failure = failure
            log.warning(
                "can not watch the folders of the files: %s; looking every %g s instead",
                failure,
                LOOK_AGAIN_MS / 1000,
            )


def _events(directories: frozenset[Path]) -> AsyncGenerator[object, None]:
    return awatch(
        *directories,
        watch_filter=None,
        debounce=50,
        step=10,
        rust_timeout=LOOK_AGAIN_MS,
        yield_on_timeout=True,
        recursive=False,
    )


def _directories(files: Iterable[Path]) -> frozenset[Path]:
    """Where the files are, and where links to them lead."""
    parents = {parent for file in files for parent in (file.parent, resolved(file).parent)}
    return frozenset(parent for parent in parents if _is_directory(parent))


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # for one in a directory that is closed to us
        return False


async def _settled(last_read: Stamps) -> None:
    """Returns once the files have not changed for `SETTLE_S`, and nobody is known to write one."""
    now = asyncio.get_running_loop().time
    deadline = now() + MOST_SETTLING_S
    stamps = stamps_of(last_read)
    while now() < deadline:
        await asyncio.sleep(SETTLE_S)
        before, stamps = stamps, stamps_of(last_read)
        new = (file for file in stamps if stamps[file] != last_read[file])
        if stamps == before and not any(map(_is_open_for_writing, new)):
            return


def _is_open_for_writing(file: Path) -> bool:
    """Whether somebody has the file open for writing; False where we may not know.

    The kernel refuses a read lease on such a file (fcntl(2)), and on one of another owner.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        # Who opens it while we have the lease has us sent a signal: not SIGIO, which would end us.
        fcntl(descriptor, F_SETSIG, SIGURG)
        fcntl(descriptor, F_SETLEASE, F_RDLCK)
        fcntl(descriptor, F_SETLEASE, F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
