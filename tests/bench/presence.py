"""Whether a server hands out its mirrors: many names, asked over one socket without waiting."""

import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from select import select
from typing import NamedTuple, Self

import dns.message

from harness.peers import Address

RECEIVE_BUFFER_OCTETS = 4 << 20
LARGEST_REPLY = 4096
HEADER_OCTETS = 12


class Seen(NamedTuple):
    """A reply about the name of this number came `at` (time.monotonic)."""

    number: int
    at: float
    handed_out: bool


class Presence:
    """Asks a server for the mirror of each name; use it as a context manager."""

    def __init__(self, server: Address, names: Sequence[str], mirrors: Sequence[str]) -> None:
        queries = [dns.message.make_query(name, "A", use_edns=False) for name in names]
        self._questions = [query.to_wire()[2:] for query in queries]
        self._mirrors = [ip_address(mirror).packed for mirror in mirrors]
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        self._sock.connect(server)
        self._sock.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def ask(self, numbers: Iterable[int]) -> None:
        """Asks about the names of these numbers."""
        for number in numbers:
            with suppress(BlockingIOError):  # the next time, then
                self._sock.send(struct.pack("!H", number) + self._questions[number])

    def read(self) -> Iterator[Seen]:
        """The replies that have come."""
        with suppress(BlockingIOError):
            while True:
                reply = self._sock.recv(LARGEST_REPLY)
                number = int.from_bytes(reply[:2], "big")
                handed_out = self._mirrors[number] in reply[HEADER_OCTETS:]
                yield Seen(number, time.monotonic(), handed_out)


def read_until(deadline: float, servers: Sequence[Presence]) -> Iterator[tuple[Presence, Seen]]:
    """The replies of all servers, as they come until `deadline` (time.monotonic)."""
    while (left_s := deadline - time.monotonic()) > 0:
        for server in select(servers, [], [], left_s)[0]:
            for seen in server.read():
                yield server, seen
