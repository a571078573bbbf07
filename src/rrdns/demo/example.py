"""The packaged example of `zones/`, changed so that it runs on this machine alone."""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

EXAMPLES = "rrdns.examples"
ZONE_FILE = "linux.example.zone"
CONFIG_FILE = "rrdns.yaml"
WWW = "www.linux.example"

Replacements = Iterable[tuple[str, str]]

# Every address of 127.0.0.0/8 is this host's own on Linux, without being configured.
_ADDRESSES = (
    ("192.0.2.1", "127.0.0.11"),
    ("192.0.2.2", "127.0.0.12"),
    ("192.0.2.3", "127.0.0.13"),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that the demo listens on."""

    dns: int
    status: int
    mirror: int


class ChangedExampleError(Exception):
    """The example no longer has a text that the demo replaces."""


def write_example(folder: Path, ports: Ports, *, with_ipv6: bool) -> Path:
    """Writes the zone and the configuration into `folder` and returns the path of the latter.

    `with_ipv6` is whether to listen on ::1 too. Raises ChangedExampleError.
    """
    listen = [f"127.0.0.1:{ports.dns}"]
    if with_ipv6:
        listen.append(f"[::1]:{ports.dns}")
    _write(folder / ZONE_FILE, _ADDRESSES)
    _write(folder / CONFIG_FILE, (*_ADDRESSES, *_in_config(ports, listen)))
    return folder / CONFIG_FILE


def has_ipv6() -> bool:
    """Whether this host has the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def _in_config(ports: Ports, listen: list[str]) -> Replacements:
    return (
        ('listen: ["127.0.0.1:5353", "[::1]:5353"]', f"listen: {json.dumps(listen)}"),
        ('listen: "127.0.0.1:8053"', f'listen: "127.0.0.1:{ports.status}"'),
        ("# state: {file: state.json}", "state: {file: state.json}"),
        ("# control: {socket: control.sock}", "control: {socket: control.sock}"),
        (
            "alive: {type: icmp, interval: 2s, timeout: 1s, fall: 2, rise: 2}",
            "# No ICMP here: every address of 127.0.0.0/8 answers it, mirror or not.",
        ),
        ("# GET / on port 80 of", f"# GET / on port {ports.mirror} of"),
        ("web: {type: http, port: 80,", f"web: {{type: http, port: {ports.mirror},"),
        (
            "status: [200-399]}",
            "status: [200-399],\n        interval: 2s, timeout: 1s, fall: 2, rise: 2}",
        ),
        ("checks: [alive, web]  #", "checks: [web]         #"),
    )


def _write(path: Path, replacements: Replacements) -> None:
    """Writes the example of that name with all `replacements`."""
    text = files(EXAMPLES).joinpath(path.name).read_text(encoding="utf-8")
    for old, new in replacements:
        if old not in text:
            raise ChangedExampleError(f"the example {path.name} has no {old!r} any more")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
