"""Tells systemd how the service is doing, when it asks (sd_notify(3))."""

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
