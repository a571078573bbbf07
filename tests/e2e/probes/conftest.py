"""Real probers against real sockets on loopback, on each event loop that the server may run on."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from ssl import SSLContext
from typing import Any, Protocol

import pytest

from rrdns.health.check import Check, Target
from rrdns.health.probes import Probers
from rrdns.health.result import Result

CHILD = Path(__file__).with_name("child.py")

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Child = Callable[..., str]


def _loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "asyncio": asyncio.new_event_loop
    }
    with suppress(ImportError):
        import uvloop

        factories["uvloop"] = uvloop.new_event_loop
    return factories


LOOPS = _loop_factories()


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine to its end, on each event loop."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(work)

    return run


class Probe(Protocol):
    """`await probe(check, address)`."""

    async def __call__(self, check: Check, address: str = "127.0.0.1") -> Result: ...


@asynccontextmanager
async def probing() -> AsyncIterator[Probe]:
    """Probers, open for the while."""
    probers = Probers()

    async def probe(check: Check, address: str = "127.0.0.1") -> Result:
        return await probers.probe(Target(check, ip_address(address)))

    try:
        yield probe
    finally:
        await probers.aclose()


@pytest.fixture
def run_child() -> Child:
    """Run child.py with words, perhaps under another program; what it prints, stripped."""

    def run_child(*words: str, under: Sequence[str] = ()) -> str:
        done = subprocess.run(
            [*under, sys.executable, str(CHILD), *words],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_child


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(
    talk: Talk, host: str = "127.0.0.1", tls: SSLContext | None = None
) -> AsyncIterator[int]:
    """A TCP server that talks like `talk`; yields its port."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(one, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
