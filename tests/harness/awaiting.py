"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Callable

LONGEST_S = 30.0  # bounds a hang, not a slow machine
POLL_S = 0.02


def until(condition: Callable[[], object], longest_s: float = LONGEST_S) -> None:
    """Returns once `condition` holds; AssertionError if it does not come to that."""
    deadline = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {longest_s:g} s"
        time.sleep(POLL_S)


async def eventually(condition: Callable[[], object], longest_s: float = LONGEST_S) -> None:
    """Returns once `condition` holds, of which no event tells; TimeoutError if it does not come to
    that. Others have their turn meanwhile."""
    async with asyncio.timeout(longest_s):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.001)
