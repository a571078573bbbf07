"""The status server: what is shown where, over HTTP. It reads, and takes no orders."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from rrdns.config.settings import Listen
from rrdns.serve.sockets import bind_tcp
from rrdns.zone import name as names

from . import metrics
from .door import Door
from .metrics import Measured, Metrics
from .pools import PoolReports
from .report import incidents_report, report
from .text import render

log = logging.getLogger(__name__)

KEEPALIVE_S = 15.0  # from a reply to the next whole request
LINGER_S = 1.0  # for which the body of a refused request is thrown away, so that the reply is read
STOP_S = 0.3  # for replies that are being sent when the server ends
LONGEST_LINE = 4096  # octets of a request line or a header field

READING = ("GET", "HEAD")
POOLS = "/pools/"

# No cache may keep what is true now, and no browser may take it for something that runs.
HEADERS = {
    "Cache-Control": "no-store",
    "Server": "rrdns",
    "X-Content-Type-Options": "nosniff",
}


class StatusSite:
    """Shows one server's status on one address, from `start` to `stop`."""

    def __init__(self, observed: Measured, listen: Listen) -> None:
        self._observed = observed
        self._listen = listen
        self._metrics = Metrics(observed)
        self._server: asyncio.Server | None = None
        self._pages: Mapping[str, Callable[[], web.Response]] = {
            "/": lambda: _text(render(report(observed))),
            "/status": lambda: _json(report(observed)),
            "/incidents": lambda: _json(incidents_report(observed)),
            "/healthz": lambda: _text("ok\n"),
            "/readyz": self._readiness,
            "/metrics": self._exposition,
        }

    @property
    def address(self) -> tuple[str, int]:
        """Host and port as they were bound; to be asked between `start` and `stop`."""
        if self._server is None:
            raise RuntimeError("the status server is not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Binds the address and begins to answer. Raises ListenError."""
        sock = bind_tcp(self._listen, "status.listen")
        self._http = web.Server(
            self._answer,
            access_log=None,
            logger=_logger(),
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGER_S,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            auto_decompress=False,
        )
        self._door = Door(self._http)
        self._server = await asyncio.get_running_loop().create_server(self._door, sock=sock)

    async def stop(self) -> None:
        """Stops accepting, and closes every connection once its reply is sent, within `STOP_S`."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._http.pre_shutdown()
        await self._http.shutdown(STOP_S)
        self._door.close()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        """The reply to any request. A fault of ours is logged and costs this one reply."""
        may_stay = self._door.request_came(request.protocol)
        try:
            response = self._response(request)
        except Exception:
            log.exception("no reply to %s %r; please report this", request.method, request.path)
            response = _error(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of rrdns; see its log")
        response.headers.update(HEADERS)
        if not may_stay:
            response.force_close()
        return response

    def _response(self, request: web.BaseRequest) -> web.Response:
        if request.method not in READING:
            return self._refusal(
                request, HTTPStatus.METHOD_NOT_ALLOWED, "this server is only for reading: use GET"
            )
        if request.body_exists:
            return self._refusal(
                request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "send the request without a body"
            )
        if request.path.startswith(POOLS):
            return self._pool(request.path.removeprefix(POOLS))
        page = self._pages.get(request.path)
        if page is None:
            paths = [*self._pages, f"{POOLS}NAME"]
            return _error(HTTPStatus.NOT_FOUND, f"nothing is at {request.path}", paths=paths)
        return page()

    def _refusal(self, request: web.BaseRequest, status: HTTPStatus, text: str) -> web.Response:
        """Refuses and closes, without reading what else the client sends."""
        self._door.turn_away(request.protocol)
        response = _error(status, text)
        response.headers["Allow"] = ", ".join(READING)
        response.force_close()
        return response

    def _pool(self, text: str) -> web.Response:
        """The pool of that name, with or without its final dot, in any letter case."""
        by_name = {names.to_text(pool.owner): pool for pool in self._observed.loaded.pools}
        try:
            pool = by_name.get(names.to_text(names.from_text(text)))
        except ValueError as error:
            return _error(HTTPStatus.NOT_FOUND, str(error), pools=list(by_name))
        if pool is None:
            return _error(HTTPStatus.NOT_FOUND, f"there is no pool {text}", pools=list(by_name))
        return _json(PoolReports(self._observed, recent=True).of(pool))

    def _readiness(self) -> web.Response:
        if self._observed.ready:
            return _text("ready\n")
        return _text("not ready: the first round of probes is not done\n", status=503)

    def _exposition(self) -> web.Response:
        body = self._metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})


def _text(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(text=json.dumps(value) + "\n", status=status)


def _error(status: HTTPStatus, text: str, **more: list[str]) -> web.Response:
    return _json({"error": text, **more}, status)


def _logger() -> logging.Logger:
    """Where aiohttp reports; what strangers send that is not HTTP is not worth a line."""
    logger = logging.getLogger(f"{__name__}.http")
    logger.addFilter(_is_not_a_clients_fault)
    return logger


def _is_not_a_clients_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
