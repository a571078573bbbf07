"""A connection passes only if somebody accepts it; a lack of our own drops nobody."""

import asyncio
import socket
import time

import pytest

from rrdns.health.check import TcpCheck
from rrdns.health.verdict import Outcome

from .conftest import Run, free_port, probing, serving

TICK_S = 0.002  # uvloop's timers count in whole milliseconds, and may be early by a part of one


def tcp(port: int, timeout_s: float = 20.0) -> TcpCheck:
    return TcpCheck(name="tcp", port=port, timeout_s=timeout_s)


async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Says nothing until the client leaves."""
    await reader.read()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_accepts_passes_and_the_connection_is_closed(run: Run, host: str) -> None:
    async def story() -> None:
        left = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await hold(reader, writer)
            finally:
                left.set()

        async with serving(talk, host) as port, probing() as probe:
            result = await probe(tcp(port), host)
            assert result.outcome is Outcome.PASS
            assert result.reason.endswith(" ms")
            await left.wait()

    run(story())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_closed_port_fails(run: Run, host: str) -> None:
    async def story() -> None:
        async with probing() as probe:
            result = await probe(tcp(free_port(host)), host)
            assert (result.outcome, result.reason) == (Outcome.FAIL, "connection refused")

    run(story())


def test_a_port_that_drops_what_arrives_fails_at_the_timeout(run: Run) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as listener, socket.socket() as filler:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)  # one connection fits; the kernel drops every SYN after it
            filler.setblocking(False)
            await loop.sock_connect(filler, listener.getsockname())
            async with probing() as probe:
                result = await probe(tcp(listener.getsockname()[1], timeout_s=0.2))
        assert (result.outcome, result.reason) == (Outcome.FAIL, "no answer within 0.2 s")
        assert result.elapsed_s > 0.2 - TICK_S

    run(story())


def test_a_connection_made_while_our_own_loop_stalls_is_not_a_timeout(run: Run) -> None:
    async def story() -> None:
        async with serving(hold) as port, probing() as probe:
            pending = asyncio.ensure_future(probe(tcp(port, timeout_s=0.1)))
            await asyncio.sleep(0)
            time.sleep(0.3)  # noqa: ASYNC251 - the stall
            assert (await pending).outcome is Outcome.PASS

    run(story())


def test_a_connection_to_itself_is_not_an_answer(run: Run) -> None:
    async def story() -> None:
        port = free_port()
        with socket.socket() as sock:  # a port where TCP does connect to itself, as a control
            sock.bind(("127.0.0.1", port))
            sock.connect(("127.0.0.1", port))
            assert sock.getsockname() == sock.getpeername()
        async with probing() as probe:
            for _ in range(200):
                assert (await probe(tcp(port))).outcome is Outcome.FAIL

    run(story())
