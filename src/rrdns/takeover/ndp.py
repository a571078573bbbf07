"""Neighbor Discovery (RFC 4861): ICMPv6 messages, with the checksum left to the kernel."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from .ethernet import MAC_OCTETS, mac_octets, mac_text

HOP_LIMIT = 255  # whoever is not on the link can not send it (sections 3.1 and 7.1)
ALL_NODES = IPv6Address("ff02::1")

SOLICITATION, ADVERTISEMENT = 135, 136

_HEADER = struct.Struct("!BBHI16s")  # type, code, checksum, flags, target
_OVERRIDE = 0x2000_0000  # what a cache holds already gives way (section 4.4)
_SOURCE_MAC, _TARGET_MAC = 1, 2
_OPTION_UNIT = 8  # octets that an option's length counts in
_SOLICITED_NODE = int(IPv6Address("ff02::1:ff00:0"))
_SOLICITED_NODE_BITS = 24


@dataclass(frozen=True, slots=True)
class Advertisement:
    """Says that `target` is at `mac`."""

    target: IPv6Address
    mac: str

    def encode(self) -> bytes:
        """As nobody's answer, and to be believed over what a cache holds (section 7.2.6)."""
        header = _HEADER.pack(ADVERTISEMENT, 0, 0, _OVERRIDE, self.target.packed)
        return header + _mac_option(_TARGET_MAC, self.mac)


def solicitation(target: IPv6Address, mac: str) -> bytes:
    """Asks who has `target`; `mac` is where the answer goes (section 4.3)."""
    return _HEADER.pack(SOLICITATION, 0, 0, 0, target.packed) + _mac_option(_SOURCE_MAC, mac)


def solicited_node(target: IPv6Address) -> IPv6Address:
    """The group to which whoever has `target` listens (RFC 4291 section 2.7.1)."""
    return IPv6Address(_SOLICITED_NODE | int(target) & (1 << _SOLICITED_NODE_BITS) - 1)


def parse(octets: bytes) -> Advertisement | None:
    """The advertisement in an ICMPv6 message; None: it is none, not valid, or tells no MAC.

    What section 7.1.2 has checked outside of the message, hop limit and checksum, is not looked at.
    """
    if len(octets) < _HEADER.size:
        return None
    kind, code, _, _, target = _HEADER.unpack_from(octets)
    address = IPv6Address(target)
    if (kind, code) != (ADVERTISEMENT, 0) or address.is_multicast:
        return None
    try:
        options = list(_options(octets[_HEADER.size :]))
    except ValueError:
        return None
    macs = [data for kind, data in options if kind == _TARGET_MAC and len(data) == MAC_OCTETS]
    return Advertisement(address, mac_text(macs[0])) if macs else None


def _mac_option(kind: int, mac: str) -> bytes:
    return bytes((kind, 1)) + mac_octets(mac)


def _options(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and data of each (section 4.6). ValueError where a length is 0 or beyond the end."""
    while octets:
        length = octets[1] * _OPTION_UNIT if len(octets) > 1 else 0
        if not 0 < length <= len(octets):
            raise ValueError("the option does not fit")
        yield octets[0], octets[2:length]
        octets = octets[length:]
