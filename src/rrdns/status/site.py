"""The status server: what is shown where, over HTTP, and where operators' orders come in."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from aiohttp import web

from rrdns.aside import aside
from rrdns.config.settings import ControlSettings, Listen
from rrdns.serve.sockets import ListenError, bind_tcp, bind_unix
from rrdns.zone import name as names

from . import metrics
from .door import Door
from .explaining import explanation, render_explanation
from .live import EventStream, LiveView
from .metrics import Measured
from .orders import POOLS, WHERE, Commanded, OrderError, Orders, find_pool, is_order
from .pools import PoolReports
from .recording import recorded
from .replies import HEADERS, came_by_unix, error_reply, http_server, json_reply, text_reply
from .report import incidents_report, report
from .token import warn_of

log = logging.getLogger(__name__)

STOP_S = 0.3  # for replies that are being sent when the server ends

ORDERING = "POST"
READING = ("GET", "HEAD")
CONTROL_MODE = 0o660  # of the unix socket: its user and group give orders
EXPLAIN = "/explain"
METRICS = "/metrics"


class Shown(Measured, Commanded, Protocol):
    """All that the site reads and orders."""


class StatusSite:
    """Shows one server's status on one address, and on a unix socket, from `start` to `stop`.

    Orders come in by the unix socket, or with a token.
    """

    def __init__(
        self, observed: Shown, listen: Listen, control: ControlSettings | None = None
    ) -> None:
        self._observed = observed
        self._listen = listen
        self._control = control
        self._orders = Orders(observed)
        self._live = LiveView(observed)
        self._server: asyncio.Server | None = None
        self._control_server: asyncio.Server | None = None
        self._pages: Mapping[str, Callable[[], web.Response]] = {
            "/status": lambda: json_reply(report(observed)),
            "/incidents": lambda: json_reply(incidents_report(observed)),
            "/trace": lambda: text_reply(recorded(observed)),
            "/healthz": lambda: text_reply("ok\n"),
            "/readyz": self._readiness,
        }

    @property
    def address(self) -> tuple[str, int]:
        """Host and port as they were bound; to be asked between `start` and `stop`."""
        if self._server is None:
            raise RuntimeError("the status server is not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Binds the addresses and begins to answer. Raises ListenError."""
        sock, control = bind_tcp(self._listen, "status.listen"), self._bind_control()
        self._http = http_server(self._answer)
        self._door = Door(self._http)
        self._control_door = Door(self._http)  # no crowd at the other one keeps operators out
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._door, sock=sock)
        if control is not None:
            self._control_server = await loop.create_unix_server(self._control_door, sock=control)
        if self._control is not None and self._control.token_file is not None:
            warn_of(self._control.token_file)

    async def stop(self) -> None:
        """Stops accepting, and closes every connection once its reply is sent, within `STOP_S`."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._live.close()
        self._leave_control()
        self._http.pre_shutdown()
        await self._http.shutdown(STOP_S)
        self._door.close()
        self._control_door.close()

    def _leave_control(self) -> None:
        """Takes the unix socket away: first its name, as another server may make its own as soon as
        nobody listens here."""
        if self._control_server is not None:
            Path(self._control_server.sockets[0].getsockname()).unlink(missing_ok=True)
            self._control_server.close()

    def _bind_control(self) -> socket.socket | None:
        """The unix socket, if there is to be one. Raises ListenError where that is written.

        Where it is not, another server may have the usual place, and this one does without.
        """
        control = self._control
        if control is None or control.listens_at is None:
            return None
        try:
            return bind_unix(control.listens_at, CONTROL_MODE, "control.socket")
        except ListenError as error:
            if control.socket is not None:
                raise
            log.warning("%s; no order comes in by a unix socket", error)
            return None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The reply to any request. A fault of ours is logged and costs this one reply."""
        may_stay = self._door_of(request).request_came(request.protocol)
        response: web.StreamResponse
        try:
            response = await self._response(request)
        except Exception:
            log.exception("no reply to %s %r; please report this", request.method, request.path)
            response = error_reply(
                HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of rrdns; see its log"
            )
        response.headers.update(HEADERS)
        if not may_stay:
            response.force_close()
        if isinstance(response, EventStream):
            await response.run(request, self._door_of(request))
        return response

    async def _response(self, request: web.BaseRequest) -> web.StreamResponse:
        ordering = is_order(request.path)
        if request.method not in ((ORDERING,) if ordering else READING):
            text = WHERE if ordering else f"this is only for reading; {WHERE}"
            return self._refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, text)
        if request.body_exists:
            return self._refusal(
                request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "send the request without a body"
            )
        if ordering:
            return await self._order(request)
        if request.path == EXPLAIN:
            return self._explain(request)
        if request.path.startswith(POOLS):
            return self._pool(request.path.removeprefix(POOLS))
        if request.path in self._live.pages:
            return self._live.pages[request.path](request)
        if request.path == METRICS:
            return await self._exposition()
        page = self._pages.get(request.path)
        if page is None:
            paths = [
                *self._live.pages,
                *self._pages,
                METRICS,
                f"{POOLS}NAME",
                f"{EXPLAIN}?name=NAME",
            ]
            return error_reply(HTTPStatus.NOT_FOUND, f"nothing is at {request.path}", paths=paths)
        return page()

    def _refusal(self, request: web.BaseRequest, status: HTTPStatus, text: str) -> web.Response:
        """Refuses and closes, without reading what else the client sends."""
        self._door_of(request).turn_away(request.protocol)
        response = error_reply(status, text)
        response.headers["Allow"] = ORDERING if is_order(request.path) else ", ".join(READING)
        response.force_close()
        return response

    def _door_of(self, request: web.BaseRequest) -> Door:
        """By which the client has come in."""
        return self._control_door if came_by_unix(request) else self._door

    def _pool(self, text: str) -> web.Response:
        pool = find_pool(self._observed, text)
        if pool is None:
            known = [names.to_text(pool.owner) for pool in self._observed.loaded.pools]
            return error_reply(HTTPStatus.NOT_FOUND, f"there is no pool {text}", pools=known)
        return json_reply(PoolReports(self._observed, recent=True).of(pool))

    async def _order(self, request: web.BaseRequest) -> web.Response:
        """Whoever may open the unix socket may give orders; who comes by TCP has to prove it."""
        try:
            return json_reply(await self._orders.take(request, trusted=came_by_unix(request)))
        except OrderError as error:
            response = error_reply(error.status, str(error))
            if error.status == HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 11.6.1
            return response

    def _explain(self, request: web.BaseRequest) -> web.Response:
        words = dict(request.query)
        try:
            name, rtype = words.pop("name"), words.pop("type", "A")
            report = explanation(self._observed, name, rtype, words.pop("client", ""))
        except KeyError:
            return error_reply(
                HTTPStatus.BAD_REQUEST, f"ask {EXPLAIN}?name=NAME&type=A&client=ADDRESS"
            )
        except ValueError as error:
            return error_reply(HTTPStatus.BAD_REQUEST, str(error))
        if words:
            return error_reply(HTTPStatus.BAD_REQUEST, f"unknown word {next(iter(words))!r}")
        wants_json = "json" in request.headers.get("Accept", "")
        return json_reply(report) if wants_json else text_reply(render_explanation(report))

    def _readiness(self) -> web.Response:
        if self._observed.ready:
            return text_reply("ready\n")
        return text_reply("not ready: the first round of probes is not done\n", status=503)

    async def _exposition(self) -> web.Response:
        found = []
        for metric in metrics.taken_down(self._observed):
            if metric is not None:
                found.append(metric)
            await asyncio.sleep(0)
        body = await aside(metrics.in_words, found)
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})
