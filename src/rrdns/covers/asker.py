"""Asks takeover agents for their status, each in its own rhythm, for as long as the server runs."""

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus

import aiohttp

from rrdns.config.settings import TakeoverSettings
from rrdns.health.probes.http import judge, open_session
from rrdns.health.probes.prober import no_answer, within
from rrdns.health.result import one_line
from rrdns.pool.cover import Word

from .words import MOST_OCTETS, NonsenseError, word_of

log = logging.getLogger(__name__)

ACCEPT = {"Accept": "application/json"}

Heard = Callable[[str, Word | str], None]


class Asker:
    """One task for each agent, from `follow` until `aclose`. Lives in one event loop.

    `heard` is told of each question: the agent's URL and its word, or in a text why there is none.
    """

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._following = TakeoverSettings()
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, takeover: TakeoverSettings) -> None:
        """Asks these agents from now on, and no others."""
        if takeover == self._following:
            return
        self._following = takeover
        for task in self._tasks:
            task.cancel()
        if self._session is None:
            self._session = open_session()
        for url in takeover.status:
            asking = self._keep_asking(self._session, url, takeover)
            task = asyncio.get_running_loop().create_task(asking)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Asks nobody any more, and closes what is open."""
        self.follow(TakeoverSettings())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _keep_asking(
        self, session: aiohttp.ClientSession, url: str, takeover: TakeoverSettings
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            next_at = loop.time() + takeover.interval_s
            try:
                self._heard(url, await _said(session, url, takeover.timeout_s))
            except Exception:  # a defect of ours must not end this for good
                log.exception("the status of %s could not be made use of; please report this", url)
            await asyncio.sleep(max(0.0, next_at - loop.time()))


async def _said(session: aiohttp.ClientSession, url: str, timeout_s: float) -> Word | str:
    """The word of an agent, or why there is none."""
    started = time.monotonic()
    try:
        return word_of(await within(timeout_s, _body(session, url)))
    except TimeoutError:
        return no_answer(timeout_s)
    except NonsenseError as error:
        return one_line(str(error))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return judge(error, started).reason


async def _body(session: aiohttp.ClientSession, url: str) -> bytes:
    """Raises NonsenseError for what can not be an agent's status."""
    async with session.get(url, headers=ACCEPT, allow_redirects=False) as response:
        if response.status != HTTPStatus.OK:
            raise NonsenseError(f"status {response.status}, wanted {HTTPStatus.OK}")
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > MOST_OCTETS:
                raise NonsenseError(f"not an agent's status: it has more than {MOST_OCTETS} octets")
        return bytes(body)
