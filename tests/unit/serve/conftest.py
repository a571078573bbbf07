"""A zone with a pool, published for the C player."""

import time
from collections.abc import AsyncIterator
from contextlib import closing
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest

from rrdns.answer.cookie import CookieJar, Secrets
from rrdns.config.settings import Identity, Listen, PlayerChoice
from rrdns.health.check import TcpCheck
from rrdns.health.verdict import State
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import Fitness
from rrdns.publisher import Publisher
from rrdns.serve.players import UdpServing, players_for
from rrdns.serve.sockets import bind
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRset, RRType, Zone

HOST = "127.0.0.1"
APEX, WWW = from_text("lab.example"), from_text("www.lab.example")
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
POOL = Pool(WWW, tuple(map(Member, map(ip_address, ADDRESSES))), (TcpCheck(name="c", port=1),))


class Served:
    """A zone with a pool, published for the C player; members in `down` are that."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.jar = CookieJar(Secrets(bytes(16), bytes(range(16))), time.time)
        self.players = players_for(PlayerChoice.C, self.jar)
        self.publisher: Publisher[Any] = Publisher(
            self._fitness_of, Random(1), self.players.blank, self.players.cursors
        )
        self.bound = bind(Listen(ip_address(HOST), 0), 2)
        self.port = self.bound.tcp.getsockname()[1]

    async def publish(self) -> None:
        soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
        www = RRset(WWW, RRType.A, 60, tuple(ip_address(text).packed for text in ADDRESSES))
        zones = {APEX: Zone.of(APEX, [soa, www])}
        await self.publisher.publish(zones, [POOL], Identity())

    def server(self) -> UdpServing:
        """What serves the sockets; not started."""
        publisher = self.publisher
        return self.players.udp(publisher.publication, publisher.cursors, self.bound.udp)

    def refresh(self, *down: str) -> None:
        """Has just these members be down."""
        self.down = set(down)
        self.publisher.refresh([POOL])

    def _fitness_of(self, pool: Pool, member: Member) -> Fitness:
        return Fitness(State.DOWN if str(member.address) in self.down else State.UP)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    await made.publish()
    with closing(made.bound):
        yield made
