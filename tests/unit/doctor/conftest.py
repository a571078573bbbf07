"""Patients on a host of our making: what an examination finds follows from what it is told."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.doctor.finding import Finding, Level
from rrdns.doctor.patient import Patient
from rrdns.doctor.seen import Capability, Clock, Delegated, Held, Local, Rights, Unasked
from rrdns.health.check import Address
from rrdns.load import load
from rrdns.zone.name import Name

NOW = 1_800_000_000.0
RIGHT = Clock(NOW, NOW - 3600, True)
ALL = frozenset(Capability)
OWN = Rights("this user", ALL, 20_000, 1000, frozenset({1000}))

ZONE = """\
$TTL 60
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    198.51.100.53
www  A    198.51.100.1
www  A    198.51.100.2
"""


@dataclass
class FakeHost:
    """A host on which all is well, but for what a test says."""

    sockets: list[Held] = field(default_factory=list)
    bind_errors: dict[str, int] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    addresses: list[Local] = field(
        default_factory=lambda: [
            Local(ip_address("127.0.0.1"), "lo"),
            Local(ip_address("198.51.100.53"), "eth0"),
            Local(ip_address("::1"), "lo"),
        ]
    )
    settings: dict[str, tuple[int, ...]] = field(
        default_factory=lambda: {
            "net.core.rmem_max": (4 << 20,),
            "net.core.wmem_max": (4 << 20,),
            "net.ipv4.ip_unprivileged_port_start": (1024,),
            "net.ipv4.ping_group_range": (1, 0),
        }
    )
    icmp: set[int] = field(default_factory=lambda: {4, 6})
    time: Clock = RIGHT
    writable: bool | None = True
    replies: dict[str, str | None] = field(default_factory=dict)
    told: dict[Name, Delegated | Unasked] = field(default_factory=dict)
    asked: list[Name] = field(default_factory=list)

    def held(self, port: int) -> Sequence[Held]:
        return [each for each in self.sockets if each.port == port]

    def bind_error(self, listen: Listen, transport: Transport) -> int:
        return self.bind_errors.get(str(listen), 0)

    def has(self, address: Address) -> bool:
        return str(address) not in self.missing

    def local(self) -> Sequence[Local]:
        return self.addresses

    def kernel(self, setting: str) -> tuple[int, ...]:
        if setting not in self.settings:
            raise FileNotFoundError(2, "No such file or directory", setting)
        return self.settings[setting]

    def opens_icmp(self, version: int) -> bool:
        return version in self.icmp

    def may_write(self, folder: str) -> bool | None:
        return self.writable

    def clock(self) -> Clock:
        return self.time

    def sources(self, asked: Collection[Listen], zone: Name) -> Mapping[Listen, Address | None]:
        """Each replies from itself, but for those in `replies`."""
        found: dict[Listen, Address | None] = {}
        for listen in asked:
            source = self.replies.get(str(listen), str(listen.host))
            found[listen] = ip_address(source) if source else None
        return found

    def delegations(self, zones: Collection[Name]) -> Mapping[Name, Delegated | Unasked]:
        self.asked += zones
        return {zone: self.told.get(zone, Unasked("nobody answers")) for zone in zones}


MakePatient = Callable[..., Patient]


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def make_patient(tmp_path: Path, host: FakeHost) -> MakePatient:
    """Makes a patient of the text of a configuration and of its zone, in `lab.zone`."""

    def make(
        config: str = "", zone: str = ZONE, apex: str = "lab.rrdns.net", **other: Any
    ) -> Patient:
        (tmp_path / "lab.zone").write_text(zone)
        (tmp_path / "rrdns.yaml").write_text(f"{config}\nzones: {{{apex}: lab.zone}}\n")
        told: dict[str, Any] = {"own": OWN, "serving": OWN, **other}
        return Patient(load(tmp_path / "rrdns.yaml"), host, **told)

    return make


def only(findings: Iterator[Finding], level: Level) -> Finding:
    """The one finding there is, which is of that level."""
    [finding] = findings
    assert finding.level is level, finding
    return finding


def worst(findings: Iterator[Finding]) -> Finding:
    """The gravest of several, the first of them."""
    return max(findings, key=lambda each: list(Level).index(each.level))
