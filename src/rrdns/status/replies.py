"""How HTTP is spoken here: one configuration of aiohttp's server, and the shapes of replies."""

import json
import logging
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEEPALIVE_S = 15.0  # from a reply to the next whole request
LINGER_S = 1.0  # for which the body of a refused request is thrown away, so that the reply is read
LONGEST_LINE = 4096  # octets of a request line or a header field

# No cache may keep what is true now, and no browser may take it for something that runs.
HEADERS = {
    "Cache-Control": "no-store",
    "Server": "rrdns",
    "X-Content-Type-Options": "nosniff",
}


def http_server(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """A server whose requests `answer` replies to; to be let in by a `Door`."""
    return web.Server(
        answer,
        access_log=None,
        logger=_logger(),
        keepalive_timeout=KEEPALIVE_S,
        lingering_time=LINGER_S,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        auto_decompress=False,
    )


def came_by_unix(request: web.BaseRequest) -> bool:
    """Whether a request came by a unix socket, whose file mode says who may."""
    transport = request.transport
    sock = transport.get_extra_info("socket") if transport else None
    return sock is not None and sock.family == socket.AF_UNIX


def text_reply(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status)


def json_reply(value: Any, status: int = 200) -> web.Response:
    return web.json_response(text=json.dumps(value) + "\n", status=status)


def error_reply(status: HTTPStatus, text: str, **more: list[str]) -> web.Response:
    """What is wrong, for a person who reads JSON."""
    return json_reply({"error": text, **more}, status)


def _logger() -> logging.Logger:
    """Where aiohttp reports; what strangers send that is not HTTP is not worth a line."""
    logger = logging.getLogger(f"{__name__}.http")
    logger.addFilter(_is_not_a_clients_fault)
    return logger


def _is_not_a_clients_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
