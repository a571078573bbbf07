"""Asks the agent of this host, and passes orders on; what the commands stand on."""

import time
from pathlib import Path
from typing import Any

from rrdns.health.check import Address
from rrdns.status.agreed import Report
from rrdns.status.client import UnixConnection, exchanged

PATIENCE_S = 20.0  # for an address to come or go; a hand-over takes a second or two
POLL_S = 0.1


def fetch_report(control: Path) -> Report:
    """The report of the agent at `control`. Raises NoServerError and RefusalError."""
    found: Report = _exchange(control, "GET", "/")
    return found


def give_order(control: Path, address: Address, order: str) -> Report:
    """Gives an order about an address; the report of it. Raises NoServerError, RefusalError."""
    found: Report = _exchange(control, "POST", f"/vips/{address}/{order}")
    return found


def await_order(control: Path, address: Address, *, held: bool) -> Report:
    """The report of the address once this host has it, or has it no longer, or after a while.

    Raises NoServerError and RefusalError.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        vip: Report = fetch_report(control)["vips"][str(address)]
        if vip["holds"] is held or time.monotonic() >= deadline:
            return vip
        time.sleep(POLL_S)


def _exchange(control: Path, method: str, target: str) -> Any:
    headers = {"Accept": "application/json"}
    return exchanged(UnixConnection(control), method, target, headers, str(control))
