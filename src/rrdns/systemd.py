"""Tells systemd how the service is doing, when it asks (sd_notify(3), sd_watchdog_enabled(3))."""

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Sends `state`, such as `READY=1`, to the socket that systemd names; nothing without one.

    A manager that does not listen is no reason to stop serving.
    """
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.sendto(state.encode(), address)
        except OSError:
            return


async def keep_alive() -> None:
    """Tells systemd that the event loop runs, for as long as that is watched (WatchdogSec=)."""
    period_s = _watched_s()
    while period_s:
        notify("WATCHDOG=1")
        await asyncio.sleep(period_s / 2)


def _watched_s() -> float:
    """After how much silence systemd takes this process for dead; 0: never."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    period_us = os.environ.get("WATCHDOG_USEC", "")
    return int(period_us) / 1e6 if period_us.isdecimal() else 0.0
