"""The live view over HTTP: as a page, as text, as JSON, and as a stream of what is new."""

import json
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from functools import partial

from aiohttp import web

from .accept import prefers_html
from .agreed import WANTED
from .door import Door
from .events import Broadcast
from .observed import Observed
from .page.document import Renderer
from .report import report
from .text import render
from .view import view

STREAM_TYPE = "text/event-stream"


class LiveView:
    """What there is to look at of one server; `close` ends the streams of those who do."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._renderer = Renderer()
        look = partial(view, observed)
        self._broadcast = Broadcast(look, self._renderer.frames, self._renderer.digest)
        self.pages: Mapping[str, Callable[[web.BaseRequest], web.StreamResponse]] = {
            "/": self._root,
            "/view": self._view,
            "/events": self._events,
        }

    def close(self) -> None:
        """Ends all streams at once."""
        self._broadcast.close()

    def _root(self, request: web.BaseRequest) -> web.Response:
        """The page for a browser, and for everybody else a table."""
        response = web.Response()
        if prefers_html(",".join(request.headers.getall("Accept", ()))):
            response.content_type = "text/html"
            response.text = self._renderer.document(view(self._observed, _wanted(request)))
            response.headers["Content-Security-Policy"] = self._renderer.policy
            response.headers["Referrer-Policy"] = "no-referrer"
        else:
            response.text = render(report(self._observed))
        response.headers["Vary"] = "Accept"
        return response

    def _view(self, request: web.BaseRequest) -> web.Response:
        said = json.dumps(view(self._observed, _wanted(request)))
        return web.json_response(text=said + "\n")

    def _events(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(content_type=STREAM_TYPE)
        return EventStream(self._broadcast, _wanted(request))


class EventStream(web.StreamResponse):
    """A reply that goes on for as long as the client follows."""

    def __init__(self, broadcast: Broadcast, wanted: str) -> None:
        # No proxy is to keep messages until there are many of them.
        super().__init__(headers={"Content-Type": STREAM_TYPE, "X-Accel-Buffering": "no"})
        self._broadcast = broadcast
        self._wanted = wanted

    async def run(self, request: web.BaseRequest, door: Door) -> None:
        """Sends messages until the client is gone, or has to go."""
        self.force_close()
        await self.prepare(request)
        with suppress(ConnectionError):
            async with aclosing(self._broadcast.follow(self._wanted)) as messages:
                async for message in messages:
                    await self.write(message)
                    door.reads(request.protocol)


def _wanted(request: web.BaseRequest) -> str:
    return request.query.get(WANTED, "")
