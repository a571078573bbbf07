"""Chooses the event loop: uvloop where it installs, asyncio's own elsewhere."""

import asyncio
from collections.abc import Callable


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the fastest event loop there is; None: asyncio's default. For `asyncio.Runner`."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
