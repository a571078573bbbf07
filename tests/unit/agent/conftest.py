"""An agent without a network: what it perceives is told, and what it does is noted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any

import pytest

from rrdns.agent.agent import Agent
from rrdns.agent.sentry import Sentry
from rrdns.health.check import Address
from rrdns.takeover.herald import Herald
from rrdns.takeover.plan import Host, Plan, Vip

MARCONI = Host("marconi", IPv4Address("10.0.0.11"), "eth0")
HERTZ = Host("hertz", IPv4Address("10.0.0.12"), "eth0")
POPOV = Host("popov", IPv4Address("10.0.0.13"), "eth0")
WITNESS = IPv4Address("10.0.0.254")
HOSTS = {host.name: host for host in (MARCONI, HERTZ, POPOV)}
FIRST = Vip(IPv4Address("10.0.0.127"), MARCONI, (HERTZ, POPOV), "eth0:marc")
SECOND = Vip(ip_address("fd00::128"), HERTZ, (MARCONI,))

MakePlan = Callable[..., Plan]


@pytest.fixture
def make_plan(tmp_path: Path) -> MakePlan:
    """Makes the plan of a host, marconi's unless told otherwise."""

    def make(here: Host = MARCONI, **more: Any) -> Plan:
        usual = {
            "vips": (FIRST, SECOND),
            "witnesses": (WITNESS,),
            "control": tmp_path / "takeover.sock",
        }
        return Plan(tmp_path / "takeover.yaml", here, HOSTS, **{**usual, **more})

    return make


@dataclass
class FakeMeans:
    """A host that has what it was told to have, and a link on which nobody answers."""

    held: set[Address] = field(default_factory=set)
    foreign: set[Address] = field(default_factory=set)
    has_carrier: bool = True
    asked: list[Address] = field(default_factory=list)
    announced: list[tuple[Address, str | None]] = field(default_factory=list)
    refuses: str | None = None

    def catch_up(self) -> None:
        """It is as of now."""

    def holds(self, vip: Vip) -> bool:
        return vip.address in self.held

    def is_foreign(self, vip: Vip) -> bool:
        return vip.address in self.foreign

    def carrier(self) -> bool:
        return self.has_carrier

    def ask(self, address: Address) -> None:
        self.asked.append(address)

    def announce(self, address: Address, mac: str | None) -> None:
        self.announced.append((address, mac))

    async def hold(self, vip: Vip, lease_s: float) -> str | None:
        if self.refuses is None:
            self.held.add(vip.address)
        return self.refuses

    async def drop(self, vip: Vip) -> str | None:
        self.held.discard(vip.address)
        return None


@dataclass
class Staffed:
    """An agent whose sentries stand at their posts, and whose witnesses answer."""

    agent: Agent
    means: FakeMeans = field(default_factory=FakeMeans)
    news: int = 0
    herald: Herald | None = None

    def __post_init__(self) -> None:
        plan = self.agent.plan
        for vip in plan.ours:
            self.agent.sentries[vip.address] = Sentry(
                vip, plan, self.agent.senses, self.means, self.herald, self._witnesses, self._news
            )

    async def _witnesses(self, _seconds: float) -> int:
        return len(self.agent.plan.witnesses)

    def _news(self) -> None:
        self.news += 1

    def sentry(self, vip: Vip) -> Sentry:
        return self.agent.sentries[vip.address]

    def stir(self) -> None:
        for sentry in self.agent.sentries.values():
            sentry.stir()

    async def aclose(self) -> None:
        for sentry in self.agent.sentries.values():
            await sentry.aclose()


MakeStaffed = Callable[..., Staffed]


@pytest.fixture
async def make_staffed(make_plan: MakePlan) -> Any:
    """Makes agents that are staffed; `more` is their plan's."""
    made: list[Staffed] = []

    def make(herald: Herald | None = None, **more: Any) -> Staffed:
        staffed = Staffed(Agent(make_plan(**more)), herald=herald)
        made.append(staffed)
        return staffed

    yield make
    await asyncio.gather(*(staffed.aclose() for staffed in made))
