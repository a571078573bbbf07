"""A member that ends its idle connection is looked at there and then, and not by the clock."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest

from harness.awaiting import eventually
from rrdns.health.check import Target, TcpCheck
from rrdns.health.monitor import Monitor
from rrdns.health.tripwire import Tripwires
from rrdns.health.verdict import State

HOST = "127.0.0.1"
HOUR_S = 3600.0  # so that nothing is found out by the clock


class Member:
    """A server on the loopback that accepts, says nothing, and can be killed."""

    def __init__(self) -> None:
        self.clients: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepted, HOST, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _accepted(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.clients.put_nowait(writer)

    def kill(self) -> None:
        """As the kernel does for a process: no more listening, every connection ended."""
        self._server.close()
        for writer in self._writers:
            writer.close()

    def target(self, *, tripwire: bool = True) -> Target:
        check = TcpCheck(
            name="port",
            port=self.port,
            interval_s=HOUR_S,
            fast_interval_s=0.02,
            fall=3,
            tripwire=tripwire,
        )
        return Target(check, ip_address(HOST))


@pytest.fixture
async def member() -> AsyncIterator[Member]:
    member = Member()
    await member.start()
    yield member
    member.kill()


async def test_the_end_of_a_wire_is_told_once(member: Member) -> None:
    tripped: asyncio.Queue[Target] = asyncio.Queue()
    wires = Tripwires(tripped.put_nowait)
    target = member.target()
    wires.stretch(target, member.port)
    wires.stretch(target, member.port)
    client = await member.clients.get()
    client.close()
    assert await tripped.get() == target
    await wires.aclose()
    assert tripped.empty()
    assert member.clients.empty()  # there was one


async def test_who_closes_idle_connections_is_left_alone_for_a_while(member: Member) -> None:
    tripped: asyncio.Queue[Target] = asyncio.Queue()
    wires = Tripwires(tripped.put_nowait)
    wires.stretch(member.target(), member.port)
    (await member.clients.get()).close()
    await tripped.get()
    wires.stretch(member.target(), member.port)
    assert not wires._opening
    await wires.aclose()


async def test_a_wire_that_is_cut_from_here_is_no_news(member: Member) -> None:
    tripped: asyncio.Queue[Target] = asyncio.Queue()
    wires = Tripwires(tripped.put_nowait)
    wires.stretch(member.target(), member.port)
    await member.clients.get()
    await eventually(lambda: wires._wires)
    wires.cut(member.target())
    wires.cut(member.target())
    await wires.aclose()
    assert tripped.empty()


async def test_nobody_there_is_no_news_either(member: Member) -> None:
    tripped: asyncio.Queue[Target] = asyncio.Queue()
    wires = Tripwires(tripped.put_nowait)
    member.kill()
    wires.stretch(member.target(), member.port)
    await eventually(lambda: not wires._opening)
    await wires.aclose()
    assert tripped.empty()


async def test_a_member_that_is_killed_is_down_long_before_its_next_probe(member: Member) -> None:
    down = asyncio.Event()
    target = member.target()
    monitor = Monitor(
        lambda _, before, after: down.set() if after.verdict.state is State.DOWN else None
    )
    await monitor.first_round([target])
    monitor.watch([target])
    await member.clients.get()  # the probe
    await member.clients.get()  # the wire
    member.kill()
    await asyncio.wait_for(down.wait(), 30)
    assert monitor.health(target).decided_by == 3
    await monitor.aclose()


async def test_a_member_that_is_no_longer_watched_has_no_wire(member: Member) -> None:
    monitor = Monitor(lambda *_: None)
    await monitor.first_round([member.target()])
    monitor.watch([member.target()])
    await member.clients.get()
    wire = await member.clients.get()
    monitor.watch([])
    await asyncio.wait_for(wire.drain(), 30)
    await monitor.aclose()
    assert monitor._tripwires is not None
    assert not monitor._tripwires._wires


async def test_without_the_key_there_is_no_wire(member: Member) -> None:
    monitor = Monitor(lambda *_: None)
    target = member.target(tripwire=False)
    await monitor.first_round([target])
    monitor.watch([target])
    assert monitor._tripwires is not None
    assert not monitor._tripwires._opening
    assert not monitor._tripwires._wires
    await monitor.aclose()
