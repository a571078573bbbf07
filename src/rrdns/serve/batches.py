"""Datagrams in batches: one system call reads up to 64 of them, another sends the replies.

Two system calls for each datagram cost more than its answer. Python does not have recvmmsg(2) and
sendmmsg(2), but the C library does. What they read and write is one piece of memory, laid out once.
"""

import ctypes
import mmap
import socket
import sys
from array import array
from collections.abc import Sequence
from ctypes import addressof, byref, sizeof

BATCH = 64  # datagrams
LARGEST_DATAGRAM = 4096  # octets; more than any sensible query, and what is cut off is FORMERR
NAME_OCTETS = 28  # struct sockaddr_in6, the larger of the two
CONTROL_OCTETS = socket.CMSG_SPACE(20)  # struct in6_pktinfo, the larger of the two

_ADDRESS = {socket.AF_INET: slice(4, 8), socket.AF_INET6: slice(8, 24)}  # in struct sockaddr_in...
_INTERFACE = {socket.AF_INET: 0, socket.AF_INET6: 16}  # in struct in_pktinfo, in6_pktinfo
_ANY_INTERFACE = memoryview(array("I", [0] * BATCH))
_LINK_LOCAL = int.from_bytes(b"\xfe\x80", sys.byteorder)


class _Part(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("start", ctypes.c_void_p), ("octets", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """struct msghdr as the kernel has it; a C library whose numbers are narrower pads them."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_octets", ctypes.c_uint),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_octets", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("message", _Message), ("octets", ctypes.c_uint))


class _Block(ctypes.Structure):
    """All that the system reads and writes for one batch."""

    _fields_ = (
        ("headers", _Header * BATCH),
        ("parts", _Part * BATCH),
        ("controls", ctypes.c_uint8 * CONTROL_OCTETS * BATCH),
        ("names", ctypes.c_uint8 * NAME_OCTETS * BATCH),
        ("datagrams", ctypes.c_uint8 * LARGEST_DATAGRAM * BATCH),
    )


_libc = ctypes.CDLL(None)
_receive, _send = _libc.recvmmsg, _libc.sendmmsg  # `argtypes` would make a call take 1 us longer


class Sender:
    """Who sent the datagram in one place of a batch; its text is the address, without a scope."""

    __slots__ = ("_family", "_memory", "_name_at")

    def __init__(self, memory: mmap.mmap, family: socket.AddressFamily, name_at: int) -> None:
        self._memory = memory
        self._family = family
        self._name_at = name_at

    def __str__(self) -> str:
        name = self._memory[self._name_at : self._name_at + NAME_OCTETS]
        return socket.inet_ntop(self._family, name[_ADDRESS[self._family]])


class Batch:
    """The datagrams that one call has read from a socket, each in its place with its way back.

    `senders` are those of what was received last. Neither receiving nor sending ever waits. One
    thread uses it.
    """

    def __init__(self, sock: socket.socket) -> None:
        family = socket.AddressFamily(sock.family)
        self._fd = sock.fileno()
        self._is_ipv6 = family == socket.AF_INET6
        self._memory = mmap.mmap(-1, sizeof(_Block))
        block = _Block.from_buffer(self._memory)
        _lay_out(block)
        self._headers = [byref(block, sizeof(_Header) * number) for number in range(BATCH)]
        self._fresh = self._memory[: _Block.controls.offset]  # its lengths are written into

        view = memoryview(self._memory)
        self._starts = range(_Block.datagrams.offset, sizeof(_Block), LARGEST_DATAGRAM)
        self._places = [view[at : at + LARGEST_DATAGRAM] for at in self._starts]
        names = range(_Block.names.offset, _Block.datagrams.offset, NAME_OCTETS)
        self.senders = [Sender(self._memory, family, at) for at in names]

        told = _Block.controls.offset + socket.CMSG_LEN(0)
        self._told_octets = _each(view.cast("L"), _Message.control_octets.offset, sizeof(_Header))
        self._destinations = _each(view.cast("H"), told, CONTROL_OCTETS)
        self._interfaces = _each(view.cast("I"), told + _INTERFACE[family], CONTROL_OCTETS)
        self._received = _each(view.cast("I"), _Header.octets.offset, sizeof(_Header))
        sizes = _Block.parts.offset + _Part.octets.offset
        self._sizes = _each(view.cast("L"), sizes, sizeof(_Part))

    def receive(self) -> list[bytes]:
        """What has arrived, up to `BATCH` datagrams, each as far as there is room for it."""
        memory = self._memory
        memory[: len(self._fresh)] = self._fresh
        count = _receive(self._fd, self._headers[0], BATCH, socket.MSG_DONTWAIT, None)
        if count <= 0:
            return []
        if self._told_octets[0]:
            self._turn_around(count)
        octets = self._received[:count].tolist()
        return [memory[at : at + n] for at, n in zip(self._starts, octets, strict=False)]

    def send(self, replies: Sequence[bytes | None]) -> int:
        """Sends each reply to who sent the datagram in its place, None to nobody. How many the
        system did not take; they are not worth waiting for, and those behind them go out."""
        first = unsent = 0
        for number, (place, reply) in enumerate(zip(self._places, replies, strict=False)):
            if reply is None or len(reply) > LARGEST_DATAGRAM:
                unsent += self._send(first, number) + (reply is not None)
                first = number + 1
            else:
                place[: len(reply)] = reply
                self._sizes[number] = len(reply)
        return unsent + self._send(first, len(replies))

    def _send(self, first: int, end: int) -> int:
        """Sends what is in the places from `first` to before `end`; how many were not taken."""
        unsent = 0
        while first < end:
            sent = _send(self._fd, self._headers[first], end - first, socket.MSG_DONTWAIT)
            if sent <= 0:  # the first of them failed, and nothing is known of the others
                unsent += 1
            first += max(sent, 1)
        return unsent

    def _turn_around(self, count: int) -> None:
        """Makes of what tells where a datagram came to what has its reply leave from there
        (RFC 2181 section 4.1).

        The interface is left to the routing table, but for link-local addresses, which mean
        nothing without it (RFC 3542 section 6.2).
        """
        if not self._is_ipv6:
            self._interfaces[:count] = _ANY_INTERFACE[:count]
            return
        for number, address in enumerate(self._destinations[:count].tolist()):
            if address != _LINK_LOCAL:
                self._interfaces[number] = 0


def _lay_out(block: _Block) -> None:
    """Gives each datagram its memory: has its header point there."""
    for number in range(BATCH):
        part = block.parts[number]
        part.start, part.octets = addressof(block.datagrams[number]), LARGEST_DATAGRAM
        block.headers[number].message = _Message(
            name=addressof(block.names[number]),
            name_octets=NAME_OCTETS,
            parts=addressof(part),
            part_count=1,
            control=addressof(block.controls[number]),
            control_octets=CONTROL_OCTETS,
        )


def _each(numbers: "memoryview[int]", first: int, stride: int) -> "memoryview[int]":
    """The same number of every datagram: at the octet `first`, and each `stride` octets further."""
    size = numbers.itemsize
    return numbers[first // size :: stride // size][:BATCH]
