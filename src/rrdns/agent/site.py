"""Where the agent is asked and takes orders: a unix socket, and by TCP its status alone.

`GET /` is the report, `POST /vips/ADDRESS/ORDER` an order, by the unix socket only.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import unquote

from aiohttp import web

from rrdns.config.settings import Listen
from rrdns.serve.sockets import bind_tcp, bind_unix
from rrdns.status.door import Door
from rrdns.status.replies import (
    HEADERS,
    came_by_unix,
    error_reply,
    http_server,
    json_reply,
    text_reply,
)
from rrdns.takeover.machine.seen import Order

from .agent import Agent
from .report import report, vip_report
from .text import render

log = logging.getLogger(__name__)

CONTROL_MODE = 0o660  # its user and group give orders
STOP_S = 0.3
VIPS = "/vips/"
ORDERS = {
    "hold": Order.HOLD,
    "release": Order.RELEASE,
    "enable": Order.FOLLOW,
    "disable": Order.DISABLE,
}


async def serve(agent: Agent, opened: AsyncExitStack) -> None:
    """Shows `agent`, until `opened` is closed. Raises ListenError."""
    site = AgentSite(agent)
    opened.push_async_callback(site.stop)
    await site.start()


class AgentSite:
    """From `start` to `stop`."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._http = http_server(self._answer)
        self._door, self._control_door = Door(self._http), Door(self._http)
        self._servers: list[asyncio.Server] = []
        self._is_bound = False

    async def start(self) -> None:
        """Binds, and begins to answer. Raises ListenError."""
        loop, plan = asyncio.get_running_loop(), self._agent.plan
        if not self._agent.dry_run:
            control = bind_unix(plan.control, CONTROL_MODE, "control")
            self._is_bound = True
            self._servers.append(await loop.create_unix_server(self._control_door, sock=control))
        if plan.status_port is not None:
            listen = Listen(plan.here.address, plan.status_port)
            shown = bind_tcp(listen, "status_port")
            self._servers.append(await loop.create_server(self._door, sock=shown))

    async def stop(self) -> None:
        if self._is_bound:
            self._agent.plan.control.unlink(missing_ok=True)
        for server in self._servers:
            server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(STOP_S)
        self._door.close()
        self._control_door.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        door = self._control_door if came_by_unix(request) else self._door
        may_stay = door.request_came(request.protocol)
        try:
            response = self._response(request)
        except Exception:
            log.exception("no reply to %s %r; please report this", request.method, request.path)
            response = error_reply(
                HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of rrdns; see its log"
            )
        response.headers.update(HEADERS)
        if not may_stay or response.status != HTTPStatus.OK:
            response.force_close()
        return response

    def _response(self, request: web.BaseRequest) -> web.Response:
        if request.body_exists:
            return error_reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "send it without a body")
        if request.path.startswith(VIPS):
            return self._order(request)
        if request.method not in ("GET", "HEAD"):
            return error_reply(HTTPStatus.METHOD_NOT_ALLOWED, "this is only for reading")
        if request.path != "/":
            return error_reply(HTTPStatus.NOT_FOUND, f"nothing is at {request.path}", paths=["/"])
        found = report(self._agent)
        wants_json = "json" in request.headers.get("Accept", "")
        return json_reply(found) if wants_json else text_reply(render(found))

    def _order(self, request: web.BaseRequest) -> web.Response:
        if not came_by_unix(request):
            return error_reply(HTTPStatus.FORBIDDEN, "orders come in by the unix socket only")
        if request.method != "POST":
            return error_reply(HTTPStatus.METHOD_NOT_ALLOWED, "an order is given by POST")
        written, _, word = unquote(request.path.removeprefix(VIPS)).partition("/")
        if word not in ORDERS:
            return error_reply(
                HTTPStatus.NOT_FOUND, f"there is no order {word!r}", orders=[*ORDERS]
            )
        try:
            sentry = self._agent.sentries[ip_address(written)]
        except (ValueError, KeyError):
            known = [str(address) for address in self._agent.sentries]
            text = f"{written} is no virtual address of this host; there are {', '.join(known)}"
            return error_reply(HTTPStatus.NOT_FOUND, text)
        log.info("vip=%s ordered: %s", written, word)
        not_kept = self._agent.obey(sentry.vip.address, ORDERS[word])
        return json_reply({**vip_report(sentry), "not_kept": not_kept})
