"""ICMP echo: one shared socket per address family, replies matched to what was asked.

A socket per probe would make every socket receive every reply. icmplib opens the sockets and
knows the packets; its own `send` and `receive` are left aside, because they resolve names, lose
the errno, and either block or drop what arrives while nobody waits.

Raw sockets need CAP_NET_RAW. Without it the kernel's ping sockets serve as well, where
net.ipv4.ping_group_range admits this process. If neither is permitted, every probe tries again,
so that a later grant is noticed.
"""

import asyncio
import contextlib
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from icmplib import ICMPv4Socket, ICMPv6Socket
from icmplib.exceptions import (
    DestinationUnreachable,
    ICMPError,
    ICMPSocketError,
    SocketPermissionError,
)

from rrdns.health.check import Address, IcmpCheck
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from . import faults
from .patience import Patience
from .prober import Prober, milliseconds, no_answer, since

NOT_PERMITTED = (
    "raw ICMP is not permitted; grant CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW) "
    "or set net.ipv4.ping_group_range"
)
PAYLOAD = b"rrdns health check"
PACKET_OCTETS = 1024
DRAIN_PACKETS = 256  # per wakeup of the loop: others want their turn
DRAINS_BEFORE_BLAME = 64  # 16,384 packets, more than the receive buffer holds
SENDS_BETWEEN_DRAINS = 64  # a burst of requests must not let its replies overflow the buffer
BUFFER_OCTETS = 4 << 20  # the replies of 10,000 members at once, if net.core.rmem_max allows
SEQUENCES = 1 << 16

# From linux/icmp.h and linux/icmpv6.h; a set bit keeps that ICMP type away from the socket.
# Echo replies and "destination unreachable" come through.
_FILTER_V4 = (socket.IPPROTO_RAW, 1, struct.pack("=I", 0xFFFFFFFF ^ (1 << 0 | 1 << 3)))
_FILTER_V6 = (
    socket.IPPROTO_ICMPV6,
    1,
    struct.pack("=8I", *(0xFFFFFFFF ^ (0b10 if word in (0, 4) else 0) for word in range(8))),
)
_FILTERS = {4: _FILTER_V4, 6: _FILTER_V6}
_SOCKETS = {4: ICMPv4Socket, 6: ICMPv6Socket}
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ANYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - names no address: the kernel picks the id
# linux/socket.h: past net.core.*mem_max, for those with CAP_NET_ADMIN
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33


class IcmpProber(Prober[IcmpCheck]):
    """Opens the socket of a family when the first probe needs it.

    Asks from `source` those of its family, if it is given.
    """

    def __init__(self, source: Address | None = None) -> None:
        self._source = source
        self._pingers: dict[int, _Pinger] = {}

    def probe(self, check: IcmpCheck, address: Address) -> "asyncio.Future[Result]":
        """No task is made: there may be thousands of these in a second."""
        started = time.monotonic()
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        pinger = self._pingers.get(address.version)
        try:
            if pinger is None:
                pinger = self._open(address.version)
            text = socket.inet_ntop(_FAMILIES[address.version], address.packed)
            pinger.ping(text, check.timeout_s, started, answer)
        except SocketPermissionError:
            answer.set_result(since(started, Outcome.ERROR, NOT_PERMITTED))
        except ICMPSocketError as error:
            cause = error.__context__
            fault = cause if isinstance(cause, OSError) else OSError(error)
            answer.set_result(faults.judge(fault, started))
        except OSError as error:
            answer.set_result(faults.judge(error, started))
        return answer

    async def aclose(self) -> None:
        for pinger in self._pingers.values():
            pinger.close()
        self._pingers.clear()

    def _open(self, version: int) -> "_Pinger":
        source = self._source
        from_there = source if source is not None and source.version == version else None
        pinger = self._pingers[version] = _Pinger(version, from_there)
        return pinger


@dataclass(slots=True)
class _Request:
    """An echo request in flight."""

    sequence: int
    address: str
    started: float
    timeout_s: float
    answer: "asyncio.Future[Result]"


class _Pinger:
    """The socket of one family, and the requests in flight on it by sequence number.

    Raises icmplib's SocketPermissionError or ICMPSocketError where it can not be opened, OSError
    where this host does not have `source`.
    """

    def __init__(self, version: int, source: Address | None = None) -> None:
        self._icmp = _open(version)
        self._sock: socket.socket = self._icmp.sock
        if source is not None:
            try:
                self._sock.bind((str(source), 0))
            except OSError:
                self._icmp.close()
                raise
        self._sock.setblocking(False)
        _widen(self._sock, _SO_RCVBUFFORCE, socket.SO_RCVBUF)
        _widen(self._sock, _SO_SNDBUFFORCE, socket.SO_SNDBUF)
        if self._icmp.is_privileged:
            with contextlib.suppress(OSError):  # only spares us what is ignored anyway
                self._sock.setsockopt(*_FILTERS[version])
            self._id = secrets.randbelow(1 << 16)
        else:
            # The kernel owns the id of a ping socket and delivers nothing else to it.
            if source is None:
                self._sock.bind((_ANYWHERE[version], 0))
            self._id = self._sock.getsockname()[1]
        self._sequence = secrets.randbelow(SEQUENCES)
        self._in_flight: dict[int, _Request] = {}
        self._patience: dict[float, Patience[_Request]] = {}
        self._sent = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._drain)

    def close(self) -> None:
        for patience in self._patience.values():
            patience.close()
        self._loop.remove_reader(self._sock)
        self._icmp.close()

    def ping(
        self, address: str, timeout_s: float, started: float, answer: "asyncio.Future[Result]"
    ) -> None:
        """One echo request, which ends in `answer`. OSError where it can not be sent."""
        sequence = self._free_sequence()
        packet = self._icmp._create_packet(self._id, sequence, PAYLOAD)
        self._sock.sendto(packet, (address, 0))
        request = _Request(sequence, address, started, timeout_s, answer)
        self._in_flight[sequence] = request
        patience = self._patience.get(timeout_s)
        if patience is None:
            patience = self._patience[timeout_s] = Patience(timeout_s, self._is_over, self._expire)
        patience.add(request)
        self._sent += 1
        if self._sent % SENDS_BETWEEN_DRAINS == 0:
            self._drain()

    def _is_over(self, request: _Request) -> bool:
        return self._in_flight.get(request.sequence) is not request

    def _settle(self, request: _Request, outcome: Outcome, reason: str) -> None:
        """Nobody may want to know any more; its number is free only now."""
        del self._in_flight[request.sequence]
        if not request.answer.done():
            request.answer.set_result(since(request.started, outcome, reason))

    def _free_sequence(self) -> int:
        if len(self._in_flight) == SEQUENCES:
            raise OSError("65536 echo requests are in flight; use longer intervals")
        while True:
            self._sequence = (self._sequence + 1) % SEQUENCES
            if self._sequence not in self._in_flight:
                return self._sequence

    def _expire(self, request: _Request) -> None:
        """The timeout is over. If the loop was held up, the reply lies in the buffer: look."""
        for _ in range(DRAINS_BEFORE_BLAME):
            more = self._drain()
            if self._is_over(request):
                return
            if not more:
                break
        self._settle(request, Outcome.FAIL, no_answer(request.timeout_s))

    def _drain(self) -> bool:
        """Take in what has arrived, up to a limit; whether there may be more."""
        for _ in range(DRAIN_PACKETS):
            try:
                packet, source = self._sock.recvfrom(PACKET_OCTETS)
            except BlockingIOError:
                return False
            except OSError:
                continue  # an error queued by an earlier send; its request runs into its timeout
            self._take_in(packet, source[0])
        return True

    def _take_in(self, packet: bytes, source: str) -> None:
        """Match one packet. Not ours, too late, or from another address: as if it never came."""
        reply: Any = self._icmp._parse_reply(packet, source, 0.0)
        request = self._in_flight.get(reply.sequence) if reply and reply.id == self._id else None
        if request is None:
            return
        try:
            reply.raise_for_status()
        except DestinationUnreachable as error:
            # A router's word about the request that it quotes: sooner than the timeout.
            self._settle(request, Outcome.FAIL, f"{error} (said by {source})")
        except ICMPError:
            return
        else:
            if source == request.address:
                self._settle(request, Outcome.PASS, milliseconds(request.started))


def _open(version: int) -> Any:
    """A raw socket, else a ping socket. SocketPermissionError where neither is permitted."""
    with contextlib.suppress(SocketPermissionError):
        return _SOCKETS[version](privileged=True)
    return _SOCKETS[version](privileged=False)


def _widen(sock: socket.socket, forced: int, asked: int) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, forced, BUFFER_OCTETS)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, asked, BUFFER_OCTETS)
