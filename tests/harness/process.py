"""Runs `rrdns serve` as its users do: a process of its own, with files, ports and signals."""

import random
import signal
import socket
import string
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .forked import Forked, can_fork, forked
from .wire import has_ipv6

START_S = 60.0  # bounds a hang, not a slow machine
STOP_S = 30.0
POLL_S = 0.02

# Below the range from which the kernel takes the ports of clients, so that none grabs ours first.
FIRST_PORT, LAST_PORT = 10_000, 32_000

CONFIG_NAME = "rrdns.yaml"
PLACES = {"state": "{file: state.json}", "control": "{socket: control.sock}"}
"""Added where a configuration says nothing: a server of this host may have the usual ones."""

LOG_NAME = "rrdns.log"


@dataclass(slots=True)
class ServerProcess:
    """A running server, its folder and its ports."""

    process: "subprocess.Popen[bytes] | Forked"
    folder: Path
    dns_port: int
    status_port: int
    wrapper: tuple[str, ...] = ()

    @property
    def config(self) -> Path:
        return self.folder / CONFIG_NAME

    @property
    def log(self) -> str:
        """What the server has written to stderr so far."""
        return (self.folder / LOG_NAME).read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def get(self, path: str) -> bytes:
        """The body that the status server gives for `path`; OSError otherwise."""
        url = f"http://127.0.0.1:{self.status_port}{path}"
        if self.wrapper:  # on another host, so that a client has to be started there
            return _curl(self.wrapper, url)
        with urllib.request.urlopen(url, timeout=START_S) as response:
            body: bytes = response.read()
            return body

    def is_ready(self) -> bool:
        """Whether /readyz says so; False too where nothing listens there yet."""
        return self.has("/readyz")

    def has(self, path: str) -> bool:
        """Whether the status server has an answer of 200 for `path`."""
        try:
            self.get(path)
        except OSError:  # urllib.error.URLError is one
            return False
        return True

    def send(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def stop(self) -> None:
        """Ends the server with SIGTERM; AssertionError unless it goes in good order."""
        if self.is_alive:
            self.send(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not stop the server; its log:\n{self.log}") from None
        assert status == 0, f"the server ended with exit status {status}; its log:\n{self.log}"

    def kill(self) -> None:
        """Ends the server whatever state it is in."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Starts the server that has ended as it was started before; its log goes on."""
        self.process = _begin(self.folder, self.wrapper)


def _curl(wrapper: tuple[str, ...], url: str) -> bytes:
    command = [*wrapper, "curl", "--silent", "--fail", "--max-time", str(START_S), url]
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except subprocess.CalledProcessError as error:
        raise OSError(f"{url}: curl ended with exit status {error.returncode}") from None


@contextmanager
def serving(
    folder: Path,
    config: str,
    files: Mapping[str, str] | None = None,
    wrapper: tuple[str, ...] = (),
    player: str = "auto",
) -> Iterator[ServerProcess]:
    """A server with `config` and `files` (text by name) in `folder`, from ready until SIGTERM.

    In `config`, `$DNS_PORT` and `$STATUS_PORT` stand for free ports, `$PLAYER` for `player`. Where
    the test fails, or the server does, its log goes to stderr, which pytest shows.
    """
    server = start(folder, config, files, wrapper, player)
    try:
        await_ready(server)
        yield server
        server.stop()
    except BaseException:
        print(f"log of the server in {folder}:\n{server.log}", file=sys.stderr)
        raise
    finally:
        if server.is_alive:
            server.kill()


def start(
    folder: Path,
    config: str,
    files: Mapping[str, str] | None = None,
    wrapper: tuple[str, ...] = (),
    player: str = "auto",
) -> ServerProcess:
    """The server as `serving` makes it, but not waited for; the caller ends it.

    `wrapper` goes before the command, to run it on another host.
    """
    dns_port, status_port = free_ports(2)
    told = {"DNS_PORT": str(dns_port), "STATUS_PORT": str(status_port), "PLAYER": player}
    (folder / CONFIG_NAME).write_text(_placed(string.Template(config).substitute(told)))
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    (folder / LOG_NAME).write_bytes(b"")
    return ServerProcess(_begin(folder, wrapper), folder, dns_port, status_port, wrapper)


def _begin(folder: Path, wrapper: tuple[str, ...]) -> "subprocess.Popen[bytes] | Forked":
    words, log = ("serve", "-c", str(folder / CONFIG_NAME)), folder / LOG_NAME
    if not wrapper and can_fork():
        return forked(words, log)
    with log.open("ab") as said:
        command = [*wrapper, sys.executable, "-m", "rrdns", *words]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def _placed(config: str) -> str:
    """`config` with `PLACES` that are its own."""
    missing = [key for key in PLACES if f"\n{key}:" not in f"\n{config}"]
    return "\n".join([config, *(f"{key}: {PLACES[key]}" for key in missing), ""])


def await_ready(server: ServerProcess) -> None:
    """Waits until the server is ready; AssertionError where it ends first."""
    deadline = time.monotonic() + START_S
    while not server.is_ready():
        assert server.is_alive, f"the server did not start; its log:\n{server.log}"
        assert time.monotonic() < deadline, f"the server is not ready; its log:\n{server.log}"
        time.sleep(POLL_S)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now, neither by UDP nor by TCP, on any address."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in ports and _is_free(port):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    hosts = [(socket.AF_INET, "0.0.0.0")]
    if has_ipv6():
        hosts.append((socket.AF_INET6, "::"))
    for family, host in hosts:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as sock:
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    sock.bind((host, port))
                except OSError:
                    return False
    return True
