"""Several hosts on one machine: network namespaces that the test makes, uses and takes away.

server 10.77.1.1 ---- 10.77.1.2 mirror 1
       10.77.2.1 ---- 10.77.2.2 mirror 2   ...
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .namespaces import enter
from .wire import UdpClient

_lab_numbers = itertools.count()

HTTP_PORT = 8080
WEB_SERVER = Path(__file__).with_name("web_server.py")


@dataclass(slots=True)
class Mirror:
    """A host with a small web server on `HTTP_PORT`, which takes `delay_s` for an answer."""

    namespace: str
    address: str
    folder: Path
    delay_s: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Starts its web server."""
        words = [self.address, str(HTTP_PORT), str(self.folder), str(self.delay_s)]
        self.process = subprocess.Popen(
            inside(self.namespace, [sys.executable, str(WEB_SERVER), *words]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """Ends its web server as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def firewall(self) -> None:
        """Has the host drop whatever reaches it."""
        drop_input(self.namespace)

    def lift_firewall(self) -> None:
        lift_drop(self.namespace)


@dataclass(slots=True)
class Lab:
    """The namespace of the name server, and its mirrors."""

    namespace: str
    mirrors: list[Mirror]

    @property
    def wrapper(self) -> tuple[str, ...]:
        """What runs a command on the server's host when it is put before it."""
        return tuple(inside(self.namespace, []))


def inside(namespace: str, command: list[str]) -> list[str]:
    """`command` as run in `namespace`; it replaces `ip`, so its pid is the command's own."""
    return ["ip", "netns", "exec", namespace, *command]


def drop_input(namespace: str) -> None:
    """Has the host drop whatever reaches it from others, until `lift_drop`."""
    chain = "add chain ip lab in { type filter hook input priority 0; policy drop; }"
    rule = "add rule ip lab in iif lo accept"
    run(inside(namespace, ["nft", f"add table ip lab; {chain}; {rule}"]))


def lift_drop(namespace: str) -> None:
    run(inside(namespace, ["nft", "delete table ip lab"]))


def set_links(namespace: str, state: str) -> None:
    """Takes all links of the host `up` or `down`, but its loopback."""
    for device in json.loads(output(inside(namespace, ["ip", "-json", "link"]))):
        if device["ifname"] != "lo":
            run(inside(namespace, ["ip", "link", "set", device["ifname"], state]))


def run(command: list[str]) -> None:
    output(command)


def output(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def udp_client(namespace: str, host: str, port: int, source: str | None = None) -> UdpClient:
    """A client in `namespace`: a socket stays where the thread was that made it."""

    with ThreadPoolExecutor(1, initializer=enter, initargs=(namespace,)) as inside_of_it:
        return inside_of_it.submit(UdpClient, host, port, source).result()


@contextmanager
def lab(folder: Path, mirrors: int, delay_s: float = 0.0) -> Iterator[Lab]:
    """A server namespace with `mirrors` mirrors that are up. Skips where that is not allowed."""
    if reason := missing():
        pytest.skip(reason)
    prefix = fresh_prefix()
    with ExitStack() as undo:
        server = make_namespace(f"{prefix}s", undo)
        made = []
        for number in range(1, mirrors + 1):
            name = f"{prefix}m{number}"
            mirror = Mirror(name, f"10.77.{number}.2", folder / f"mirror{number}", delay_s)
            make_namespace(mirror.namespace, undo)
            _link(server, mirror.namespace, number)
            mirror.folder.mkdir()
            (mirror.folder / "index.html").write_text(f"mirror {number}\n")
            undo.callback(mirror.kill)
            mirror.start()
            made.append(mirror)
        yield Lab(server, made)


def missing() -> str | None:
    """Why no namespace can be made here; None where one can."""
    if os.geteuid() == 0 and all(map(shutil.which, ("ip", "nft"))):
        return None
    return "making network namespaces needs root, iproute2 and nftables"


def fresh_prefix() -> str:
    """What the names of the namespaces of one lab begin with, and those of no other."""
    return f"rr{os.getpid()}n{next(_lab_numbers)}"


def make_namespace(name: str, undo: ExitStack) -> str:
    """A namespace with its loopback up, until `undo`."""
    run(["ip", "netns", "add", name])
    undo.callback(run, ["ip", "netns", "del", name])
    run(inside(name, ["ip", "link", "set", "lo", "up"]))
    return name


def _link(server: str, mirror: str, number: int) -> None:
    ends = {server: f"m{number}", mirror: "up0"}
    peer = ["peer", "name", ends[mirror], "netns", mirror]
    run(["ip", "link", "add", ends[server], "netns", server, "type", "veth", *peer])
    for last, (namespace, device) in enumerate(ends.items(), start=1):
        address = f"10.77.{number}.{last}/24"
        run(inside(namespace, ["ip", "address", "add", address, "dev", device]))
        run(inside(namespace, ["ip", "link", "set", device, "up"]))
