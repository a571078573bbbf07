"""What is seen of a host, as values, and who sees it: all that the examinations know of the system.

`Host` is the system; `host/this.py` looks at the one we are on. Each of its methods may raise
OSError where there is nothing to be seen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from rrdns.config.settings import Listen
from rrdns.health.check import Address

if TYPE_CHECKING:
    from rrdns.answer.reference import Transport
    from rrdns.zone.name import Name


class Capability(IntEnum):
    """The capabilities that a name server can need; numbers of linux/capability.h."""

    NET_BIND_SERVICE = 10
    NET_RAW = 13


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this host; `command` is its command line, empty where that is hidden."""

    pid: int
    name: str
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"

    @property
    def is_rrdns(self) -> bool:
        """Whether it is an rrdns that serves."""
        words = [word.rsplit("/", 1)[-1] for word in self.command]
        return "rrdns" in words and words[words.index("rrdns") + 1 :][:1] in (["serve"], ["demo"])


@dataclass(frozen=True, slots=True)
class Held:
    """A socket that has a port. `by` are its processes; empty where only root may see them."""

    transport: "Transport"
    host: Address
    port: int
    uid: int
    by: tuple[Process, ...] = ()

    def __str__(self) -> str:
        return f"{self.transport.name} {Listen(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class Local:
    """An address of an interface. `label` is the interface's name or, for an alias, its label."""

    address: Address
    label: str
    is_up: bool = True

    def __str__(self) -> str:
        return f"{self.address} ({self.label})"

    @property
    def is_reachable(self) -> bool:
        """Whether others can have this address to ask."""
        return self.is_up and not (self.address.is_loopback or self.address.is_link_local)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a process may do. None stands for what can not be known: of a user not yet made."""

    who: str
    capabilities: frozenset[Capability]
    most_files: int
    uid: int | None = None
    groups: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock's time (time.time), when rrdns was installed, and whether the clock is kept right
    by another; None where the system does not say."""

    now: float
    installed_at: float
    is_synchronised: bool | None


@dataclass(frozen=True, slots=True)
class Delegated:
    """What the world is told of a zone: its name servers with their glue, empty where it is not
    delegated. `told_by` is who says so; only if it is the parent itself is missing glue missing.

    `addresses` are those that the resolver finds for each of them; None where it did not answer.
    """

    told_by: str
    is_parents_word: bool
    servers: "Mapping[Name, frozenset[Address]]"
    addresses: "Mapping[Name, frozenset[Address] | None]"


@dataclass(frozen=True, slots=True)
class Unasked:
    """Nobody could be asked, or nobody answered."""

    reason: str


class Host(Protocol):
    """A host, as it can be seen from inside."""

    def held(self, port: int) -> Sequence[Held]:
        """All sockets that are bound to `port`; of TCP's those that listen."""

    def bind_error(self, listen: Listen, transport: "Transport") -> int:
        """Why we can not have that address and port now (errno); 0 where we can."""

    def has(self, address: Address) -> bool:
        """Whether a server can listen on `address`, as far as the address is concerned."""

    def local(self) -> Sequence[Local]:
        """The addresses of the interfaces, aliases included."""

    def kernel(self, setting: str) -> tuple[int, ...]:
        """The numbers of a sysctl, which is named as `sysctl` does."""

    def opens_icmp(self, version: int) -> bool:
        """Whether this process may ping over that version of IP."""

    def may_write(self, folder: str) -> bool | None:
        """Whether this process may make files in `folder`; None where there is no such folder."""

    def clock(self) -> Clock:
        """The clock, as it is now."""

    def sources(self, asked: Collection[Listen], zone: "Name") -> Mapping[Listen, Address | None]:
        """Asks a running server on each of `asked` about `zone`: whence it replies, if it does."""

    def delegations(self, zones: "Collection[Name]") -> "Mapping[Name, Delegated | Unasked]":
        """What the world is told of each of `zones`."""
