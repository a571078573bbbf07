"""UDP: one thread reads all sockets, and answers what has arrived at each before the next.

A blocking loop on a thread of its own costs a third of an event loop's callback per packet, and
nothing that the event loop does can hold up an answer for longer than the interpreter lock.
"""

import logging
import select
import socket
import threading
from collections.abc import Iterable

from rrdns.answer.player import Tally

from . import Answer
from .batches import Batch

log = logging.getLogger(__name__)

LAST_BATCHES = 64  # answered of each socket after the stop, so that it comes to an end
LOGGED_FAULTS = 20  # so that whoever finds a defect of ours can not fill the disk with it


class UdpServer:
    """Serves `sockets` from `start` to `stop`; both are called from another thread.

    What can not be sent is counted in `tally`, and harms nobody else.
    """

    def __init__(self, sockets: Iterable[socket.socket], answer: Answer, tally: Tally) -> None:
        self._answer = answer
        self._tally = tally
        self._sockets = tuple(sockets)
        self._batches = {sock.fileno(): Batch(sock) for sock in self._sockets}
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="rrdns-udp", daemon=True)
        self._faults = 0

    def start(self) -> None:
        """Begins to answer, what has arrived since the sockets were bound included."""
        self._thread.start()

    def stop(self) -> None:
        """Answers what has arrived, ends the thread and closes the sockets."""
        self._wake.close()
        if self._thread.is_alive():
            self._thread.join()
        for sock in (self._woken, *self._sockets):
            sock.close()

    def _run(self) -> None:
        poller = select.poll()
        for fd in (*self._batches, self._woken.fileno()):
            poller.register(fd, select.POLLIN)
        stopping = False
        while not stopping:
            for fd, _ in poller.poll():
                if fd in self._batches:
                    self._exchange(self._batches[fd])
                else:
                    stopping = True
        for batch in self._batches.values():
            for _ in range(LAST_BATCHES):
                if not self._exchange(batch):
                    break

    def _exchange(self, batch: Batch) -> int:
        """Answers what has arrived, as much as there is room for in `batch`; how many that were."""
        answer = self._answer
        replies: list[bytes | None] = []
        for query, client in zip(batch.receive(), batch.senders, strict=False):
            try:
                replies.append(answer(query, client))
            except Exception:
                self._note_fault()
                replies.append(None)
        self._tally.unsent += batch.send(replies)
        return len(replies)

    def _note_fault(self) -> None:
        """A defect of ours must cost this one query, never the server."""
        self._faults += 1
        if self._faults <= LOGGED_FAULTS:
            log.exception("no answer to a datagram; please report this")
