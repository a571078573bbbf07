"""The addresses of the interfaces, with the labels that `ifconfig` and `ip address` show.

IPv4 from SIOCGIFCONF, which tells aliases by their labels (netdevice(7)); IPv6, which has no
labels, from /proc/net/if_inet6.
"""

import array
import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from ..seen import Local

SIOCGIFCONF, SIOCGIFFLAGS = 0x8912, 0x8913  # linux/sockios.h
IFF_UP = 0x1  # linux/if.h
IFA_F_DADFAILED = 0x08  # linux/if_addr.h: another host has that address
NAME_OCTETS = 16  # IFNAMSIZ
ENTRY_OCTETS = struct.calcsize("@16s2LH3B0L")  # struct ifreq: a name, and struct ifmap
FIRST_ROOM = 64  # entries; as long as they fill what is there, it is doubled

IPV6_TABLE = Path("/proc/net/if_inet6")


def local() -> list[Local]:
    """All addresses, in the order in which the kernel tells them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        found = [
            Local(address, label, _is_up(sock, label)) for address, label in _ipv4_addresses(sock)
        ]
        with suppress(FileNotFoundError):  # the kernel has no IPv6
            for address, device, flags in read_ipv6_table(IPV6_TABLE.read_text()):
                usable = not flags & IFA_F_DADFAILED and _is_up(sock, device)
                found.append(Local(address, device, usable))
    return found


def _ipv4_addresses(sock: socket.socket) -> Iterator[tuple[IPv4Address, str]]:
    room = FIRST_ROOM
    while True:
        entries = array.array("B", bytes(room * ENTRY_OCTETS))
        request = struct.pack("iP", len(entries), entries.buffer_info()[0])
        used, _ = struct.unpack("iP", fcntl.ioctl(sock, SIOCGIFCONF, request))
        if used < len(entries):
            break
        room *= 2
    for at in range(0, used, ENTRY_OCTETS):
        entry = entries[at : at + ENTRY_OCTETS].tobytes()
        label = entry[:NAME_OCTETS].split(b"\0")[0].decode(errors="replace")
        yield IPv4Address(entry[NAME_OCTETS + 4 : NAME_OCTETS + 8]), label


def read_ipv6_table(text: str) -> Iterator[tuple[IPv6Address, str, int]]:
    """Address, device and flags of each line of if_inet6."""
    for line in text.splitlines():
        digits, _, _, _, flags, device = line.split()
        yield IPv6Address(bytes.fromhex(digits)), device, int(flags, 16)


def _is_up(sock: socket.socket, label: str) -> bool:
    request = struct.pack(f"{ENTRY_OCTETS}s", label.encode())
    try:
        answer = fcntl.ioctl(sock, SIOCGIFFLAGS, request)
    except OSError:  # it has just gone
        return False
    return bool(struct.unpack_from("H", answer, NAME_OCTETS)[0] & IFF_UP)
