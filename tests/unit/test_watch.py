"""A save is told once it is complete, however it is made; what is the same is not told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from rrdns.watch import Stamps, saves, stamps_of

LONGEST_S = 30.0


class Reader:
    """Reads `file` as the server does: with its stamp taken before."""

    def __init__(self, *files: Path) -> None:
        self.files = files
        self.stamps: Stamps = stamps_of(files)
        self.seen = asyncio.Event()

    async def follow(self) -> None:
        async with aclosing(saves(lambda: self.stamps)) as settled:
            async for _ in settled:
                self.stamps = stamps_of(self.files)
                self.seen.set()

    async def notices(self) -> None:
        await asyncio.wait_for(self.seen.wait(), LONGEST_S)
        self.seen.clear()


@asynccontextmanager
async def following(*files: Path) -> AsyncIterator[Reader]:
    reader = Reader(*files)
    task = asyncio.create_task(reader.follow())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.zone"
    path.write_text("one")
    return path


async def test_a_write_in_place_is_noticed(file: Path) -> None:
    async with following(file) as reader:
        file.write_text("another")
        await reader.notices()


async def test_a_rename_over_the_file_is_noticed(file: Path) -> None:
    async with following(file) as reader:
        new = file.with_name(".a.zone.swp")
        new.write_text("one")
        new.rename(file)
        await reader.notices()


async def test_a_file_that_vanishes_and_comes_back_is_noticed(file: Path) -> None:
    async with following(file) as reader:
        file.unlink()
        await reader.notices()
        file.write_text("one")
        await reader.notices()


async def test_what_a_link_leads_to_is_watched_too(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "real.zone"
    target.write_text("one")
    link = tmp_path / "link.zone"
    link.symlink_to(target)
    async with following(link) as reader:
        target.write_text("another")
        await reader.notices()


async def test_a_change_before_the_watch_began_is_noticed(file: Path) -> None:
    reader = Reader(file)
    file.write_text("another")
    task = asyncio.create_task(reader.follow())
    await reader.notices()
    task.cancel()


async def test_other_files_in_the_folder_are_nothing_to_read(file: Path, tmp_path: Path) -> None:
    async with following(file) as reader:
        (tmp_path / "other").write_text("x")
        file.write_text("another")
        await reader.notices()
        assert reader.stamps == stamps_of([file])
