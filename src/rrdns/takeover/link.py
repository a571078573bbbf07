"""The link of one interface: who says to have which address, by ARP and Neighbor Discovery.

ARP goes by a packet socket, which needs neither an address nor a route. Neighbor Discovery goes by
raw ICMPv6 sockets, so that the kernel picks a link-local source and computes the checksums; only
one of them listens. All need CAP_NET_RAW.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import (
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EHOSTUNREACH,
    ENETDOWN,
    ENETUNREACH,
    ENODEV,
    ENXIO,
    EPERM,
)
from ipaddress import IPv4Address, IPv6Address

from rrdns.health.check import Address

from . import arp, ndp
from .ethernet import BROADCAST, mac_octets, mac_text

OnHeard = Callable[[Address, str], None]
"""Somebody else on the link says that it has this address; and its MAC."""

PACKETS_PER_WAKEUP = 64  # others want their turn
ARP_OCTETS = 64  # without the Ethernet header; what is beyond is padding
NDP_OCTETS = 2048  # an advertisement is not fragmented (RFC 6980), and links have 1500

ETH_P_ARP = 0x0806  # linux/if_ether.h
ARPHRD_ETHER = 1  # linux/if_arp.h
# Not PACKET_OUTGOING, our own. Not PACKET_OTHERHOST: to another host, or in a VLAN of which this
# interface is no part; the kernel's ARP does not listen to these either.
_TO_US = (socket.PACKET_HOST, socket.PACKET_BROADCAST, socket.PACKET_MULTICAST)

# linux/icmpv6.h: a set bit keeps that type of message away from the socket.
_ICMP6_FILTER = 1
_NOTHING = struct.pack("=8I", *[0xFFFF_FFFF] * 8)
_ADVERTISEMENTS = struct.pack(
    "=8I",
    *(
        0xFFFF_FFFF ^ (1 << ndp.ADVERTISEMENT % 32 if word == ndp.ADVERTISEMENT // 32 else 0)
        for word in range(8)
    ),
)
_HOP_LIMIT = struct.Struct("@i")

# The interface can not be used now; it may be later.
_NO_ROUTE = "is down, or has no IPv6; `ip link show {0}`, net.ipv6.conf.{0}.disable_ipv6"
_DOWN = {
    ENETDOWN: "is down; `ip link set {0} up`",
    ENXIO: "has gone",
    ENODEV: "does not exist; `ip link` shows those that do",
    ENETUNREACH: _NO_ROUTE,
    EHOSTUNREACH: _NO_ROUTE,
    EADDRNOTAVAIL: "has no IPv6 address to ask from, or not yet; `ip -6 address show {0}`",
}
_OTHER = {
    EPERM: "packet sockets are not permitted, or the firewall drops what is sent; grant "
    "CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW)",
    EAFNOSUPPORT: "this kernel does not speak that address family",
}


class LinkError(Exception):
    """What the link was asked for could not be done; says why, and how to mend it."""


class LinkDownError(LinkError):
    """The interface is down, has gone, or is not ready yet: this host neither speaks nor hears."""


class Link:
    """One interface, in the running event loop; `on_heard` is called from there.

    Called for each ARP packet and each Neighbor Advertisement that says who has an address,
    whatever the address, but for those of our own MAC. An interface that is made anew under the
    same name is listened to from the next `ask` or `announce` on.

    LinkError where the sockets can not be opened.
    """

    def __init__(self, interface: str, on_heard: OnHeard) -> None:
        self.interface = interface
        self._on_heard = on_heard
        self._loop = asyncio.get_running_loop()
        self._index = 0
        self._sockets: list[socket.socket] = []
        self._mac = ""
        with self._faults():
            self._open()

    @property
    def mac(self) -> str:
        """Our own, as it is now: a bond may change it. That which it had, if it has gone."""
        if self._sockets:
            *_, octets = self._sockets[0].getsockname()
            self._mac = mac_text(octets) or self._mac
        return self._mac

    def ask(self, address: Address) -> None:
        """Asks the link once who has `address`, be it that we have it too. LinkError."""
        with self._faults():
            self._open()
            if isinstance(address, IPv4Address):
                self._send_arp(arp.probe(address, self.mac))
            else:
                message = ndp.solicitation(address, self.mac)
                self._send_ndp(message, ndp.solicited_node(address), not_from=address)

    def announce(self, address: Address, mac: str | None = None) -> None:
        """Tells the link once that `mac`, or we, have `address` from now on. LinkError.

        The frames come from our own MAC all the same, or switches would send to us what is for it.
        """
        with self._faults():
            self._open()
            if isinstance(address, IPv4Address):
                for packet in arp.announcements(address, mac or self.mac):
                    self._send_arp(packet)
            else:
                advertisement = ndp.Advertisement(address, mac or self.mac)
                self._send_ndp(advertisement.encode(), ndp.ALL_NODES)

    def close(self) -> None:
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()
        self._index = 0

    def _open(self) -> None:
        """Listens on the interface that has the name now, unless it does so already."""
        try:
            index = socket.if_nametoindex(self.interface)
        except OSError as error:  # it comes without a number
            raise OSError(ENODEV, str(error)) from error
        if index == self._index:
            return
        self.close()
        try:
            self._listen(_arp_socket(self.interface), self._hear_arp)
            with _unless_unknown():
                self._listen(_ndp_socket(self.interface, _ADVERTISEMENTS), self._hear_ndp)
        except BaseException:
            self.close()
            raise
        self._index = index

    def _listen(self, sock: socket.socket, hear: Callable[[socket.socket], None]) -> None:
        self._sockets.append(sock)
        self._loop.add_reader(sock, hear, sock)

    def _send_arp(self, packet: arp.Arp) -> None:
        to = (self.interface, ETH_P_ARP, 0, 0, mac_octets(BROADCAST))
        self._sockets[0].sendto(packet.encode(), to)

    def _send_ndp(
        self, message: bytes, to: IPv6Address, not_from: IPv6Address | None = None
    ) -> None:
        """By a socket of its own, since connecting one picks its source once and for all.

        What is asked for is no source: another who has it would answer to himself.
        """
        with _ndp_socket(self.interface, _NOTHING) as sock:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, ndp.HOP_LIMIT)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
            sock.connect((str(to), 0, 0, self._index))
            source, *_ = sock.getsockname()
            if not_from is not None and IPv6Address(source.partition("%")[0]) == not_from:
                raise OSError(EADDRNOTAVAIL, "no other address")
            sock.send(message)

    def _hear_arp(self, sock: socket.socket) -> None:
        for _ in range(PACKETS_PER_WAKEUP):
            try:
                octets, (_, _, kind, _, _) = sock.recvfrom(ARP_OCTETS)
            except OSError:  # none is left; or the interface has gone down, which is told once
                return
            packet = arp.parse(octets) if kind in _TO_US else None
            if packet is not None and packet.sender != arp.UNSPECIFIED:
                self._tell(packet.sender, packet.sender_mac)

    def _hear_ndp(self, sock: socket.socket) -> None:
        for _ in range(PACKETS_PER_WAKEUP):
            try:
                octets, beside, _, _ = sock.recvmsg(NDP_OCTETS, socket.CMSG_SPACE(_HOP_LIMIT.size))
            except OSError:
                return
            from_the_link = any(
                (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)
                and data == _HOP_LIMIT.pack(ndp.HOP_LIMIT)
                for level, kind, data in beside
            )
            advertisement = ndp.parse(octets) if from_the_link else None
            if advertisement is not None:
                self._tell(advertisement.target, advertisement.mac)

    def _tell(self, address: Address, mac: str) -> None:
        if self._sockets and mac != self.mac:
            self._on_heard(address, mac)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Says what an OSError means."""
        try:
            yield
        except OSError as error:
            number = error.errno or 0
            if number in _DOWN:
                text = _DOWN[number].format(self.interface)
                raise LinkDownError(f"{self.interface} {text}") from error
            raise LinkError(f"{self.interface}: {_OTHER.get(number) or error.strerror}") from error


@contextmanager
def _unless_unknown() -> Iterator[None]:
    """A kernel that does not speak IPv6 can still speak ARP."""
    try:
        yield
    except OSError as error:
        if error.errno != EAFNOSUPPORT:
            raise


def _arp_socket(interface: str) -> socket.socket:
    """Hears all ARP of the interface. OSError; LinkError where that is no Ethernet."""
    # Bound to no protocol at first, or it would hear all interfaces until it is bound to one.
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        sock.setblocking(False)
        sock.bind((interface, ETH_P_ARP))
        _, _, _, hardware, _ = sock.getsockname()
        if hardware != ARPHRD_ETHER:
            raise LinkError(f"{interface} is no Ethernet: nobody can take over an address there")
    except BaseException:
        sock.close()
        raise
    return sock


def _ndp_socket(interface: str, kept: bytes) -> socket.socket:
    """A socket for ICMPv6 on the interface, whose filter is `kept`. OSError."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, kept)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    except BaseException:
        sock.close()
        raise
    return sock
