"""A client that is slow, silent, greedy or one of very many costs a bounded place, and no more."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from rrdns.status import door
from rrdns.status.site import StatusSite

from .conftest import ANY_PORT, Server

ASK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
BLOCK = bytes(1 << 16)
MOST_GROWTH = 24 << 20  # octets; of 100 MB that are sent

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(site: StatusSite) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(*site.address)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def asked(streams: Streams) -> bytes:
    """The first line of the reply to a good request."""
    reader, writer = streams
    writer.write(ASK)
    line = await reader.readline()
    await reader.readuntil(b"ok\n")
    return line


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Returns once the other side has closed; what it still had to say is thrown away."""
    with suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass
    return True


async def pour(writer: asyncio.StreamWriter, octets: int, block: bytes = BLOCK) -> bool:
    """Whether the server let us send that many."""
    for _ in range(octets // len(block)):
        try:
            writer.write(block)
            await writer.drain()
        except ConnectionError:
            return False
    return True


def resident() -> int:
    """The memory of this process, client and server, in octets."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) << 10


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_large_body_is_refused_and_never_kept(site: StatusSite, method: str) -> None:
    async with connected(site) as (reader, writer):
        before = resident()
        writer.write(
            f"{method} /status HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n".encode()
        )
        sending = asyncio.create_task(pour(writer, 100 << 20))
        line = await reader.readline()
        assert line.split()[1] == {"POST": b"405", "GET": b"413"}[method]
        assert b"Connection: close" in await reader.readuntil(b"\r\n\r\n")
        await sending
        assert resident() - before < MOST_GROWTH
        assert await is_closed(reader)


async def test_an_endless_body_ends_with_the_connection(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LEAVE_S", 0.1)
    async with connected(site) as (reader, writer):
        before = resident()
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n")
        assert (await reader.readline()).split()[1] == b"405"
        writer.write(BLOCK + b"\r\nFFFFFFFFFF\r\n")
        assert not await pour(writer, 1 << 40)
        assert resident() - before < MOST_GROWTH


async def test_nobody_is_asked_to_send_a_body(site: StatusSite) -> None:
    async with connected(site) as (reader, writer):
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        assert (await reader.readline()).split()[1] == b"405"


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_who_does_not_bring_a_whole_request_is_closed(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(door, "REQUEST_S", 0.2)
    async with connected(site) as (reader, writer):
        writer.write(start)
        closed = asyncio.create_task(is_closed(reader))
        while not closed.done():  # a header that trickles in gains no time
            with suppress(ConnectionError):
                writer.write(b"y")
                await writer.drain()
            await asyncio.wait([closed], timeout=0.02)
        assert await closed


async def test_who_has_asked_once_has_to_ask_again_in_time(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STAY_S", 0.2)
    async with connected(site) as (reader, writer):
        assert (await asked((reader, writer))).split()[1] == b"200"
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert await is_closed(reader)


async def test_headers_without_end_are_cut_off(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REQUEST_S", 0.3)
    async with connected(site) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with suppress(ConnectionError):
            for number in range(1 << 20):
                writer.write(b"X-%d: %s\r\n" % (number, b"y" * 1000))
                await writer.drain()
        assert await is_closed(reader)


async def test_one_connection_serves_many_requests(site: StatusSite) -> None:
    requests = 2 * door.REQUEST_OCTETS // len(ASK)
    async with connected(site) as streams:
        for _ in range(requests):
            assert (await asked(streams)).split()[1] == b"200"


async def test_a_pipeline_is_answered_in_order(site: StatusSite) -> None:
    async with connected(site) as (reader, writer):
        writer.write(ASK + ASK.replace(b"healthz", b"nothing") + ASK)
        statuses: list[bytes] = []
        while len(statuses) < 3:
            line = await reader.readline()
            if line.startswith(b"HTTP/"):
                statuses.append(line.split()[1])
        assert statuses == [b"200", b"404", b"200"]


async def test_who_asks_and_asks_and_reads_nothing_is_closed(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STAY_S", 0.3)
    async with connected(site) as (_, writer):
        before = resident()
        with suppress(ConnectionError):
            while True:
                writer.write(ASK.replace(b"healthz", b"metrics"))
                await writer.drain()
        assert resident() - before < MOST_GROWTH


async def test_a_pipeline_that_is_too_long_is_cut_off(site: StatusSite) -> None:
    async with connected(site) as (reader, writer):
        before = resident()
        reading = asyncio.create_task(is_closed(reader))
        assert not await pour(writer, 1 << 40, ASK * 1000)
        assert resident() - before < MOST_GROWTH
        assert await reading


async def test_the_number_of_connections_is_limited_and_the_idlest_gives_way(
    site: StatusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PLACES", 3)
    async with AsyncExitStack() as stack:
        first, second, third = [await stack.enter_async_context(connected(site)) for _ in range(3)]
        for streams in (second, third, first):
            assert (await asked(streams)).split()[1] == b"200"
        late = await stack.enter_async_context(connected(site))
        assert (await asked(late)).split()[1] == b"200"
        assert await is_closed(second[0])
        for streams in (first, third):
            assert (await asked(streams)).split()[1] == b"200"


async def test_a_crowd_of_silent_clients_keeps_nobody_out(site: StatusSite) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3 * door.PLACES):
            await stack.enter_async_context(connected(site))
        late = await stack.enter_async_context(connected(site))
        assert (await asked(late)).split()[1] == b"200"


async def test_the_end_of_the_server_is_the_end_of_its_connections(server: Server) -> None:
    site = StatusSite(server, ANY_PORT)
    await site.start()
    async with connected(site) as idle, connected(site) as slow:
        assert (await asked(idle)).split()[1] == b"200"
        slow[1].write(b"GET / HT")
        await asyncio.sleep(0)
        await site.stop()
        assert await is_closed(idle[0])
        assert await is_closed(slow[0])
