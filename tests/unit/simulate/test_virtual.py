"""Virtual time passes only when nobody has anything to do, and costs no real time."""

import asyncio
import time

import pytest

from rrdns.aside import aside
from rrdns.simulate import LONGEST_S
from rrdns.simulate.virtual import NothingLeftError, run_virtually


def test_waiting_takes_as_long_as_was_said_and_no_time() -> None:
    async def story() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append((name, loop.time()))

        await asyncio.gather(sleeper("long", LONGEST_S), sleeper("short", 0.25), sleeper("none", 0))
        return woken

    assert run_virtually(story()) == [("none", 0.0), ("short", 0.25), ("long", LONGEST_S)]


def test_no_time_passes_while_somebody_has_something_to_do() -> None:
    async def story() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtually(story()) == 0.0


def test_work_aside_takes_no_time_and_is_done_at_once() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, lambda: None)  # would be next, if the work were waited for
        await aside(time.sleep, 0.01)
        with pytest.raises(ZeroDivisionError):
            await aside(divmod, 1, 0)
        return loop.time()

    assert run_virtually(story()) == 0.0


def test_who_waits_for_nothing_is_told_so() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeftError):
        run_virtually(story())


def test_two_runs_are_the_same() -> None:
    async def story() -> list[float]:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        for n in range(50):
            loop.call_later(n * 0.1 % 0.7, lambda: times.append(loop.time()))
        await asyncio.sleep(1)
        return times

    assert run_virtually(story()) == run_virtually(story())
