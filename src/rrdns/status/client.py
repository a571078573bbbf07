"""Asks a running server for its report; what the commands `status` and `reload` stand on."""

import http.client
import json
import os
import signal
import time
from typing import Any

from rrdns.config.settings import Listen

from .report import pid_namespace

ANSWER_TIMEOUT_S = 5.0
RELOAD_TIMEOUT_S = 120.0  # a large zone is read for a while
POLL_S = 0.05


class NoServerError(Exception):
    """No server answers, or it may not be signalled; the text says what to do."""


def fetch_report(listen: Listen) -> dict[str, Any]:
    """The report of the server whose status endpoint is `listen`. Raises NoServerError."""
    connection = http.client.HTTPConnection(
        str(listen.reachable_host), listen.port, timeout=ANSWER_TIMEOUT_S
    )
    try:
        connection.request("GET", "/status")
        report = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoServerError(
            f"no rrdns answers on {listen}: {error}; start it, or name its configuration with -c"
        ) from None
    finally:
        connection.close()
    if not isinstance(report, dict) or "pools" not in report:
        raise NoServerError(f"what answers on {listen} is not rrdns; see status.listen")
    return report


def reload_server(listen: Listen) -> list[str]:
    """Has the server read its files again; the problems of those that it rejected."""
    before = fetch_report(listen)
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
        report = fetch_report(listen)
        if _done(report) > before["reload"]["begun"]:  # it began after the signal
            return [str(problem) for problem in report["reload"]["problems"]]
        time.sleep(POLL_S)
    raise NoServerError(f"no reload was done within {RELOAD_TIMEOUT_S:g} s; see the server's log")


def _done(report: dict[str, Any]) -> int:
    """The number of the last reload that is done."""
    return int(report["reload"]["accepted"]) + int(report["reload"]["rejected"])
