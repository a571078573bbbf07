"""TCP (RFC 7766): many queries a connection, replies in one write, and limits for everyone.

A connection is active when a whole query has been answered on it, not when octets trickle in. The
sweep closes what has been inactive for `idle_s`, slow readers included. Where a limit is reached
the connection that has been inactive longest gives way, so that idle ones lock nobody out.
"""

import asyncio
import socket
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from typing import cast

from rrdns.config.settings import TcpLimits

from . import Answer
from .sockets import BACKLOG

WRITE_HIGH_WATER = 64 << 10  # octets of replies waiting for a slow reader before reading pauses
PORTION = 100  # queries of one connection answered before the others have their turn
SWEEP_S = 1.0


class TcpServer:
    """Accepts on `sockets` from `start` to `stop`, within `limits`."""

    def __init__(self, sockets: Iterable[socket.socket], answer: Answer, limits: TcpLimits) -> None:
        self._sockets = tuple(sockets)
        self._answer = answer
        self._limits = limits
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None
        self._by_activity: OrderedDict[_Connection, float] = OrderedDict()
        self._by_client: defaultdict[str, OrderedDict[_Connection, None]] = defaultdict(OrderedDict)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._by_activity)

    async def start(self) -> None:
        """Begins to accept, what waits in the backlog included."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            server = await loop.create_server(
                lambda: _Connection(self, self._answer), sock=sock, backlog=BACKLOG
            )
            self._servers.append(server)
        self._sweep()

    async def stop(self) -> None:
        """Stops accepting, and closes every connection once its replies are written."""
        if self._sweeper:
            self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for connection in list(self._by_activity):
            connection.close()
        await asyncio.sleep(0)  # one turn of the loop, in which the replies are written
        for sock in self._sockets:
            sock.close()

    def admit(self, connection: "_Connection", client: str) -> None:
        """Registers a new connection; the most inactive one gives way where a limit is reached."""
        mine = self._by_client[client]
        if len(mine) >= self._limits.per_client:
            next(iter(mine)).abort()
        elif len(self._by_activity) >= self._limits.connections:
            next(iter(self._by_activity)).abort()
        self._by_client[client][connection] = None
        self._by_activity[connection] = asyncio.get_running_loop().time()

    def touch(self, connection: "_Connection", client: str) -> None:
        """Notes that a query has been answered on `connection`."""
        if connection in self._by_activity:
            self._by_activity[connection] = asyncio.get_running_loop().time()
            self._by_activity.move_to_end(connection)
            self._by_client[client].move_to_end(connection)

    def release(self, connection: "_Connection", client: str) -> None:
        """Forgets a connection that is closed; a second time does nothing."""
        self._by_activity.pop(connection, None)
        mine = self._by_client[client]
        mine.pop(connection, None)
        if not mine:
            del self._by_client[client]

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest_allowed = loop.time() - self._limits.idle_s
        for connection, active_at in list(self._by_activity.items()):
            if active_at > oldest_allowed:
                break  # the others have been active since
            connection.abort()
        self._sweeper = loop.call_later(min(SWEEP_S, self._limits.idle_s / 2), self._sweep)


class _Connection(asyncio.Protocol):
    """One client's connection: cuts the stream into messages and answers them in order."""

    def __init__(self, server: TcpServer, answer: Answer) -> None:
        self._server = server
        self._answer = answer
        self._received = bytearray()
        self._client = ""
        self._reader_is_slow = False
        self._pump_waits = False
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if peer else ""
        self._server.admit(self, self._client)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._pump()

    def eof_received(self) -> bool:
        """The client will send no more, and still gets its replies (RFC 7766 section 6.2.4)."""
        self._ended = True
        return self._reader_is_slow or self._pump_waits  # True: not to be closed yet

    def pause_writing(self) -> None:
        self._reader_is_slow = True

    def resume_writing(self) -> None:
        self._reader_is_slow = False
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.release(self, self._client)

    def close(self) -> None:
        """Closes once the replies are written."""
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._server.release(self, self._client)
        self._transport.abort()

    def _pump(self) -> None:
        """Answers what has been received, in portions, and reads on when all of it is answered."""
        if self._pump_waits or self._reader_is_slow:
            return
        more = self._answer_portion()
        if more or self._reader_is_slow:
            self._transport.pause_reading()
        elif self._ended:
            self._transport.close()
        else:
            self._transport.resume_reading()
        if more and not self._reader_is_slow:
            self._pump_waits = True
            asyncio.get_running_loop().call_soon(self._pump_again)

    def _pump_again(self) -> None:
        self._pump_waits = False
        if not self._transport.is_closing():
            self._pump()

    def _answer_portion(self) -> bool:
        """Answers up to `PORTION` messages with one write; whether another whole one waits."""
        at = 0
        replies: list[bytes] = []
        waiting = 0
        for _ in range(PORTION):
            end = self._message_end(at)
            if end is None or waiting > WRITE_HIGH_WATER:
                break
            reply = self._answer(bytes(self._received[at + 2 : end]))
            at = end
            if reply is not None:
                replies += (struct.pack("!H", len(reply)), reply)
                waiting += len(reply)
        del self._received[:at]
        if replies:
            self._transport.write(b"".join(replies))
            self._server.touch(self, self._client)
        return self._message_end(0) is not None

    def _message_end(self, at: int) -> int | None:
        """Where the message that begins at `at` ends, if all of it has arrived."""
        if len(self._received) < at + 2:
            return None
        end = at + 2 + int.from_bytes(self._received[at : at + 2], "big")
        return end if end <= len(self._received) else None
