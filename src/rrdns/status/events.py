"""Streams of what is new on the page: Server-Sent Events (HTML, "Server-sent events").

The page is drawn once for all who follow it, at most once a second, and not at all while nobody
does. A stream sends what differs between the newest frame and what it has sent before, and looks
again only when that is taken: who reads slowly skips frames, and they do not pile up.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping

from rrdns.aside import aside

from .agreed import Report
from .page.document import Frame

log = logging.getLogger(__name__)

MOST_STREAMS = 16  # people who look on; the oldest gives way to a new one
EVERY_S = 1.0
LEAST_REST = 20  # times as long as the last drawing took: at most 5 % of one core
BEAT_S = 15.0  # after which a stream says something though nothing is new
RETRY_MS = 2000
CROWDED_RETRY_MS = 60_000  # for who gave way: or all would be taking turns

Look = Callable[[str], Report]
"""The view of the pools that are wanted; see `status/view.py`."""

Draw = Callable[[dict[str, Report]], Mapping[str, Frame]]
"""The frames of views; called on a thread aside, as it takes its time and needs nothing else."""


class Broadcast:
    """Draws frames for as long as somebody follows, from the first `follow` to `close`."""

    def __init__(self, look: Look, draw: Draw, page: str) -> None:
        self._look = look
        self._draw = draw
        self._page = page
        self._streams: list[_Stream] = []
        self._drawing: asyncio.Task[None] | None = None

    @property
    def followers(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    @property
    def is_drawing(self) -> bool:
        """Whether frames are being drawn, or will be; for a moment also after the last stream."""
        return self._drawing is not None

    async def follow(self, wanted: str) -> AsyncGenerator[bytes]:
        """The messages of one new stream, until it gives way or all is closed."""
        if len(self._streams) >= MOST_STREAMS:
            self._streams.pop(0).end(CROWDED_RETRY_MS)
        stream = _Stream(wanted, self._page)
        self._streams.append(stream)
        if self._drawing is None:
            self._drawing = asyncio.get_running_loop().create_task(self._keep_drawing())
        try:
            async for message in stream.messages():
                yield message
        finally:
            if stream in self._streams:
                self._streams.remove(stream)

    def close(self) -> None:
        """Ends all streams at once."""
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None
        while self._streams:
            self._streams.pop().end(RETRY_MS)

    async def _keep_drawing(self) -> None:
        try:
            while self._streams:
                began = time.perf_counter()
                views = {}
                for wanted in {stream.wanted for stream in self._streams}:
                    views[wanted] = self._look(wanted)
                    await asyncio.sleep(0)  # a look takes its time; probes are not to wait for all
                frames = await aside(self._draw, views)
                for stream in self._streams:
                    if stream.wanted in frames:  # it may have come meanwhile
                        stream.show(frames[stream.wanted])
                took = time.perf_counter() - began
                await asyncio.sleep(max(EVERY_S, LEAST_REST * took))
        except Exception:
            log.exception("the page can not be drawn; please report this")
            while self._streams:
                self._streams.pop().end(CROWDED_RETRY_MS)
        self._drawing = None


class _Stream:
    """What one client has been sent, and what it is to get next."""

    def __init__(self, wanted: str, page: str) -> None:
        self.wanted = wanted
        self._page = page
        self._frame: Frame | None = None
        self._sent: dict[str, object] = {}
        self._retry_ms: int | None = None
        self._something = asyncio.Event()

    def show(self, frame: Frame) -> None:
        """`frame` is what there is to see now."""
        self._frame = frame
        if _seen(frame) != self._sent:
            self._something.set()

    def end(self, retry_ms: int) -> None:
        """Ends the messages; the client is to come back after `retry_ms`."""
        self._retry_ms = retry_ms
        self._something.set()

    async def messages(self) -> AsyncGenerator[bytes]:
        yield b"retry: %d\n\n" % RETRY_MS
        while self._retry_ms is None:
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._something.wait()
            except TimeoutError:
                yield b"event: beat\ndata:\n\n"
                continue
            self._something.clear()
            if self._frame is not None and (news := self._news(self._frame)):
                yield news
        yield b"retry: %d\n\n" % self._retry_ms

    def _news(self, frame: Frame) -> bytes:
        """What was not sent before, as one message; empty if that is nothing."""
        seen = _seen(frame)
        if seen == self._sent:
            return b""
        fragments = {
            id_: html for id_, html in frame.fragments.items() if self._sent.get(id_) != html
        }
        self._sent = seen
        data = {
            "page": self._page,
            "at": frame.at,
            "title": frame.title,
            "icon": frame.icon,
            "pools": frame.pools,
            "fragments": fragments,
        }
        return f"event: update\ndata: {json.dumps(data)}\n\n".encode()


def _seen(frame: Frame) -> dict[str, object]:
    """All of a frame that a reader would see; the time alone is no news."""
    return {**frame.fragments, " ": (frame.title, frame.pools)}
