"""`rrdns watch`: the live view in the terminal, from its start to its end."""

import asyncio
import signal
import time
from contextlib import suppress

from rich.console import Console
from rich.live import Live

from rrdns.aside import aside
from rrdns.config.settings import Contact
from rrdns.status.agreed import Report
from rrdns.status.client import NoServerError, fetch_view

from .keys import HUNG_UP, keys
from .overview import Picture, draw

ASK_EVERY_S = 1.0
LEAST_REST = 20  # times as long as the last answer took: a server that is busy is let be


async def watch(contact: Contact, wanted: str) -> None:
    """Shows the pools with `wanted` in their names until q, SIGINT or SIGTERM.

    Raises NoServerError if there is no server at the start; later on that is shown.
    """
    await _Watch(contact, wanted, await _asked(contact, wanted)).run()


class _Watch:
    """What is shown, and what is still to be done: to draw it, or to end."""

    def __init__(self, contact: Contact, wanted: str, view: Report) -> None:
        self._contact = contact
        self._wanted = wanted
        self._view = view
        self._failure = ""
        self._ended = False
        self._something = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGWINCH, self._something.set)
        asking = loop.create_task(self._keep_asking())
        console = Console()
        with (
            keys(self._pressed) as has_keys,
            Live(console=console, screen=True, auto_refresh=False) as live,
        ):
            end = "q ends" if has_keys else "Ctrl-C ends"
            while not self._ended:
                picture = Picture(str(self._contact.status), self._view, self._failure, end)
                live.update(draw(picture, console), refresh=True)
                await self._something.wait()
                self._something.clear()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    async def _keep_asking(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self._view = await _asked(self._contact, self._wanted)
                self._failure = ""
            except NoServerError as error:
                self._failure = f"Trying again: {error}"
            self._something.set()
            took = time.monotonic() - began
            await asyncio.sleep(max(ASK_EVERY_S, LEAST_REST * took))

    def _pressed(self, key: str) -> None:
        if key in (HUNG_UP, "q"):
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._something.set()


async def _asked(contact: Contact, wanted: str) -> Report:
    return await aside(fetch_view, contact, wanted)
