"""A save is told once it is complete, however it is made; what is the same is not told."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Never

import pytest

import rrdns.watch
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


async def test_a_change_of_mode_is_noticed_and_reading_is_not(file: Path) -> None:
    before = stamps_of([file])
    file.read_text()
    assert stamps_of([file]) == before
    async with following(file) as reader:
        file.chmod(0o640)
        await reader.notices()


async def test_a_link_that_comes_to_lead_elsewhere_is_noticed(tmp_path: Path) -> None:
    """As a Kubernetes ConfigMap changes: the link `..data` is replaced."""
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "zone").write_text(version)
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "zone").symlink_to("..data/zone")
    async with following(tmp_path / "zone") as reader:
        (tmp_path / "new").symlink_to("v2")
        (tmp_path / "new").rename(tmp_path / "..data")
        await reader.notices()


async def test_a_link_to_itself_is_no_file_until_it_is_replaced(file: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    async with following(file, loop) as reader:
        file.write_text("another")
        await reader.notices()
        loop.unlink()
        loop.write_text("one")
        await reader.notices()


@pytest.mark.parametrize("name", ["closed/folder/zone", "a\0b", "a\0b/zone"])
def test_what_can_not_be_looked_at_has_no_stamp_and_no_folder(tmp_path: Path, name: str) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "closed" / "folder").mkdir(parents=True)
    (tmp_path / "closed" / "folder" / "zone").touch()
    (tmp_path / "closed").chmod(0)
    own = os.geteuid()
    if own == 0:  # root may look at everything, so root is somebody else meanwhile
        os.seteuid(65534)
    try:
        assert stamps_of([tmp_path / name]) == {tmp_path / name: None}
        assert tmp_path / "closed" / "folder" not in rrdns.watch._directories([tmp_path / name])
    finally:
        os.seteuid(own)
        (tmp_path / "closed").chmod(0o700)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(PermissionError('Permission denied about ["/closed"]'), id="a closed folder"),
        pytest.param(OSError("OS file watch limit reached"), id="no watch left"),
        pytest.param(RuntimeError("Too many open files"), id="no inotify instance left"),
    ],
)
async def test_a_folder_that_can_not_be_watched_is_looked_at(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    attempts, tried_again = [], asyncio.Event()

    def fails(*args: object, **_: object) -> Never:
        attempts.append(args)
        if len(attempts) > 3:
            tried_again.set()
        raise failure

    with monkeypatch.context() as broken:
        broken.setattr(rrdns.watch, "awatch", fails)
        broken.setattr(rrdns.watch, "LOOK_AGAIN_MS", 20)
        async with following(file) as reader:
            for text in ("first", "second", "and third"):
                file.write_text(text)
                await reader.notices()
            await asyncio.wait_for(tried_again.wait(), LONGEST_S)
            broken.undo()
            file.write_text("watched again")
            await reader.notices()
    assert caplog.messages == [
        f"can not watch the folders of the files: {failure}; looking every 0.02 s instead"
    ]


async def test_a_file_that_is_open_for_writing_has_not_settled(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, found, looked_often = rrdns.watch._is_open_for_writing, [], asyncio.Event()

    def noted(path: Path) -> bool:
        found.append(really(path))
        if len(found) > 3:
            looked_often.set()
        return found[-1]

    monkeypatch.setattr(rrdns.watch, "_is_open_for_writing", noted)
    monkeypatch.setattr(rrdns.watch, "SETTLE_S", 0.02)
    monkeypatch.setattr(rrdns.watch, "MOST_SETTLING_S", LONGEST_S)
    async with following(file) as reader:
        with file.open("a", buffering=1) as writer:
            writer.write("half a file\n")
            await asyncio.wait_for(looked_often.wait(), LONGEST_S)
            assert all(found)
            assert not reader.seen.is_set()
        await reader.notices()
    assert not found[-1]


async def test_a_file_that_stays_open_is_read_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rrdns.watch, "MOST_SETTLING_S", 0.5)
    async with following(file) as reader:
        with file.open("a", buffering=1) as writer:
            writer.write("a line\n")
            await reader.notices()
