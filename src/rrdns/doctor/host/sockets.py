"""Who has a port: the kernel's tables of sockets, and the processes that hold them (proc(5))."""

import socket
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.health.result import one_line

from ..seen import Held, Process

PROC = Path("/proc")
TABLES = {
    "udp": Transport.UDP,
    "udp6": Transport.UDP,
    "tcp": Transport.TCP,
    "tcp6": Transport.TCP,
}
TCP_LISTEN = "0A"  # net/tcp_states.h
KINDS = {Transport.UDP: socket.SOCK_DGRAM, Transport.TCP: socket.SOCK_STREAM}


def held(port: int) -> list[Held]:
    """The sockets that are bound to `port`, with the processes that we may see."""
    found: dict[int, Held] = {}
    for table, transport in TABLES.items():
        with suppress(FileNotFoundError):  # the kernel has no IPv6
            found.update(read_table((PROC / "net" / table).read_text(), transport, port))
    by_inode = _processes_of(found) if found else {}
    return [replace(each, by=tuple(by_inode.get(inode, ()))) for inode, each in found.items()]


def read_table(text: str, transport: Transport, port: int) -> Iterator[tuple[int, Held]]:
    """The sockets of `port` in one of the kernel's tables, each with its inode."""
    for line in text.splitlines()[1:]:
        _, local, _, state, _, _, _, uid, _, inode, *_ = line.split()
        host_text, port_text = local.split(":")
        if int(port_text, 16) != port or (transport is Transport.TCP and state != TCP_LISTEN):
            continue
        yield int(inode), Held(transport, _address(host_text), port, int(uid))


def _address(digits: str) -> Address:
    """An address as the tables write it: words of 32 bits in the order of this machine."""
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    octets = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    if len(octets) == 4:
        return IPv4Address(octets)
    address = IPv6Address(octets)
    return address.ipv4_mapped or address


def _processes_of(inodes: Collection[int]) -> Mapping[int, list[Process]]:
    """The processes that have these sockets open, of those whose files we may see."""
    links = {f"socket:[{inode}]": inode for inode in inodes}
    found = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to another
            for link in _open_files(folder) & links.keys():
                found[links[link]].append(_process(folder))
    return found


def _open_files(folder: Path) -> set[str]:
    found = set()
    for descriptor in (folder / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(descriptor.readlink()))
    return found


def _process(folder: Path) -> Process:
    words = (folder / "cmdline").read_bytes().split(b"\0")
    name = one_line((folder / "comm").read_text(errors="replace"))
    return Process(int(folder.name), name, tuple(word.decode(errors="replace") for word in words))


def bind_error(listen: Listen, transport: Transport) -> int:
    """Why this process can not have that address and port (errno), 0 where it can.

    It has them for an instant, and does not listen.
    """
    family = socket.AF_INET6 if listen.host.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, KINDS[transport]) as sock:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if transport is Transport.TCP:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((str(listen.host), listen.port))
    except OSError as error:
        return error.errno or 0
    return 0
