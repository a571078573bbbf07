"""The host that we are on."""

import errno
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.zone.name import Name

from ..seen import Clock, Delegated, Held, Local, Unasked
from . import asking, interfaces, kernel, parents, sockets

_ANY_PORT = 0


@dataclass(frozen=True, slots=True)
class ThisHost:
    """Looks each time that it is asked. `resolver` is asked in place of the system's."""

    resolver: Listen | None = None

    def held(self, port: int) -> Sequence[Held]:
        return sockets.held(port)

    def bind_error(self, listen: Listen, transport: Transport) -> int:
        return sockets.bind_error(listen, transport)

    def has(self, address: Address) -> bool:
        found = sockets.bind_error(Listen(address, _ANY_PORT), Transport.UDP)
        return found not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

    def local(self) -> Sequence[Local]:
        return interfaces.local()

    def kernel(self, setting: str) -> tuple[int, ...]:
        return kernel.kernel(setting)

    def opens_icmp(self, version: int) -> bool:
        return kernel.opens_icmp(version)

    def may_write(self, folder: str) -> bool | None:
        return os.access(folder, os.W_OK | os.X_OK) if Path(folder).is_dir() else None

    def clock(self) -> Clock:
        return kernel.clock()

    def sources(self, asked: Collection[Listen], zone: Name) -> Mapping[Listen, Address | None]:
        return asking.sources(asked, zone)

    def delegations(self, zones: Collection[Name]) -> Mapping[Name, Delegated | Unasked]:
        return parents.delegations(zones, self.resolver)
