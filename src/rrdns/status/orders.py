"""Operators' orders over HTTP: `POST /pools/NAME/members/ADDRESS/ORDER?for=2h&reason=...&force=1`.

They come in by the unix socket, whose file mode says who may, or by TCP with the token. The reply
is sent when the order is in force and written down.
"""

import hmac
import logging
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from rrdns.config.fields import MistakenError, seconds
from rrdns.health.result import one_line
from rrdns.pool.duty import Assignment, Duty
from rrdns.pool.member import Member, Pool
from rrdns.steward import RefusedError
from rrdns.zone import name as names

from .observed import Observed, Report
from .pools import PoolReports

log = logging.getLogger(__name__)

DRILL = "drill"
ORDERS = (*Duty, DRILL)
DRILL_S = 60.0  # unless asked otherwise
LONGEST = "90d"
LEAST_TOKEN = 16  # characters; fewer could be guessed
MAX_TOKEN_OCTETS = 4096
BEARER = "Bearer "
WHERE = f"orders are a POST to /pools/NAME/members/ADDRESS/ORDER; ORDER: {', '.join(ORDERS)}"
WORDS = ("for", "reason", "force")

_DURATION = seconds("1s", LONGEST)


class Commanded(Observed, Protocol):
    """What an order changes, beside what is read."""

    async def remember(self) -> bool: ...


class OrderError(Exception):
    """The order is not carried out: the status to reply with, and why."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Orders:
    """Takes the orders of one server's operators."""

    def __init__(self, commanded: Commanded) -> None:
        self._commanded = commanded

    async def take(self, request: web.BaseRequest, *, trusted: bool) -> Report:
        """Carries out what `request` orders; the report of that member then. Raises OrderError.

        `trusted` clients need no token.
        """
        if not trusted:
            self._authenticate(request)
        pool, member, order = self._understood(request.path)
        unknown = sorted(set(request.query) - set(WORDS))
        if unknown:
            text = f"unknown word {unknown[0]!r}; the words are {', '.join(WORDS)}"
            raise OrderError(HTTPStatus.BAD_REQUEST, text)
        now = time.time()
        lasts_s = _lasts_s(request.query.get("for"))
        force = request.query.get("force") == "1"
        steward = self._commanded.steward
        try:
            if order == DRILL:
                steward.drill(pool, member, now + (lasts_s or DRILL_S), force=force)
            else:
                reason = one_line(request.query.get("reason", ""))
                until = None if lasts_s is None else now + lasts_s
                assignment = Assignment(Duty(order), now, until, reason)
                steward.order(pool, member, assignment, force=force)
        except RefusedError as error:
            raise OrderError(HTTPStatus.CONFLICT, f"refused: {error}") from None
        kept = await self._commanded.remember()
        return {"kept": kept, **PoolReports(self._commanded).member(pool, member)}

    def _authenticate(self, request: web.BaseRequest) -> None:
        """Raises OrderError unless the request has the token."""
        token_file = self._commanded.loaded.settings.control.token_file
        if token_file is None:
            text = "orders come in by the unix socket; for TCP, set control.token_file"
            raise OrderError(HTTPStatus.FORBIDDEN, text)
        token = _token(token_file)
        given = request.headers.get("Authorization", "")
        if not given.startswith(BEARER) or not hmac.compare_digest(
            given.removeprefix(BEARER).strip().encode(errors="surrogateescape"), token
        ):
            raise OrderError(
                HTTPStatus.UNAUTHORIZED, "an order needs `Authorization: Bearer TOKEN`"
            )

    def _understood(self, path: str) -> tuple[Pool, Member, str]:
        """The pool, the member and the order that `path` names. Raises OrderError."""
        match path.split("/"):
            case ["", "pools", name, "members", address, order] if order in ORDERS:
                pool = find_pool(self._commanded, name)
                if pool is None:
                    raise OrderError(HTTPStatus.NOT_FOUND, f"there is no pool {name}")
                for member in pool.members:
                    if str(member.address) == address:
                        return pool, member, order
                known = ", ".join(str(member.address) for member in pool.members)
                text = f"{address} is no member of {names.to_text(pool.owner)}; it has {known}"
                raise OrderError(HTTPStatus.NOT_FOUND, text)
        raise OrderError(HTTPStatus.NOT_FOUND, WHERE)


def is_order(path: str) -> bool:
    """Whether `path` is where orders are taken, or mistaken for it."""
    return path.startswith("/pools/") and "/members/" in path


def find_pool(observed: Observed, written: str) -> Pool | None:
    """The pool of that name, with or without its final dot, in any letter case."""
    try:
        owner = names.from_text(written)
    except ValueError:
        return None
    return next((pool for pool in observed.loaded.pools if pool.owner == owner), None)


def _lasts_s(written: str | None) -> float | None:
    """The duration that `for` writes, in seconds. Raises OrderError."""
    if written is None:
        return None
    try:
        lasts_s: Any = _DURATION.read(written)
    except MistakenError as error:
        _, what, mend = error.mistakes[0]
        raise OrderError(HTTPStatus.BAD_REQUEST, f"for: {what}; {mend}") from None
    return float(lasts_s)


def _token(file: Path) -> bytes:
    """The token in `file`, read each time: it may be changed. Raises OrderError."""
    try:
        with file.open("rb") as opened:
            token = opened.read(MAX_TOKEN_OCTETS).strip()
    except OSError as error:
        log.error("%s can not be read: %s; no order comes in by TCP", file, error.strerror)
        token = b""
    if len(token) < LEAST_TOKEN:
        text = (
            f"control.token_file does not hold {LEAST_TOKEN} characters; no order comes in by TCP"
        )
        raise OrderError(HTTPStatus.FORBIDDEN, text)
    return token
