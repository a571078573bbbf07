"""UDP: one thread reads all sockets and answers each datagram before it reads the next.

A blocking loop on a thread of its own costs a third of an event loop's callback per packet, and
nothing that the event loop does can hold up an answer for longer than the interpreter lock.
"""

import logging
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable

from . import Answer
from .sockets import IP_PKTINFO

log = logging.getLogger(__name__)

LARGEST_QUERY = 4096  # more than any sensible query; what is cut off is FORMERR
BURST = 64  # datagrams read from one socket before the others are looked at
ANCILLARY_OCTETS = socket.CMSG_SPACE(20)  # struct in6_pktinfo, the larger of the two
LINK_LOCAL = b"\xfe\x80"
LOGGED_FAULTS = 20  # so that whoever finds a defect of ours can not fill the disk with it


class UdpServer:
    """Serves `sockets` from `start` to `stop`; both are called from another thread."""

    def __init__(self, sockets: Iterable[socket.socket], answer: Answer) -> None:
        self._answer = answer
        self._sockets = tuple(sockets)
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
        bursts = {sock.fileno(): self._burst_of(sock) for sock in self._sockets}
        poller = select.poll()
        for fd in (*bursts, self._woken.fileno()):
            poller.register(fd, select.POLLIN)
        stopping = False
        while not stopping:
            for fd, _ in poller.poll():
                if fd in bursts:
                    bursts[fd]()
                else:
                    stopping = True
        for burst in bursts.values():
            burst()

    def _burst_of(self, sock: socket.socket) -> Callable[[], None]:
        """What reads and answers up to `BURST` datagrams of `sock`."""
        exchange = (_exchange_from_destination if _is_wildcard(sock) else _exchange)(sock)
        answer = self._answer

        def burst() -> None:
            for _ in range(BURST):
                try:
                    exchange(answer)
                except BlockingIOError:
                    return
                except OSError:
                    continue  # this client can not be reached; the others can
                except Exception:
                    self._note_fault()

        return burst

    def _note_fault(self) -> None:
        """A defect of ours must cost this one query, never the server."""
        self._faults += 1
        if self._faults <= LOGGED_FAULTS:
            log.exception("no answer to a datagram; please report this")


def _is_wildcard(sock: socket.socket) -> bool:
    return sock.getsockname()[0] in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def _exchange(sock: socket.socket) -> Callable[[Answer], None]:
    """What answers one datagram that came to a socket with one address."""
    receive, send = sock.recvfrom, sock.sendto

    def exchange(answer: Answer) -> None:
        query, client = receive(LARGEST_QUERY)
        reply = answer(query, client[0])
        if reply is not None and client[1]:  # nothing is sent to port 0
            send(reply, client)

    return exchange


def _exchange_from_destination(sock: socket.socket) -> Callable[[Answer], None]:
    """What answers one datagram from the address that it was sent to (RFC 2181 section 4.1)."""

    def exchange(answer: Answer) -> None:
        query, ancillary, _, client = sock.recvmsg(LARGEST_QUERY, ANCILLARY_OCTETS)
        reply = answer(query, client[0])
        if reply is not None and client[1]:
            source = [_source_for(level, kind, data) for level, kind, data in ancillary]
            sock.sendmsg([reply], source, 0, client)

    return exchange


def _source_for(level: int, kind: int, received: bytes) -> tuple[int, int, bytes]:
    """The control message that makes the reply leave from where the query came to.

    The interface is left to the routing table, but for link-local addresses, which mean nothing
    without it (RFC 3542 section 6.2).
    """
    if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
        _, local, _ = struct.unpack("=I4s4s", received)
        return level, kind, struct.pack("=I4s4s", 0, local, bytes(4))
    address, interface = received[:16], received[16:]
    return level, kind, address + (interface if address[:2] == LINK_LOCAL else bytes(4))
