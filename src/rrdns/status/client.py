"""Asks a running server, and passes orders on; what the commands stand on."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .agreed import WANTED, pid_namespace
from .token import TokenError, read_token

if TYPE_CHECKING:
    from rrdns.config.settings import Contact

ANSWER_TIMEOUT_S = 5.0
RELOAD_TIMEOUT_S = 120.0  # a large zone is read for a while
POLL_S = 0.05

Reply = Any
"""What a JSON reply holds."""


class NoServerError(Exception):
    """No server answers, or it may not be signalled; the text says what to do."""


class RefusalError(Exception):
    """The server does not do what it was asked; the text says why."""


class NonsenseError(RefusalError):
    """What was asked has no meaning, whoever is asked, and whenever."""


def fetch_report(contact: "Contact") -> dict[str, Any]:
    """The report of the server at `contact`. Raises NoServerError."""
    return _with_pools(contact, fetch(contact, "/status"))


def fetch_view(contact: "Contact", wanted: str) -> dict[str, Any]:
    """The live view of the pools with `wanted` in their names. Raises NoServerError."""
    return _with_pools(contact, fetch(contact, "/view", **{WANTED: wanted}))


def _with_pools(contact: "Contact", report: Reply) -> dict[str, Any]:
    """`report`, if that is what it is. Raises NoServerError."""
    if not isinstance(report, dict) or "pools" not in report:
        raise NoServerError(f"what answers on {contact.status} is not rrdns; see status.listen")
    return report


def fetch(contact: "Contact", path: str, **words: str) -> Reply:
    """What the status endpoint says at `path`. Raises NoServerError and RefusalError."""
    target = f"{path}?{urlencode(words)}" if words else path
    headers = {"Accept": "application/json"}
    return exchanged(_to_status(contact), "GET", target, headers, str(contact.status))


def fetch_trace(contact: "Contact") -> str:
    """What the server's last probes have found. Raises NoServerError and RefusalError."""
    where = str(contact.status)
    return str(exchanged(_to_status(contact), "GET", "/trace", {}, where, bytes.decode))


def order(contact: "Contact", pool: str, address: str, order: str, words: dict[str, str]) -> Reply:
    """Gives an order about a member, by the unix socket where there is one, else with the token;
    the report of the member then. Raises NoServerError and RefusalError."""
    path = f"/pools/{quote(pool, safe='')}/members/{quote(address, safe=':')}/{order}"
    target = f"{path}?{urlencode(words)}" if words else path
    unix, token_file = contact.control.listens_at, contact.control.token_file
    if unix is not None and (os.path.lexists(unix) or token_file is None):
        return exchanged(UnixConnection(unix), "POST", target, {}, str(unix))
    if token_file is None:
        raise NoServerError(
            "orders go by a unix socket, and control.socket is not set; set it, or"
            " control.token_file, and restart the server"
        )
    try:
        token = read_token(token_file).decode("latin-1")  # as http.client encodes it
    except TokenError as error:
        raise NoServerError(str(error)) from None
    headers = {"Authorization": f"Bearer {token}"}
    return exchanged(_to_status(contact), "POST", target, headers, str(contact.status))


def reload_server(contact: "Contact") -> list[str]:
    """Has the server read its files again; the problems of those that it rejected."""
    before = fetch_report(contact)
    if before["pid_namespace"] != pid_namespace():
        raise NoServerError("the server is in another container or host; run `rrdns reload` there")
    try:
        os.kill(before["pid"], signal.SIGHUP)
    except ProcessLookupError:
        raise NoServerError(
            f"process {before['pid']} is not on this host; run `rrdns reload` where rrdns runs"
        ) from None
    except PermissionError:
        raise NoServerError(
            f"process {before['pid']} belongs to another user; run as that user or as root"
        ) from None
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while time.monotonic() < deadline:
        report = fetch_report(contact)
        if _done(report) > before["reload"]["begun"]:  # it began after the signal
            return [str(problem) for problem in report["reload"]["problems"]]
        time.sleep(POLL_S)
    raise NoServerError(f"no reload was done within {RELOAD_TIMEOUT_S:g} s; see the server's log")


def _to_status(contact: "Contact") -> http.client.HTTPConnection:
    listen = contact.status
    return http.client.HTTPConnection(
        str(listen.reachable_host), listen.port, timeout=ANSWER_TIMEOUT_S
    )


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def exchanged(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: dict[str, str],
    where: str,
    read: Callable[[bytes], Reply] = json.loads,
) -> Reply:
    """What is replied, if that is 200. Raises NoServerError and RefusalError."""
    try:
        connection.request(method, target, headers=headers)
        response = connection.getresponse()
        is_good = response.status == HTTPStatus.OK
        reply = (read if is_good else json.loads)(response.read())
    except PermissionError as error:
        raise NoServerError(
            f"{where}: {error.strerror}; run this as the server's user, in its group, or as root"
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoServerError(
            f"no rrdns answers on {where}: {error}; start it, or name its configuration with -c"
        ) from None
    finally:
        connection.close()
    if not is_good:
        said = reply.get("error") if isinstance(reply, dict) else None
        refusal = NonsenseError if response.status == HTTPStatus.BAD_REQUEST else RefusalError
        raise refusal(str(said or f"the server replies {response.status}"))
    return reply


def _done(report: dict[str, Any]) -> int:
    """The number of the last reload that is done."""
    return int(report["reload"]["accepted"]) + int(report["reload"]["rejected"])
