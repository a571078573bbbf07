"""Hooks: commands of the operator that are told, or asked, what happens; one after the other."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rrdns.health.probes.prober import within
from rrdns.health.probes.program import how_it_ended, run, why_not_started

MOST_WAITING = 100  # what a hook that hangs may miss, rather than memory without bound


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: `good` is exit status 0; else `reason` says what it did."""

    good: bool
    reason: str = ""


async def ask(argv: Sequence[str], told: Mapping[str, str], timeout_s: float) -> Answer:
    """Runs a command once; what it needs to know is in its environment. It does not outlive
    `timeout_s`, nor being cancelled."""
    program = argv[0]
    try:
        status, said = await within(timeout_s, run(argv, told))
    except TimeoutError:
        return Answer(False, f"{program} did not end within {timeout_s:g} s")
    except OSError as error:
        return Answer(False, why_not_started(program, error) or f"{program}: {error.strerror}")
    return Answer(status == 0, "" if status == 0 else said or f"{program} {how_it_ended(status)}")


class Herald:
    """Runs what it is given in the order in which it was given, one at a time."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._waiting: asyncio.Queue[_Errand] = asyncio.Queue(MOST_WAITING)
        self._running = asyncio.get_running_loop().create_task(self._run())

    def send(self, argv: Sequence[str], told: Mapping[str, str]) -> "asyncio.Future[Answer]":
        """Has a command run once all before it have ended."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait(_Errand(argv, told, answer))
        except asyncio.QueueFull:
            answer.set_result(Answer(False, f"{MOST_WAITING} hooks are waiting already"))
        return answer

    async def aclose(self, patience_s: float) -> None:
        """Ends, once all have run, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._waiting.join()
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _run(self) -> None:
        while True:
            errand = await self._waiting.get()
            answer = await ask(errand.argv, errand.told, self._timeout_s)
            if not errand.answer.done():
                errand.answer.set_result(answer)
            self._waiting.task_done()


@dataclass(frozen=True, slots=True)
class _Errand:
    argv: Sequence[str]
    told: Mapping[str, str]
    answer: "asyncio.Future[Answer]"
