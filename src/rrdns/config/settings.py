"""What rrdns.yaml says, checked and in the server's own terms. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from rrdns.errors import Place, Problem
from rrdns.health.check import Address, Check
from rrdns.health.vantage import Vantage
from rrdns.pool.member import DEFAULT_ANSWERS, Policy, Require, Rung
from rrdns.zone.name import Name

_DEFAULT_POLICY = Policy(answers=DEFAULT_ANSWERS)
_NO_ANCHORS = Vantage()


@dataclass(frozen=True, slots=True)
class Listen:
    """An address and port to listen on; `str()` is `host:port`, with brackets for IPv6."""

    host: Address
    port: int

    def __str__(self) -> str:
        return (
            f"[{self.host}]:{self.port}" if self.host.version == 6 else f"{self.host}:{self.port}"
        )

    @property
    def reachable_host(self) -> Address:
        """Where a client on this host finds what listens here: a wildcard is no address."""
        if not self.host.is_unspecified:
            return self.host
        return IPv6Address("::1") if self.host.version == 6 else IPv4Address("127.0.0.1")


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """What keeps TCP clients from starving each other (RFC 7766 section 6.2.3, RFC 9210 4.2)."""

    idle_s: float = 30.0
    connections: int = 1000
    per_client: int = 50


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server tells of itself: CHAOS TXT (RFC 4892) and NSID (RFC 5001); None: nothing."""

    version: str | None = None
    hostname: str | None = None
    nsid: str | None = None


class PlayerChoice(StrEnum):
    """What plays the answers; AUTO is C where it was built, else PYTHON."""

    AUTO = "auto"
    C = "c"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """The DNS side: UDP and TCP on each of `listen`. `workers` are threads; None: one per CPU."""

    listen: tuple[Listen, ...]
    workers: int | None = None
    player: PlayerChoice = PlayerChoice.AUTO
    cookies: bool = True
    tcp: TcpLimits = TcpLimits()
    identity: Identity = Identity()


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """Attributes for an address that the zone has; `place` is where they are written."""

    place: Place
    name: str | None = None
    weight: int = 1
    backup: bool = False


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """A pool as written, before it is joined with the zone's addresses."""

    place: Place
    owner: Name
    checks: tuple[Check, ...] = ()
    require: Require = Require.ALL
    policy: Policy = _DEFAULT_POLICY
    all_down: tuple[Rung, ...] = (Rung.ALL,)
    members: Mapping[Address, MemberSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file. `zones` maps each apex to its master file, as an absolute path.

    `warnings` are what is allowed and yet hardly meant.
    """

    path: Path
    dns: DnsSettings
    status: Listen
    zones: Mapping[Name, Path]
    pools: tuple[PoolSettings, ...]
    vantage: Vantage = _NO_ANCHORS
    warnings: tuple[Problem, ...] = ()

    def sockets(self) -> tuple[DnsSettings, Listen]:
        """What a running server can not change: its sockets, and who serves them how."""
        return replace(self.dns, identity=Identity()), self.status
