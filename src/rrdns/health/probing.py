"""Probing as others see it: what carries a probe out, whatever happens to it."""

from collections.abc import Awaitable
from typing import Protocol

from .check import Target
from .result import Result, one_line
from .verdict import Outcome


class Probing(Protocol):
    """What the monitor needs of the probers.

    `probe` is a coroutine function, or starts at once and gives a future.
    """

    def probe(self, target: Target) -> Awaitable[Result]: ...
    async def aclose(self) -> None: ...


def defect(fault: Exception) -> Result:
    """What a probe counts as that has raised `fault`."""
    reason = one_line(f"this is a fault of rrdns, please report it: {fault!r}")
    return Result(Outcome.ERROR, reason, 0.0)
