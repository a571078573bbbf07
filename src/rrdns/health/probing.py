"""Probing as others see it: what carries a probe out, whatever happens to it."""

import asyncio
from typing import Protocol

from .check import Target
from .result import Result, one_line
from .verdict import Outcome


class Probing(Protocol):
    """What the monitor needs of the probers."""

    async def probe(self, target: Target) -> Result: ...
    async def aclose(self) -> None: ...


async def carried_out(probing: Probing, target: Target) -> tuple[Result, Exception | None]:
    """What a probe found. A defect in a prober is an error of ours, and comes with it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        return await probing.probe(target), None
    except Exception as fault:
        reason = one_line(f"this is a fault of rrdns, please report it: {fault!r}")
        return Result(Outcome.ERROR, reason, loop.time() - started), fault
