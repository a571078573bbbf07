"""Takeover agents as the server sees them: small web servers of the test's own process that give
what they are told to.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from .process import free_ports


class _Web(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, agent: "Agent") -> None:
        super().__init__(("127.0.0.1", port), _Status)
        self.agent = agent


class _Status(BaseHTTPRequestHandler):
    server: _Web

    def do_GET(self) -> None:
        body = self.server.agent.body()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.agent.asked += 1

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@dataclass(slots=True)
class Agent:
    """The agent on `host`, and what it says of each address."""

    host: str
    port: int
    vips: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: int = 0
    _web: _Web | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def body(self) -> bytes:
        return json.dumps({"host": self.host, "version": "0.1.0", "vips": self.vips}).encode()

    def say(
        self,
        vip: str,
        owner: str,
        *,
        holds: bool,
        rank: int = 0,
        reason: str = "",
        contested: str | None = None,
    ) -> None:
        """What it says of an address from now on."""
        self.vips = self.vips | {
            vip: {
                "owner": owner,
                "rank": rank,
                "state": "holding" if holds else "standby",
                "reason": reason,
                "since": "2026-01-01T00:00:00Z",
                "holds": holds,
                "contested": contested,
            }
        }

    def start(self) -> None:
        self._web = _Web(self.port, self)
        Thread(target=self._web.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._web is not None:
            self._web.shutdown()
            self._web.server_close()
            self._web = None


@contextmanager
def agents(*hosts: str) -> Iterator[list[Agent]]:
    """An agent that answers for each of `hosts`."""
    made = [Agent(host, port) for host, port in zip(hosts, free_ports(len(hosts)), strict=True)]
    try:
        for agent in made:
            agent.start()
        yield made
    finally:
        for agent in made:
            agent.stop()
