"""The C player's threads, and beside them the one that answers what C leaves to the reference.

Where there is too much of that, it rests half of the time: health and the status need the
interpreter too, and are not to notice.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from math import inf
from typing import TypeVar

from rrdns.answer.player import Tally
from rrdns.config.settings import TcpLimits

from . import Answer, _player
from .tcp import GRACE_S

log = logging.getLogger(__name__)

WORK_S = 0.002  # at what was left to the reference answerer, before as long a rest
TOLD_EVERY_S = 60.0  # of what keeps clients from being accepted

Way = TypeVar("Way")


class NativeUdpServer:
    """Serves `sockets`, a thread each, from `start` to `stop`; another thread calls both.

    `left` counts what `answer` answers.
    """

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        tallies: Iterable[_player.Tally],
        answer: Answer,
        left: Tally,
    ) -> None:
        self._sockets = tuple(sockets)
        self._left = left
        descriptors = (sock.fileno() for sock in self._sockets)
        self._udp = _player.Udp(tuple(zip(descriptors, tallies, strict=True)))
        self._thread = _left_thread("udp", self._udp.take_left, answer, self._reply)

    def publish(self, table: _player.Table) -> None:
        """Has `table` played from the next datagrams on; one has to be published before `start`."""
        self._udp.publish(table)

    def start(self) -> None:
        """Begins to answer, what has arrived since the sockets were bound included."""
        for sock in self._sockets:
            sock.setblocking(True)
        self._udp.start()
        self._thread.start()

    def stop(self) -> None:
        """Answers what has arrived, ends the threads and closes the sockets."""
        self._udp.stop()
        if self._thread.is_alive():
            self._thread.join()
        for sock in self._sockets:
            sock.close()

    def _reply(self, way_back: bytes, reply: bytes | None) -> None:
        if reply is not None:
            try:
                self._udp.send(way_back, reply)
            except OSError:  # this client can not be reached; the others can
                self._left.unsent += 1


class NativeTcpServer:
    """Accepts on `sockets`, within `limits`, from `start` to `stop`; both are called from another
    thread, and so may `connections` be."""

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        limits: TcpLimits,
        tally: _player.Tally,
        answer: Answer,
        grace_s: float = GRACE_S,
    ) -> None:
        self._sockets = tuple(sockets)
        descriptors = tuple(sock.fileno() for sock in self._sockets)
        told = (limits.idle_s, limits.connections, limits.per_client, grace_s)
        self._tcp = _player.Tcp(descriptors, told, tally)
        self._thread = _left_thread("tcp", self._take_left, answer, self._tcp.send)
        self._told_at = -inf

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._tcp.connections

    def publish(self, table: _player.Table) -> None:
        """Has `table` played from the next turn on; one has to be published before `start`."""
        self._tcp.publish(table)

    def start(self) -> None:
        """Begins to accept, what waits in the backlog included. Raises OSError."""
        self._tcp.start()
        self._thread.start()

    def stop(self) -> None:
        """Accepts no more, answers within the grace what has been read, ends the threads and closes
        the sockets. A second time does nothing."""
        self._tcp.stop()
        if self._thread.is_alive():
            self._thread.join()
        for sock in self._sockets:
            sock.close()

    def _take_left(self) -> tuple[bytes, str, int] | None:
        while True:
            try:
                return self._tcp.take_left()
            except OSError as error:
                self._tell(error)

    def _tell(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            log.warning("TCP clients have to wait, none can be accepted: %s", error.strerror)


def _left_thread(
    name: str,
    take: Callable[[], tuple[bytes, str, Way] | None],
    answer: Answer,
    reply: Callable[[Way, bytes | None], None],
) -> threading.Thread:
    """Answers what `take` gives, until that is nothing."""

    def run() -> None:
        worked_s = waited_s = 0.0
        begun_at = time.monotonic()
        while (left := take()) is not None:
            query, client, way_back = left
            taken_at = time.monotonic()
            reply(way_back, answer(query, client))
            done_at = time.monotonic()
            waited_s += taken_at - begun_at
            worked_s += done_at - taken_at
            begun_at = done_at
            if worked_s > WORK_S:
                time.sleep(max(0.0, worked_s - waited_s))
                worked_s = waited_s = 0.0
                begun_at = time.monotonic()

    return threading.Thread(target=run, name=f"rrdns-{name}-left", daemon=True)
