"""A program's exit status is the outcome, and nothing it has started outlives the probe."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from harness.awaiting import eventually
from rrdns.health.check import CommandCheck
from rrdns.health.result import MAX_REASON
from rrdns.health.verdict import Outcome

from .conftest import Run, descriptors, probing


def shell(script: str, timeout_s: float = 20.0) -> CommandCheck:
    return CommandCheck(name="own", argv=("/bin/sh", "-c", script), timeout_s=timeout_s)


def children() -> set[str]:
    """The processes that this one is the parent of, zombies included."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return set(listed)


def running_for(address: str) -> list[str]:
    """The processes that a probe of `address` has started and that still run."""
    mark = f"RRDNS_ADDRESS={address}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(folder.name)
    return found


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ("echo fine; echo more", Outcome.PASS, "fine"),
        ("echo replica lags 90 s; exit 1", Outcome.FAIL, "replica lags 90 s"),
        ("exit 1", Outcome.FAIL, "/bin/sh exited with 1"),
        (
            "echo broken; exit 2",
            Outcome.ERROR,
            "/bin/sh exited with 2; it must exit with 0 (pass) or 1 (fail): broken",
        ),
        (
            "kill -SEGV $$",
            Outcome.ERROR,
            "/bin/sh was killed by SIGSEGV; it must exit with 0 (pass) or 1 (fail)",
        ),
        ("printf 'a\\033[2Jb\\0c\\n'", Outcome.PASS, "a [2Jb c"),
        ("yes | head -c 10000000 | tr -d '\\n'; exit 1", Outcome.FAIL, "y" * MAX_REASON),
        ("exec >&-; exit 1", Outcome.FAIL, "/bin/sh exited with 1"),
    ],
)
def test_exit_status_and_first_line(run: Run, script: str, outcome: Outcome, reason: str) -> None:
    async def story() -> None:
        async with probing() as probe:
            result = await probe(shell(script))
            assert (result.outcome, result.reason) == (outcome, reason)

    run(story())


def test_a_silent_pass_says_how_long_it_took(run: Run) -> None:
    async def story() -> None:
        async with probing() as probe:
            result = await probe(shell("exit 0"))
            assert result.outcome is Outcome.PASS
            assert result.reason.startswith("exit 0 in ")

    run(story())


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("/bin/echo", "a", "{address}:80", "b"), "a 192.0.2.7:80 b"),
        (("/bin/echo", "a"), "a 192.0.2.7"),
        (("/bin/sh", "-c", "echo $RRDNS_ADDRESS; exit 0"), "192.0.2.7"),
        (("/bin/sh", "-c", "set | grep -c SECRET; exit 0"), "0"),
    ],
    ids=["in place", "appended", "in the environment", "the environment is ours"],
)
def test_how_the_program_is_told_the_address(
    run: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("SECRET", "not for others")

    async def story() -> None:
        async with probing() as probe:
            result = await probe(CommandCheck(name="own", argv=argv, timeout_s=20.0), "192.0.2.7")
            assert (result.outcome, result.reason) == (Outcome.PASS, said)

    run(story())


def test_a_program_that_is_not_there_or_not_executable_is_our_error(
    run: Run, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    lost = tmp_path / "lost"
    lost.write_text("#!/no/such/interpreter\n")
    lost.chmod(0o755)
    not_a_program = tmp_path / "odd"
    not_a_program.write_text("no program")
    not_a_program.chmod(0o755)

    async def story() -> None:
        async with probing() as probe:
            for program, word in [
                (tmp_path / "none", "is not there"),
                (plain, "may not be run"),
                (lost, "or its interpreter, is not there"),
                (not_a_program, ""),  # the loops differ: one tries it as a shell script
            ]:
                result = await probe(CommandCheck(name="own", argv=(str(program),)))
                assert result.outcome is Outcome.ERROR
                assert word in result.reason

    run(story())


FAMILY = "sleep 1000 & sh -c 'sleep 1000; true'; true"


def test_at_the_timeout_the_program_and_its_children_are_killed(run: Run) -> None:
    async def story() -> None:
        before = children()
        async with probing() as probe:
            pending = asyncio.ensure_future(probe(shell(FAMILY, timeout_s=0.5), "192.0.2.21"))
            await eventually(lambda: bool(running_for("192.0.2.21")))
            result = await pending
        assert (result.outcome, result.reason) == (Outcome.FAIL, "/bin/sh did not end within 0.5 s")
        assert children() <= before, "no zombie"
        await eventually(lambda: not running_for("192.0.2.21"))

    run(story())


@pytest.mark.parametrize("turns", range(8))
def test_a_probe_cancelled_at_any_turn_of_the_loop_leaves_nothing_behind(
    run: Run, turns: int
) -> None:
    async def story() -> None:
        before = children()
        async with probing() as probe:
            pending = asyncio.ensure_future(probe(shell(FAMILY), "192.0.2.22"))
            for _ in range(turns):
                await asyncio.sleep(0)
            time.sleep(0.05)  # noqa: ASYNC251 - the program goes on, the loop does not
            pending.cancel()
            await asyncio.wait({pending})
        assert pending.cancelled()
        await eventually(lambda: not running_for("192.0.2.22"))
        assert children() <= before, "no zombie"

    run(story())


def test_what_a_program_leaves_in_the_background_neither_delays_nor_survives(run: Run) -> None:
    async def story() -> None:
        async with probing() as probe:
            result = await probe(shell("sleep 1000 & echo done; exit 0"), "192.0.2.23")
            assert (result.outcome, result.reason) == (Outcome.PASS, "done")
        await eventually(lambda: not running_for("192.0.2.23"))

    run(story())


def test_no_descriptor_is_left_open(run: Run) -> None:
    async def story() -> None:
        async with probing() as probe:
            await probe(shell("true"))
            before = descriptors()
            for _ in range(20):
                await probe(shell("true"))
            await eventually(lambda: descriptors() <= before)

    run(story())
