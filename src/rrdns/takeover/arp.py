"""ARP packets for IPv4 over Ethernet (RFC 826), without the Ethernet header.

Whether an address is in use is asked, and who has it from now on is told, as RFC 5227 has it.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

from .ethernet import MAC_OCTETS, NOBODY, mac_octets, mac_text

UNSPECIFIED = IPv4Address(0)

# Type of hardware and of protocol, length of either's addresses, operation, sender, target.
_LAYOUT = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET, _IPV4, _IPV4_OCTETS = 1, 0x0800, 4


class Operation(IntEnum):
    REQUEST = 1
    REPLY = 2


@dataclass(frozen=True, slots=True)
class Arp:
    """Request and reply alike say that `sender` is at `sender_mac`, unless it is unspecified."""

    operation: Operation
    sender_mac: str
    sender: IPv4Address
    target_mac: str
    target: IPv4Address

    def encode(self) -> bytes:
        return _LAYOUT.pack(
            _ETHERNET,
            _IPV4,
            MAC_OCTETS,
            _IPV4_OCTETS,
            self.operation,
            mac_octets(self.sender_mac),
            self.sender.packed,
            mac_octets(self.target_mac),
            self.target.packed,
        )


def parse(octets: bytes) -> Arp | None:
    """What `octets` say, with or without an Ethernet frame's padding; None: no such packet."""
    if len(octets) < _LAYOUT.size:
        return None
    *kind, operation, sender_mac, sender, target_mac, target = _LAYOUT.unpack_from(octets)
    if kind != [_ETHERNET, _IPV4, MAC_OCTETS, _IPV4_OCTETS] or operation not in list(Operation):
        return None
    return Arp(
        Operation(operation),
        mac_text(sender_mac),
        IPv4Address(sender),
        mac_text(target_mac),
        IPv4Address(target),
    )


def probe(address: IPv4Address, mac: str) -> Arp:
    """Asks who has `address`, and changes nobody's cache (RFC 5227 section 2.1.1)."""
    return Arp(Operation.REQUEST, mac, UNSPECIFIED, NOBODY, address)


def announcements(address: IPv4Address, mac: str) -> tuple[Arp, Arp]:
    """Has all who know `address` take `mac` for it: some listen to requests, some to replies.

    The request is that of RFC 5227 section 2.3. In the reply the target is the sender, or Linux
    does not take it for gratuitous and keeps for a second what it has.
    """
    request = Arp(Operation.REQUEST, mac, address, NOBODY, address)
    return request, Arp(Operation.REPLY, mac, address, mac, address)
