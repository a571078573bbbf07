"""What was believed is trusted while it is young, orders always; what is wrong with the file is
said once, and ends nothing.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rrdns.memory import Memory
from rrdns.saved import Saved, read, write

from .test_saved import SAVED

MAX_AGE_S = 300.0
NOBODY = 65534


def memory(path: Path | None, age_s: float = 10.0) -> Memory:
    return Memory(path, MAX_AGE_S, lambda: SAVED.at + age_s)


@pytest.mark.parametrize(
    ("age_s", "young"),
    [(0, True), (MAX_AGE_S, True), (MAX_AGE_S + 1, False), (-60, True), (-61, False)],
    ids=["now", "just", "too old", "clocks differ a bit", "from the future"],
)
def test_verdicts_are_worth_something_while_they_are_young(
    tmp_path: Path, age_s: float, *, young: bool
) -> None:
    write(tmp_path / "state.json", SAVED)
    found = memory(tmp_path / "state.json", age_s)
    assert found.is_young is young
    assert bool(found.saved.healths) is bool(found.saved.standings) is young
    assert found.saved.assignments == SAVED.assignments
    assert found.saved.incidents == SAVED.incidents
    assert found.saved.cursors == SAVED.cursors


def test_where_nothing_was_remembered_nothing_is_young(tmp_path: Path) -> None:
    for path in (None, tmp_path / "state.json"):
        found = Memory(path, MAX_AGE_S, lambda: 100.0)  # a clock that nobody has set
        assert not found.is_young
        assert (found.problem, found.lost, found.saved_at) == (None, None, None)


async def test_what_is_kept_is_in_the_file(tmp_path: Path) -> None:
    found = memory(tmp_path / "state.json")
    assert await found.keep(lambda: SAVED)
    assert read(tmp_path / "state.json") == SAVED
    assert (found.saved_at, found.problem) == (SAVED.at, None)
    found.close()


async def test_without_a_file_nothing_is_kept() -> None:
    assert not await memory(None).keep(lambda: SAVED)


def test_an_unreadable_file_is_said_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state.json").write_text("{")
    found = memory(tmp_path / "state.json")
    assert found.problem is not None
    assert "state.json is ignored: the whole: Invalid JSON" in found.problem
    assert found.saved == Saved(at=0.0)
    assert caplog.messages == [f"{found.problem}; the server starts without what it remembered"]


async def test_that_the_file_was_ignored_is_known_after_it_was_written_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "state.json").write_text("{")
    found = memory(tmp_path / "state.json")
    said = found.problem
    assert await found.keep(lambda: SAVED)
    assert (found.problem, found.lost) == (None, said)
    found.close()


async def test_a_file_that_can_not_be_written_is_said_once_and_so_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "gone"
    found = memory(folder / "state.json")
    assert [await found.keep(lambda: SAVED) for _ in range(3)] == [False] * 3
    assert found.problem == f"{folder}/state.json can not be written: No such file or directory"
    assert len(caplog.messages) == 1
    folder.mkdir()
    assert await found.keep(lambda: SAVED)
    assert found.problem is None
    assert caplog.messages[1:] == [f"{folder}/state.json is written"]
    found.close()


async def test_of_two_servers_the_first_has_the_file(tmp_path: Path) -> None:
    first, second = memory(tmp_path / "state.json"), memory(tmp_path / "state.json")
    assert await first.keep(lambda: SAVED)
    assert not await second.keep(lambda: Saved(2.0))
    assert second.problem is not None
    assert "another server keeps its state there; see state.file" in second.problem
    assert read(tmp_path / "state.json") == SAVED
    first.close()
    assert await second.keep(lambda: Saved(2.0))
    second.close()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read everything, and is nobody meanwhile."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read_is_ignored(tmp_path: Path) -> None:
    write(tmp_path / "state.json", SAVED)
    (tmp_path / "state.json").chmod(0)
    with unprivileged():
        problem = memory(tmp_path / "state.json").problem
    assert problem is not None
    assert "Permission denied" in problem
