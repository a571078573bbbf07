"""Operators' orders over HTTP: `POST /pools/NAME/members/ADDRESS/ORDER?for=2h&reason=...&force=1`.

They come in by the unix socket, whose file mode says who may, or by TCP with the token. The reply
is sent when the order is in force and written down.
"""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Protocol

from aiohttp import web

from rrdns.config.fields import MistakenError, seconds
from rrdns.health.result import one_line
from rrdns.pool.duty import DRILL, Duty
from rrdns.pool.member import Member, Pool
from rrdns.steward import RefusedError
from rrdns.zone import name as names

from .agreed import Report
from .observed import Observed
from .pools import PoolReports
from .token import TokenError, is_given, read_token

POOLS = "/pools/"
WORDS = {
    Duty.DRAIN: ("for", "reason", "force"),
    Duty.MAINT: ("for", "reason", "force"),
    Duty.READY: ("reason",),
    DRILL: ("for", "force"),
}
"""What each order may say."""

LONGEST = "90d"
WHERE = f"orders are a POST to /pools/NAME/members/ADDRESS/ORDER; ORDER: {', '.join(WORDS)}"

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

        `trusted` clients need no token. `not_kept` says why a restart will not know of the order.
        """
        if not trusted:
            self._authenticate(request)
        if not self._commanded.ready:
            text = "not ready: the first round of probes is not done"
            raise OrderError(HTTPStatus.SERVICE_UNAVAILABLE, text)
        pool, member, order = self._understood(request.path)
        words = _words(order, request)
        try:
            self._carry_out(pool, member, order, words)
        except RefusedError as error:
            raise OrderError(HTTPStatus.CONFLICT, f"refused: {error}") from None
        kept = await self._commanded.remember()
        problem = self._commanded.memory.problem or "state.file is not set"
        report = PoolReports(self._commanded).member(pool, member)
        return {"not_kept": None if kept else problem, **report}

    def _authenticate(self, request: web.BaseRequest) -> None:
        """Raises OrderError unless the request has the token."""
        token_file = self._commanded.loaded.settings.control.token_file
        if token_file is None:
            text = "orders come in by the unix socket; for TCP, set control.token_file"
            raise OrderError(HTTPStatus.FORBIDDEN, text)
        try:
            token = read_token(token_file)  # each time: it may be changed
        except TokenError as error:
            raise OrderError(HTTPStatus.FORBIDDEN, str(error)) from None
        if not is_given(request.headers.get("Authorization", ""), token):
            text = "an order needs `Authorization: Bearer TOKEN`, with what control.token_file has"
            raise OrderError(HTTPStatus.UNAUTHORIZED, text)

    def _understood(self, path: str) -> tuple[Pool, Member, str]:
        """The pool, the member and the order that `path` names. Raises OrderError."""
        match path.removeprefix(POOLS).rsplit("/", 3):
            case [name, "members", address, order] if order in WORDS:
                pool = find_pool(self._commanded, name)
                if pool is None:
                    raise OrderError(HTTPStatus.NOT_FOUND, f"there is no pool {name}")
                return pool, _member_of(pool, address), order
        raise OrderError(HTTPStatus.NOT_FOUND, WHERE)

    def _carry_out(self, pool: Pool, member: Member, order: str, words: dict[str, str]) -> None:
        """Raises RefusedError, and OrderError where a word has no meaning."""
        lasts_s, force = _lasts_s(words.get("for")), _force(words.get("force"))
        reason = one_line(words.get("reason", ""))
        self._commanded.steward.give(pool, member, order, lasts_s, reason, force=force)


def is_order(path: str) -> bool:
    """Whether `path` is where orders are taken, or mistaken for it."""
    return path.startswith(POOLS) and "/members/" in path


def find_pool(observed: Observed, written: str) -> Pool | None:
    """The pool of that name, with or without its final dot, in any letter case."""
    try:
        owner = names.from_text(written)
    except ValueError:
        return None
    return next((pool for pool in observed.loaded.pools if pool.owner == owner), None)


def _member_of(pool: Pool, written: str) -> Member:
    """The member of that address, however it is written. Raises OrderError."""
    try:
        address: Any = ip_address(written)
    except ValueError:
        address = None
    found = next((member for member in pool.members if member.address == address), None)
    if found is None:
        known = ", ".join(str(member.address) for member in pool.members)
        text = f"{written} is no member of {names.to_text(pool.owner)}; it has {known}"
        raise OrderError(HTTPStatus.NOT_FOUND, text)
    return found


def _words(order: str, request: web.BaseRequest) -> dict[str, str]:
    """What the request says beside its path. Raises OrderError for what `order` does not know."""
    words = dict(request.query)
    for word in words:
        if word not in WORDS[order]:
            text = f"{order} has no word {word!r}; it has {', '.join(WORDS[order])}"
            raise OrderError(HTTPStatus.BAD_REQUEST, text)
    return words


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


def _force(written: str | None) -> bool:
    """What `force` writes. Raises OrderError: what is forced by mistake can not be taken back."""
    if written not in (None, "0", "1"):
        raise OrderError(
            HTTPStatus.BAD_REQUEST, f"force: {written!r} is not 1; write 1, or nothing"
        )
    return written == "1"
