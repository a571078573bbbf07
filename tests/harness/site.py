"""A site of three mirrors on the loopback, and a server that hands them out.

The mirrors are web servers of the test's own process; each lives, is dead (its port refuses), or
hangs (it takes a question and says nothing).
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import dns.edns
import dns.message
import dns.rdatatype

from . import process
from .awaiting import until
from .forked import ran
from .process import ServerProcess
from .wire import UdpClient

NAME = "www.lab.example"
POOL = "www.lab.example."
ADDRESSES = ("127.0.0.41", "127.0.0.42", "127.0.0.43")
ONE, TWO, THREE = ADDRESSES
TTL = 2
COMMAND_S = 60.0  # bounds a hang, not a slow machine

CONFIG = """
dns: {{listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks:
  web: {{type: http, port: {port}, interval: 100ms, fast_interval: 100ms, timeout: 5s}}
pools:
  www.lab.example: {{checks: [web]{more}}}
"""

ZONE = f"""
$TTL {TTL}
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
www  A   {ONE}
www  A   {TWO}
www  A   {THREE}
"""


class _Mirror(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: str, port: int, talks: Event) -> None:
        super().__init__((address, port), _Page)
        self.talks = talks


class _Page(BaseHTTPRequestHandler):
    server: _Mirror

    def do_GET(self) -> None:
        self.server.talks.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@dataclass(slots=True)
class Mirrors:
    """The mirrors by their addresses, all on one port."""

    port: int
    talks: Event = field(default_factory=Event)
    _alive: dict[str, _Mirror] = field(default_factory=dict)

    def start(self, *addresses: str) -> None:
        for address in addresses:
            self._alive[address] = _Mirror(address, self.port, self.talks)
            Thread(target=self._alive[address].serve_forever, args=(0.05,), daemon=True).start()

    def kill(self, *addresses: str) -> None:
        for address in addresses:
            mirror = self._alive.pop(address)
            mirror.shutdown()
            mirror.server_close()

    def hang(self) -> None:
        """Has all that live take questions and say nothing, until `talks` is set."""
        self.talks.clear()

    def close(self) -> None:
        self.talks.set()
        self.kill(*self._alive)


@dataclass(slots=True)
class Site:
    """A server, its mirrors, and what one asks of them."""

    server: ServerProcess
    mirrors: Mirrors

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.server.get("/status"))
        return found

    def pool(self) -> dict[str, Any]:
        found: dict[str, Any] = self.report()["pools"][POOL]
        return found

    def member(self, address: str) -> dict[str, Any]:
        [found] = [m for m in self.pool()["members"] if m["address"] == address]
        return dict(found)

    def await_state(self, state: str, *addresses: str) -> None:
        until(lambda: {self.member(address)["state"] for address in addresses} == {state})

    def incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.server.get("/incidents"))
        return found

    def ask(self, name: str = NAME) -> dns.message.Message:
        query = dns.message.make_query(name, "A", use_edns=0, payload=1232)
        with UdpClient("127.0.0.1", self.server.dns_port) as client:
            return dns.message.from_wire(client.ask(query.to_wire()))

    def answer(self) -> set[str]:
        """The addresses that are handed out."""
        return {record.address for rrset in self.ask().answer for record in rrset}

    def rrdns(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What a command says about the server."""
        return ran([*words, "-c", str(self.server.config)], COMMAND_S)

    def saved(self) -> dict[str, Any]:
        """What the state file holds."""
        found: dict[str, Any] = json.loads((self.server.folder / "state.json").read_text())
        return found

    def await_saved(self, state: str, address: str) -> None:
        """Waits until it is written down that a member is in that state."""
        file = self.server.folder / "state.json"
        wanted = (POOL, address, state)

        def written() -> bool:
            standings = self.saved()["standings"] if file.exists() else []
            return wanted in [(pool, of, standing["state"]) for pool, of, standing in standings]

        until(written)


def told(reply: dns.message.Message) -> list[tuple[int, str]]:
    """The Extended DNS Errors of a reply: codes and texts."""
    return [
        (int(option.code), option.text or "")
        for option in reply.options
        if isinstance(option, dns.edns.EDEOption)
    ]


@contextmanager
def site(
    folder: Path,
    more: str = "",
    extra: str = "",
    zone: str = ZONE,
    player: str = "auto",
    wrapper: tuple[str, ...] = (),
) -> Iterator[Site]:
    """The site with all mirrors up. `more` goes into the pool, `extra` behind the configuration;
    `wrapper` goes before the server's command."""
    mirrors = Mirrors(process.free_ports(1)[0])
    mirrors.talks.set()
    try:
        mirrors.start(*ADDRESSES)
        config = CONFIG.format(port=mirrors.port, more=more) + extra
        files = {"lab.example.zone": zone}
        with process.serving(folder, config, files, wrapper, player) as server:
            yield Site(server, mirrors)
    finally:
        mirrors.close()
