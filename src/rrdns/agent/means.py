"""What an agent has to act with: the link, the kernel's addresses, pings. For real, or for show."""

import logging
from collections.abc import Callable
from typing import Protocol

from rrdns.health.check import Address
from rrdns.takeover.link import Link, LinkDownError, LinkError
from rrdns.takeover.netlink import Netlink, NetlinkError
from rrdns.takeover.plan import Vip

log = logging.getLogger(__name__)


class Means(Protocol):
    """What a sentry acts with."""

    def catch_up(self) -> None: ...
    def holds(self, vip: Vip) -> bool: ...
    def is_foreign(self, vip: Vip) -> bool: ...
    def carrier(self) -> bool: ...
    def ask(self, address: Address) -> str | None: ...
    def announce(self, address: Address, mac: str | None) -> None: ...
    async def hold(self, vip: Vip, lease_s: float) -> str | None: ...
    async def drop(self, vip: Vip) -> str | None: ...


class RealMeans:
    """Acts. What can not be done is told, and logged when it is new; it is never raised."""

    def __init__(self, interface: str, link: Link, netlink: Netlink) -> None:
        self._interface = interface
        self._link = link
        self._netlink = netlink
        self._problems: dict[Address, str] = {}

    def catch_up(self) -> None:
        """Before a decision: what follows is as of now."""
        self._netlink.catch_up()

    def holds(self, vip: Vip) -> bool:
        """Whether we have put the address on our interface."""
        return self._netlink.holds(vip.address, self._interface)

    def is_foreign(self, vip: Vip) -> bool:
        """Whether somebody else has put it on this host."""
        return self._netlink.has_untagged(vip.address)

    def carrier(self) -> bool:
        return self._netlink.carrier(self._interface)

    def ask(self, address: Address) -> str | None:
        """Asks the link who has the address; why it can not, or None."""
        return self._tried(address, lambda: self._link.ask(address))

    def announce(self, address: Address, mac: str | None) -> None:
        """Tells the link that we have it, or the host of `mac`."""
        self._tried(address, lambda: self._link.announce(address, mac))

    async def hold(self, vip: Vip, lease_s: float) -> str | None:
        """Has the address for so long; why not, or None."""
        try:
            await self._netlink.hold(vip.address, self._interface, vip.label, lease_s)
        except NetlinkError as error:
            return str(error)
        return None

    async def drop(self, vip: Vip) -> str | None:
        """Has the address no longer; why not, or None."""
        try:
            await self._netlink.drop(vip.address, self._interface)
        except NetlinkError as error:
            return str(error)
        return None

    def _tried(self, address: Address, work: Callable[[], None]) -> str | None:
        """Why it did not work, or None. A link that is down is no carrier, which the machine knows;
        the rest is for a person too."""
        try:
            work()
        except LinkError as error:
            text = str(error)
            if text != self._problems.get(address) and not isinstance(error, LinkDownError):
                log.warning("%s", text)
            self._problems[address] = text
            return text
        self._problems.pop(address, None)
        return None


class ShownMeans:
    """Asks for real, and for the rest says what it would do: `--dry-run`."""

    def __init__(self, real: RealMeans) -> None:
        self._real = real
        self._held: set[Address] = set()
        self.catch_up, self.ask = real.catch_up, real.ask
        self.is_foreign, self.carrier = real.is_foreign, real.carrier

    def holds(self, vip: Vip) -> bool:
        """Whether it would have the address by now."""
        return vip.address in self._held

    def announce(self, address: Address, mac: str | None) -> None:
        log.debug("would announce that %s has %s", mac or "this host", address)

    async def hold(self, vip: Vip, lease_s: float) -> str | None:
        if vip.address not in self._held:
            log.info("vip=%s would be put on this host for %g s at a time", vip.address, lease_s)
        self._held.add(vip.address)
        return None

    async def drop(self, vip: Vip) -> str | None:
        log.info("vip=%s would be taken off this host", vip.address)
        self._held.discard(vip.address)
        return None
