"""The addresses and interfaces of this host, by netlink: looked at, followed, and changed.

An address of ours carries the protocol tag 201 and a lease, which the kernel ends by itself. What
carries no such tag is somebody else's, and is never touched.

What the kernel has told is taken in, without waiting, before each decision. It tells of a change
before it answers who has made it; but of an IPv6 address that is new only once it listens for it.

Each request has a socket of its own, since one of pyroute2's never recovers from an error. Events
come by a plain one: pyroute2's would queue them without a bound.
"""

import asyncio
import math
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from errno import EACCES, EADDRNOTAVAIL, EAGAIN, EEXIST, ENOBUFS, ENODEV, EPERM, ERANGE
from ipaddress import IPv4Address, ip_address
from types import TracebackType
from typing import Any, Self

from pyroute2 import AsyncIPRoute
from pyroute2.netlink import NLM_F_DUMP_INTR
from pyroute2.netlink.exceptions import NetlinkDecodeError
from pyroute2.netlink.exceptions import NetlinkError as KernelError
from pyroute2.netlink.rtnl import (
    RTM_DELADDR,
    RTM_DELLINK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTMGRP_IPV4_IFADDR,
    RTMGRP_IPV6_IFADDR,
    RTMGRP_LINK,
)
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from rrdns.health.check import Address

from .present import TAG, TAGS_SINCE, Held, Interface, Mark, Place, Present

SHORTEST_LEASE_S = 2  # whole seconds are all that the kernel has
EVENTS_PER_WAKEUP = 256  # others want their turn
EVENT_OCTETS = 1 << 16
BUFFER_OCTETS = 1 << 20  # some thousand changes at once
SETTLE_S = 0.05  # who makes more changes than that is still at it
DUMPS = 16  # of what changes while it is told
PATIENCE_S = 2.0  # far longer than all that is waited for takes

KERNEL_PORT = 0
NO_INTERFACE = 0x7FFF_FFFF  # the largest index there could be; they begin with 1
_SO_RCVBUFFORCE = 33  # linux/socket.h: past net.core.rmem_max, with CAP_NET_ADMIN
_IFF_CONNECTED = 0x1 | 0x10000  # linux/if.h: up, and lower-up
_IFA_F_NODAD, _IFA_F_NOPREFIXROUTE = 0x02, 0x200  # linux/if_addr.h

_FAULTS = (OSError, KernelError, NetlinkDecodeError)  # what pyroute2 raises
_CAUSES = {
    EPERM: "not permitted; grant CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN)",
    EACCES: "IPv6 is off there; set net.ipv6.conf.<interface>.disable_ipv6 to 0",
    ENODEV: "no such interface; `ip link` shows those that there are",
    EEXIST: "somebody else has put it on this host; if it is left over, delete it",
    ERANGE: "its label has more than 15 octets; shorten it",
}


class NetlinkError(Exception):
    """What was asked of the kernel could not be done; says why, and how to mend it."""


class Netlink:
    """This host as the kernel tells it, from `open` until `aclose`, in asyncio's own event loop."""

    def __init__(self) -> None:
        self._present = Present()
        self._events: socket.socket | None = None
        self._marshal = MarshalRtnl()
        self._on_change = _nobody
        self._changed = asyncio.Event()
        self._resync: asyncio.Task[None] | None = None  # runs while events have been lost

    async def open(self, on_change: Callable[[], None]) -> None:
        """Looks at everything; from then on `on_change` is called soon after a change.

        NetlinkError, also where the kernel keeps no tags.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._events = _event_socket()
            await self._dump()
            if not self._present.keeps_tags(os.uname().release):
                raise NetlinkError(
                    "this kernel can not mark the addresses that takeover adds, nor tell them "
                    f"from others; use Linux {'.'.join(map(str, TAGS_SINCE))} or later"
                )
        except _FAULTS as error:
            await self.aclose()
            raise NetlinkError(f"can not list this host's addresses: {_cause(error)}") from error
        except BaseException:
            await self.aclose()
            raise
        self._on_change = on_change
        self._follow()

    async def aclose(self) -> None:
        """What is held stays until its lease ends."""
        self._on_change = _nobody
        if self._resync is not None:
            self._resync.cancel()
            with suppress(asyncio.CancelledError):
                await self._resync
            self._resync = None
        if self._events is not None:
            self._loop.remove_reader(self._events)
            self._events.close()
            self._events = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def catch_up(self) -> None:
        """Takes in what the kernel has told until now: a process that did not run for a while may
        have lost what it held, and knows of it only then."""
        self._drain()

    def holds(self, address: Address, interface: str) -> bool:
        """Whether it is there, and ours."""
        index = self._present.index(interface)
        return index is not None and self._present.is_ours(Place.alone(address, index))

    def has_untagged(self, address: Address) -> bool:
        """Whether somebody else has put it on any interface of this host."""
        return bool(self._present.others(address))

    def carrier(self, interface: str) -> bool:
        """Whether the interface is there, up, and connected."""
        return self._present.carrier(interface)

    def macs(self) -> frozenset[str]:
        """The MACs of all interfaces of this host."""
        return self._present.macs()

    def tagged(self) -> list[Held]:
        """All that is ours, by whichever process of this host."""
        return self._present.held()

    def local_addresses(self) -> frozenset[Address]:
        """All addresses of this host, whosever."""
        return frozenset(place.address for place in self._present.addresses)

    async def require_rights(self) -> None:
        """NetlinkError where this process may not change addresses.

        Found out by a change that can not be made: the kernel looks at the rights first.
        """
        try:
            async with AsyncIPRoute(ext_ack=True) as requests:
                await requests.addr("delete", index=NO_INTERFACE, address="192.0.2.1", prefixlen=32)
        except _FAULTS as error:
            if _number(error) == EPERM:
                fault = f"can not change this host's addresses: {_cause(error)}"
                raise NetlinkError(fault) from error

    async def hold(
        self, address: Address, interface: str, label: str | None, lease_s: float
    ) -> None:
        """Puts the address there for `lease_s`, at least 2 s, or renews it, which nobody notices.

        It gets its `label`, if IPv4, when it is put there; then this host answers for it.
        NetlinkError, also where somebody else has put it on this host.
        """
        fault = f"can not put {address} on {interface}"
        place = Place.alone(address, await self._current_index(interface, fault))
        if self.has_untagged(address):
            raise NetlinkError(f"{fault}: {_CAUSES[EEXIST]}")
        lease = max(math.ceil(lease_s), SHORTEST_LEASE_S)
        wanted: dict[str, Any] = {"proto": TAG, "valid_lft": lease, "preferred_lft": lease}
        if isinstance(address, IPv4Address):
            wanted["label"] = label or interface
        else:
            # It answers at once, needs no route besides, and is no source of what this host asks:
            # the answers would go to who holds it next.
            wanted["flags"] = _IFA_F_NODAD | _IFA_F_NOPREFIXROUTE
            wanted["preferred_lft"] = 0
        # Only what is known to be ours is replaced: adding fails where somebody was faster.
        command = "replace" if self._present.is_ours(place) else "add"
        await self._change(command, place, fault, **wanted)
        await self._until_ours(place, fault)

    async def drop(self, address: Address, interface: str) -> None:
        """Takes the address away from there, if it is there. NetlinkError where it is not ours."""
        fault = f"can not take {address} from {interface}"
        place = Place.alone(address, await self._current_index(interface, fault))
        if self._present.is_ours(place):
            await self._change("delete", place, fault)
        elif any(each.index == place.index for each in self._present.others(address)):
            raise NetlinkError(f"{fault}: {_CAUSES[EEXIST]}")

    async def _current_index(self, interface: str, fault: str) -> int:
        """Brings the view up to date; the index of `interface` in it. NetlinkError."""
        self._drain()
        if self._resync is not None:
            await asyncio.wait({self._resync}, timeout=PATIENCE_S)
        if self._resync is not None or self._events is None:
            raise NetlinkError(f"{fault}: it is not known what addresses this host has; try again")
        index = self._present.index(interface)
        if index is None:
            raise NetlinkError(f"{fault}: {_CAUSES[ENODEV]}")
        return index

    async def _change(self, command: str, place: Place, fault: str, **wanted: Any) -> None:
        try:
            async with AsyncIPRoute(ext_ack=True) as requests:
                await requests.addr(
                    command,
                    index=place.index,
                    address=str(place.address),
                    prefixlen=place.prefix_length,  # or a deletion could take others along
                    **wanted,
                )
        except _FAULTS as error:
            if (command, _number(error)) != ("delete", EADDRNOTAVAIL):  # its lease has just ended
                raise NetlinkError(f"{fault}: {_cause(error)}") from error
        self._drain()

    async def _until_ours(self, place: Place, fault: str) -> None:
        """Returns once the kernel has told so. NetlinkError."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self._present.is_ours(place):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise NetlinkError(f"{fault}: it did not stay there; try again") from None

    def _follow(self) -> None:
        """From here on events are taken in as they come, and those since the dump now."""
        if self._events is not None:
            self._loop.add_reader(self._events, self._drain, EVENTS_PER_WAKEUP)
            self._drain()

    def _drain(self, most: int | None = None) -> None:
        """Takes in what has been told, `most` events of it; where some are lost, dumps anew."""
        changed = False
        while self._events is not None and self._resync is None and most != 0:
            most = None if most is None else most - 1
            try:
                octets, (sender, _) = self._events.recvfrom(EVENT_OCTETS)
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: more has happened than there is room for
                self._loop.remove_reader(self._events)
                self._resync = self._loop.create_task(self._dump_anew())
                break
            if sender == KERNEL_PORT:
                for message in self._marshal.parse(octets):
                    changed |= _take_in(message, self._present)
        if changed:
            self._tell()

    def _tell(self) -> None:
        """Later, as who is to be told may be who asks just now."""
        self._changed.set()
        self._loop.call_soon(lambda: self._on_change())

    async def _dump_anew(self) -> None:
        """Until it succeeds."""
        while True:
            await asyncio.sleep(SETTLE_S)
            with suppress(*_FAULTS):
                await self._dump()
                break
        self._resync = None
        self._tell()
        self._follow()

    async def _dump(self) -> None:
        """Makes the view what the kernel tells now. Raises `_FAULTS`.

        What was told before is let go: after a loss it may have been superseded. What is told
        meanwhile waits until the view is made.
        """
        if self._events is not None:
            _discard(self._events)
        for _ in range(DUMPS):
            present, flags = Present(), 0
            async with AsyncIPRoute(ext_ack=True) as requests:
                for dump in (requests.get_links, requests.get_addr):
                    async for message in await dump():
                        flags |= message["header"]["flags"]
                        _take_in(message, present)
            if not flags & NLM_F_DUMP_INTR:
                self._present = present
                return
        raise OSError(EAGAIN, "they change all the while; try again")


def _take_in(message: Any, present: Present) -> bool:
    """A message of a dump, or an event; whether it has changed anything."""
    kind = message["header"]["type"]
    if kind in (RTM_NEWADDR, RTM_DELADDR):
        # Between two points IFA_ADDRESS is the other one's. Elsewhere IPv6 has no IFA_LOCAL.
        address = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        place = Place(ip_address(address), message["index"], message["prefixlen"])
        if kind == RTM_DELADDR:
            return present.forget_address(place)
        mark = Mark(message.get_attr("IFA_PROTO") or 0, message.get_attr("IFA_LABEL"))
        return present.set_address(place, mark)
    # Of other families is what a link is besides, a bridge's port say, and may cease to be.
    if kind in (RTM_NEWLINK, RTM_DELLINK) and message["family"] == socket.AF_UNSPEC:
        if kind == RTM_DELLINK:
            return present.forget_interface(message["index"])
        carrier = message["flags"] & _IFF_CONNECTED == _IFF_CONNECTED
        interface = Interface(
            message.get_attr("IFLA_IFNAME"), carrier, message.get_attr("IFLA_ADDRESS")
        )
        return present.set_interface(message["index"], interface)
    return False


def _number(error: Exception) -> int:
    return error.code if isinstance(error, KernelError) else getattr(error, "errno", None) or 0


def _cause(error: Exception) -> str:
    """What the kernel says, with a mend where one is known."""
    return _CAUSES.get(_number(error)) or str(error.args[-1] if error.args else error)


def _event_socket() -> socket.socket:
    """Is told of links and addresses from now on. OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        sock.setblocking(False)
        with suppress(PermissionError):  # then it has the usual room
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER_OCTETS)
        sock.bind((KERNEL_PORT, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
    except BaseException:
        sock.close()
        raise
    return sock


def _discard(events: socket.socket) -> None:
    while True:
        try:
            events.recv(1)
        except OSError as error:
            if error.errno != ENOBUFS:  # none is left
                return


def _nobody() -> None:
    """Wants to know."""
