"""Watches the files that were read, and tells when a save of them is complete.

Directories are watched, not files, because editors write a temporary file and rename it. Whether
something has changed is decided by comparing stamps with those of the last reading, so a lost or
doubled event does no harm: the stamps are also compared every `LOOK_AGAIN_MS`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import NamedTuple

from watchfiles import awatch

SETTLE_S = 0.1  # a file that has not changed for so long is taken to be written whole
MOST_SETTLING_S = 3.0  # a file that is written to all the time is read all the same
LOOK_AGAIN_MS = 2000


class Stamp(NamedTuple):
    """What tells one version of a file from another without reading it."""

    modified_ns: int
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
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)


async def saves(last_read: Callable[[], Stamps]) -> AsyncGenerator[None, None]:
    """Yields each time files differ from their `last_read` stamps and have settled."""
    while True:
        directories = _directories(last_read())
        if not directories:
            await asyncio.sleep(LOOK_AGAIN_MS / 1000)
            continue
        # A directory that vanishes ends the watch; it begins again with those that are there.
        with suppress(OSError):
            async with aclosing(_events(directories)) as events:
                async for _ in events:
                    stamps = last_read()
                    if stamps_of(stamps) != stamps:
                        await _settled(stamps)
                        yield
                    if _directories(last_read()) != directories:
                        break


async def _events(directories: frozenset[Path]) -> AsyncGenerator[None, None]:
    yield  # what changed before the watch began is noticed at once
    async for _ in awatch(
        *directories,
        watch_filter=None,
        debounce=50,
        step=10,
        rust_timeout=LOOK_AGAIN_MS,
        yield_on_timeout=True,
        recursive=False,
    ):
        yield


def _directories(files: Iterable[Path]) -> frozenset[Path]:
    """Where the files are, and where links to them lead."""
    parents = {parent for file in files for parent in (file.parent, file.resolve().parent)}
    return frozenset(parent for parent in parents if parent.is_dir())


async def _settled(files: Iterable[Path]) -> None:
    """Returns once the files have not changed for `SETTLE_S`."""
    now = asyncio.get_running_loop().time
    deadline = now() + MOST_SETTLING_S
    stamps = stamps_of(files)
    while now() < deadline:
        await asyncio.sleep(SETTLE_S)
        before, stamps = stamps, stamps_of(files)
        if stamps == before:
            return
