"""What all probers share: their contract, and the end of their patience."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import Any, Generic, TypeVar

from rrdns.health.check import Address, Check
from rrdns.health.result import Result, one_line
from rrdns.health.verdict import Outcome

C = TypeVar("C", bound=Check)
T = TypeVar("T")

STALL_S = 0.05  # a timer later than this means that the loop was held up
CLEAN_UP_S = 1.0  # for what does not let itself be cancelled


class Prober(ABC, Generic[C]):
    """Probes one type of check. Made inside the running loop; owns what its probes share."""

    @abstractmethod
    def probe(self, check: C, address: Address) -> Awaitable[Result]:
        """Probe once; ends soon after `check.timeout_s` and does not raise. See `Probing`."""

    async def aclose(self) -> None:
        """Give back what is shared; nothing by default."""


def since(started: float, outcome: Outcome, reason: str) -> Result:
    """The result of a probe that began at `started` (time.monotonic)."""
    return Result(outcome, one_line(reason), time.monotonic() - started)


def milliseconds(started: float) -> str:
    """The time since `started`, as a reason says it."""
    return f"{(time.monotonic() - started) * 1000:.1f} ms"


def no_answer(timeout_s: float) -> str:
    """The reason of a probe that ran into its timeout."""
    return f"no answer within {timeout_s:g} s"


async def within(timeout_s: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises; TimeoutError after `timeout_s`.

    When the event loop itself was held up, the answer may be waiting unread: the time lost is
    then given back, once and at most `timeout_s`, before the member is blamed.
    """
    deadline = time.monotonic() + timeout_s
    task = asyncio.get_running_loop().create_task(work)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
        stalled_s = time.monotonic() - deadline
        if not task.done() and stalled_s > STALL_S:
            await asyncio.wait({task}, timeout=min(stalled_s, timeout_s))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        if task.cancel():
            task.add_done_callback(forget)
            await asyncio.wait({task}, timeout=CLEAN_UP_S)


def forget(task: "asyncio.Future[Any]") -> None:
    """What an abandoned task still raises concerns nobody; asking for it keeps asyncio quiet."""
    if not task.cancelled():
        task.exception()
