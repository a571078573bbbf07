"""Mirrors to be probed: small web servers on loopback addresses, which can be killed and started
again, hang, and lose a share of the probes. They count what they are asked."""

import ctypes
import os
import selectors
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from random import Random
from typing import Self

from harness.listening import BACKLOG

FORK = get_context("fork")  # a process for each mirror takes little memory, and starts at once

OK = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
UNAVAILABLE = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nlost\n"
REQUEST_OCTETS = 4096
SEED = 1  # which probes each mirror loses is the same in every run


class Loss(StrEnum):
    """What a lost probe sees."""

    REFUSED = "status 503"
    SILENT = "silence"


class Mirrors:
    """A mirror on `port` of each address, from entered until left.

    With `apart`, each is a process of its own; else one process is all of them, and none can be
    killed.
    """

    def __init__(self, addresses: Sequence[str], port: int, loss: Loss, *, apart: bool) -> None:
        self.addresses = tuple(addresses)
        self.port = port
        self._loss = loss
        self._lost_share = FORK.RawArray(ctypes.c_double, 1)
        self._probes = FORK.RawArray(ctypes.c_ulong, len(addresses))
        self._processes: dict[int, ForkProcess] = {}
        numbers = range(len(addresses))
        self._groups = [numbers[at : at + 1] for at in numbers] if apart else [numbers]

    def __enter__(self) -> Self:
        for group in self._groups:
            self._start(group)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
            process.join()

    @property
    def probes(self) -> int:
        """How many probes have reached them all so far."""
        return sum(self._probes)

    def lose(self, share: float) -> None:
        """From now on this share of the probes is lost, by chance."""
        self._lost_share[0] = share

    def start(self, number: int) -> None:
        """Starts one that was killed; it accepts connections when this returns."""
        self._processes.pop(number).join()
        self._start([number])

    def kill(self, number: int) -> None:
        """Ends one as a crash would: from then on its port refuses."""
        self._processes[number].kill()

    def hang(self, number: int) -> None:
        """Has one stand still: connections are accepted, and nothing answers."""
        pid = self._processes[number].pid
        assert pid
        os.kill(pid, signal.SIGSTOP)

    def restart(self, number: int) -> None:
        """Ends one, and starts it again."""
        self.kill(number)
        self.start(number)

    def _start(self, group: Sequence[int]) -> None:
        """A process for the mirrors of these numbers."""
        listeners = {number: _listener(self.addresses[number], self.port) for number in group}
        process = FORK.Process(target=self._serve, args=(listeners,), daemon=True)
        process.start()
        for listener in listeners.values():
            listener.close()  # it is the child's now, and ends with it
        self._processes[group[0]] = process

    def _serve(self, listeners: dict[int, socket.socket]) -> None:
        """Answers until killed."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        selector = selectors.DefaultSelector()
        for number, listener in listeners.items():
            accept = partial(self._accept, selector, number, Random(SEED + number))
            selector.register(listener, selectors.EVENT_READ, accept)
        while True:
            for key, _ in selector.select():
                key.data(key.fileobj)

    def _accept(
        self, selector: selectors.BaseSelector, number: int, rng: Random, listener: socket.socket
    ) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        self._probes[number] += 1
        is_lost = rng.random() < self._lost_share[0]
        selector.register(
            connection, selectors.EVENT_READ, partial(self._answer, selector, is_lost)
        )

    def _answer(
        self, selector: selectors.BaseSelector, is_lost: bool, connection: socket.socket
    ) -> None:
        with suppress(OSError):  # a client that has gone meanwhile
            if connection.recv(REQUEST_OCTETS):
                if is_lost and self._loss is Loss.SILENT:
                    return  # until the client gives up
                connection.sendall(UNAVAILABLE if is_lost else OK)
        selector.unregister(connection)
        connection.close()


def _listener(address: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(BACKLOG)
    return listener
