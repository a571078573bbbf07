"""Mirrors that need no content: addresses of the loopback on which a port accepts connections."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from .process import free_ports

BACKLOG = 4096  # nobody accepts; the kernel does, for as many as wait here


@contextmanager
def listeners(addresses: Iterable[str], port: int | None = None) -> Iterator[int]:
    """Each of `addresses` accepts TCP connections on one port, which is yielded."""
    port = port or free_ports(1)[0]
    with ExitStack() as opened:
        for address in addresses:
            sock = opened.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            sock.listen(BACKLOG)
        yield port


@contextmanager
def silent(address: str) -> Iterator[int]:
    """Connections to a port of `address` are neither accepted nor refused: its backlog is full."""
    [port] = free_ports(1)
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield port
