"""Hooks run one after the other, know what has happened, and are not waited for for long."""

import asyncio
from pathlib import Path

import pytest

from harness.awaiting import eventually
from rrdns.takeover import herald
from rrdns.takeover.herald import Answer, Herald, ask

LONG_S = 30.0  # bounds a hang
SHORT_S = 0.2
TOLD = {"RRDNS_EVENT": "claimed", "RRDNS_VIP": "10.0.0.127"}


def shell(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (shell("exit 0"), Answer(True)),
        (shell("echo said; exit 0"), Answer(True)),
        (shell("echo no license; exit 1"), Answer(False, "no license")),
        (shell("echo to stderr >&2; exit 3"), Answer(False, "/bin/sh exited with 3")),
        (shell("exit 3"), Answer(False, "/bin/sh exited with 3")),
        (shell("kill -9 $$"), Answer(False, "/bin/sh was killed by SIGKILL")),
        (shell('test "$RRDNS_VIP" = 10.0.0.127'), Answer(True)),
    ],
    ids=["good", "good and talks", "says no", "says no to stderr", "mute", "killed", "is told"],
)
async def test_a_command_is_asked(argv: tuple[str, ...], answer: Answer) -> None:
    assert await ask(argv, TOLD, LONG_S) == answer


@pytest.mark.parametrize(
    ("program", "reason"),
    [("./nowhere", "is not there; look at its path"), ("/etc/passwd", "may not be run; make it")],
)
async def test_what_can_not_be_run_is_told(program: str, reason: str) -> None:
    answer = await ask([program], TOLD, LONG_S)
    assert not answer.good
    assert reason in answer.reason


async def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    answer = await ask(shell(f"echo $$ > {file}; exec sleep 600"), TOLD, SHORT_S)
    assert answer == Answer(False, "/bin/sh did not end within 0.2 s")
    process = Path(f"/proc/{file.read_text().strip()}")
    await eventually(lambda: not process.exists())


async def test_hooks_run_in_their_order_one_at_a_time(tmp_path: Path) -> None:
    """The first is the slowest, and yet the others come after it."""
    file = tmp_path / "told"
    going = Herald(LONG_S)
    answers = [
        going.send(shell(f"{pause} echo begins {name} >> {file}; echo ends {name} >> {file}"), TOLD)
        for name, pause in (("one", "sleep 0.1;"), ("two", ""), ("three", ""))
    ]
    assert await asyncio.gather(*answers) == [Answer(True)] * 3
    await going.aclose(LONG_S)
    names = [line.split() for line in file.read_text().splitlines()]
    assert names == [
        [word, name] for name in ("one", "two", "three") for word in ("begins", "ends")
    ]


async def test_one_that_hangs_holds_up_the_next_for_no_longer_than_its_timeout() -> None:
    going = Herald(SHORT_S)
    hangs, runs = going.send(("/bin/sleep", "600"), TOLD), going.send(shell("exit 0"), TOLD)
    assert not (await hangs).good
    assert (await runs).good
    await going.aclose(LONG_S)


async def test_no_more_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(herald, "MOST_WAITING", 2)
    going = Herald(LONG_S)
    answers = [going.send(shell("exit 0"), TOLD) for _ in range(3)]
    assert await answers[-1] == Answer(False, "2 hooks are waiting already")
    assert await asyncio.gather(*answers[:-1]) == [Answer(True)] * 2
    await going.aclose(LONG_S)


async def test_at_the_end_those_that_wait_still_run(tmp_path: Path) -> None:
    file = tmp_path / "told"
    going = Herald(LONG_S)
    going.send(shell(f"echo released >> {file}"), TOLD)
    await going.aclose(LONG_S)
    assert file.read_text() == "released\n"


async def test_the_end_is_not_put_off_by_one_that_hangs() -> None:
    going = Herald(600.0)
    going.send(("/bin/sleep", "600"), TOLD)
    async with asyncio.timeout(LONG_S):
        await going.aclose(SHORT_S)


async def test_who_has_left_is_not_told_and_the_next_one_is() -> None:
    going = Herald(LONG_S)
    left, stays = going.send(shell("exit 0"), TOLD), going.send(shell("exit 0"), TOLD)
    left.cancel()
    assert (await stays).good
    await going.aclose(LONG_S)
