"""What rrdns.yaml says, checked and in the server's own terms. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from rrdns.errors import Place, Problem
from rrdns.health.check import Address, Check
from rrdns.health.vantage import Vantage
from rrdns.pool.member import (
    DEFAULT_ANSWERS,
    DEFAULT_COVERED_WEIGHT,
    DEFAULT_LAST_GOOD_S,
    DEFAULT_MIN_UP,
    Policy,
    Require,
    Rung,
)
from rrdns.zone.name import Name

# The folders are made by systemd (StateDirectory=, RuntimeDirectory=) or by the container's image.
DEFAULT_STATE_FILE = Path("/var/lib/rrdns/state.json")
DEFAULT_CONTROL_SOCKET = Path("/run/rrdns/control.sock")
MAX_SOCKET_PATH = 107  # octets; unix(7)
WORDS_KEPT = 3  # intervals for which what a takeover agent has said is good

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
    last_good_s: float = DEFAULT_LAST_GOOD_S
    min_up: int = DEFAULT_MIN_UP
    ttl_floor_s: int | None = None
    covered_weight: int = DEFAULT_COVERED_WEIGHT
    members: Mapping[Address, MemberSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Where the server remembers what a restart is to know, and for how long verdicts are worth
    something. Without a `file` it is `DEFAULT_STATE_FILE`, if there is that folder."""

    file: Path | None = None
    max_age_s: float = 300.0

    @property
    def kept_in(self) -> Path | None:
        """The file; None: nothing is remembered."""
        return self.file or _in_existing_folder(DEFAULT_STATE_FILE)


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """How operators' orders come in: by a unix socket, or by TCP with the token in a file.

    Without a `socket` it is `DEFAULT_CONTROL_SOCKET`, if there is that folder; without a
    `token_file` no order comes in by TCP.
    """

    socket: Path | None = None
    token_file: Path | None = None

    @property
    def listens_at(self) -> Path | None:
        """The unix socket; None: there is none."""
        return self.socket or _in_existing_folder(DEFAULT_CONTROL_SOCKET)


@dataclass(frozen=True, slots=True)
class TakeoverSettings:
    """The takeover agents that tell who has which virtual address, by the URLs of their status."""

    status: tuple[str, ...] = ()
    interval_s: float = 1.0
    timeout_s: float = 1.0

    @property
    def good_for_s(self) -> float:
        """How long what an agent has said is good, if it says nothing more."""
        return WORDS_KEPT * self.interval_s + self.timeout_s


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a running server: where it shows its status, and how it takes orders."""

    status: Listen
    control: ControlSettings


def _in_existing_folder(path: Path) -> Path | None:
    return path if path.parent.is_dir() else None


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
    state: StateSettings = StateSettings()
    control: ControlSettings = ControlSettings()
    takeover: TakeoverSettings = TakeoverSettings()
    warnings: tuple[Problem, ...] = ()

    def sockets(self) -> tuple[object, ...]:
        """What a running server can not change: its sockets, who serves them how, and where it
        remembers."""
        dns = replace(self.dns, identity=Identity())
        return dns, self.status, self.control.socket, self.state.file
