"""TCP (RFC 7766) in Python: many queries a connection, replies in one write, limits for everyone.

`player/tcp.c` does the same in C.

It has a thread and an event loop of its own: thousands of queries may wait in one read, and
whoever sends them must not keep health probes and signals waiting. Connections that have a query
stand in one line; between turns the loop looks at the sockets, where new clients are waiting.

A connection is active when a whole query has been answered on it, not when octets trickle in. The
sweep closes what has been inactive for `idle_s`, slow readers included. Where a limit is reached
the connection that has been inactive longest gives way, so that idle ones lock nobody out.
"""

import asyncio
import socket
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from math import inf
from time import monotonic
from typing import cast

from rrdns.config.settings import TcpLimits

from . import Answer
from .loops import fastest_loop
from .sockets import BACKLOG
from .stream import answered, message_end

WRITE_HIGH_WATER = 64 << 10  # octets of replies waiting for a slow reader before reading pauses
READ_HIGH_WATER = 64 << 10  # octets of queries waiting for their turn before reading pauses
TURN_S = 0.001  # how long one connection is answered before the others, and they before the loop
SWEEP_S = 1.0
GRACE_S = 0.25  # after `stop`, for the replies to what has been read


class TcpServer:
    """Accepts on `sockets` from `start` to `stop`, within `limits`; both are called from another
    thread, and so may `connections` be."""

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        answer: Answer,
        limits: TcpLimits,
        grace_s: float = GRACE_S,
    ) -> None:
        self.answer = answer
        self.answers_until = inf
        self._sockets = tuple(sockets)
        self._limits = limits
        self._grace_s = grace_s
        self._by_activity: OrderedDict[_Connection, float] = OrderedDict()
        self._by_client: defaultdict[str, OrderedDict[_Connection, None]] = defaultdict(OrderedDict)
        self._line: deque[_Connection] = deque()
        self._line_is_called = False
        self._accepting: Future[asyncio.AbstractEventLoop] = Future()
        self._stopping = asyncio.Event()
        self._emptied = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="rrdns-tcp", daemon=True)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._by_activity)

    def start(self) -> None:
        """Begins to accept, what waits in the backlog included; raises what prevents that."""
        self._thread.start()
        self._accepting.result()

    def stop(self) -> None:
        """Accepts no more, answers within the grace what has been read, ends the thread and closes
        the sockets. A second time does nothing."""
        if self._thread.is_alive():
            self.answers_until = monotonic() + self._grace_s
            self._accepting.result().call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        for sock in self._sockets:
            sock.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=fastest_loop()) as runner:
                runner.run(self._serve())
        except Exception as error:
            if self._accepting.done():
                raise
            self._accepting.set_exception(error)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(lambda: _Connection(self), sock=sock, backlog=BACKLOG)
            for sock in self._sockets
        ]
        sweeping = asyncio.create_task(self._sweep())
        self._accepting.set_result(loop)
        await self._stopping.wait()
        sweeping.cancel()
        for server in servers:
            server.close()
        await self._finish()

    async def _finish(self) -> None:
        """Closes each connection once it has its replies, and at the end of the grace the rest."""
        for connection in list(self._by_activity):
            connection.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.answers_until - monotonic()):
                while self._by_activity:
                    self._emptied.clear()
                    await self._emptied.wait()
        for connection in list(self._by_activity):
            connection.abort()

    def admit(self, connection: "_Connection", client: str) -> None:
        """Registers a new connection; the most inactive one gives way where a limit is reached."""
        mine = self._by_client[client]
        if len(mine) >= self._limits.per_client:
            next(iter(mine)).abort()
        elif len(self._by_activity) >= self._limits.connections:
            next(iter(self._by_activity)).abort()
        self._by_client[client][connection] = None
        self._by_activity[connection] = monotonic()

    def touch(self, connection: "_Connection", client: str) -> None:
        """Notes that a query has been answered on `connection`."""
        if connection in self._by_activity:
            self._by_activity[connection] = monotonic()
            self._by_activity.move_to_end(connection)
            self._by_client[client].move_to_end(connection)

    def release(self, connection: "_Connection", client: str) -> None:
        """Forgets a connection that is closed; a second time does nothing."""
        self._by_activity.pop(connection, None)
        mine = self._by_client[client]
        mine.pop(connection, None)
        if not mine:
            del self._by_client[client]
        if not self._by_activity:
            self._emptied.set()

    def line_up(self, connection: "_Connection") -> None:
        """Has `connection` take a turn when those before it have had theirs."""
        self._line.append(connection)
        self._call_line()

    def _call_line(self) -> None:
        if not self._line_is_called:
            self._line_is_called = True
            asyncio.get_running_loop().call_soon(self._give_turns)

    def _give_turns(self) -> None:
        self._line_is_called = False
        ends_at = monotonic() + TURN_S
        try:
            while self._line and monotonic() < ends_at:
                self._line.popleft().take_turn()
        finally:
            if self._line:
                self._call_line()

    async def _sweep(self) -> None:
        while True:
            oldest_allowed = monotonic() - self._limits.idle_s
            for connection, active_at in list(self._by_activity.items()):
                if active_at > oldest_allowed:
                    break  # the others have been active since
                connection.abort()
            await asyncio.sleep(min(SWEEP_S, self._limits.idle_s / 2))


class _Connection(asyncio.Protocol):
    """One client's connection: cuts the stream into messages and answers them in order."""

    __slots__ = (
        "_client",
        "_ended",
        "_in_line",
        "_reader_is_slow",
        "_received",
        "_server",
        "_transport",
    )

    def __init__(self, server: TcpServer) -> None:
        self._server = server
        self._received = bytearray()
        self._client = ""
        self._reader_is_slow = False
        self._in_line = False
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        peer = transport.get_extra_info("peername")
        if peer is None:  # it has gone again
            self._transport.abort()
            return
        self._client = peer[0]
        self._server.admit(self, self._client)

    def data_received(self, data: bytes) -> None:
        if not (self._received or self._reader_is_slow) and message_end(data, 0) == len(data):
            # One whole query, as of most clients: it is answered as fast as it could line up.
            self._send(answered(self._server.answer, data, 0, len(data), self._client))
            return
        self._received += data
        if len(self._received) > READ_HIGH_WATER:
            self._transport.pause_reading()
        if not (self._in_line or self._reader_is_slow) and self._has_query():
            self._line_up()

    def eof_received(self) -> bool:
        """The client will send no more, and still gets its replies (RFC 7766 section 6.2.4)."""
        self._ended = True
        return self._reader_is_slow or self._in_line  # True: not to be closed yet

    def pause_writing(self) -> None:
        self._reader_is_slow = True

    def resume_writing(self) -> None:
        self._reader_is_slow = False
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.release(self, self._client)

    def finish(self) -> None:
        """Reads no more, and closes once what has been read is answered."""
        if not self._transport.is_closing():
            self._ended = True
            self._transport.pause_reading()
            self._go_on()

    def abort(self) -> None:
        """Closes at once."""
        self._server.release(self, self._client)
        self._transport.abort()

    def take_turn(self) -> None:
        """Answers for `TURN_S` at the most, then lines up again or reads on."""
        self._in_line = False
        if not self._transport.is_closing():
            self._answer_some()
            self._go_on()

    def _line_up(self) -> None:
        self._in_line = True
        self._server.line_up(self)

    def _go_on(self) -> None:
        """What is next, unless it has been seen to already: a turn, the end, or more queries."""
        if self._in_line or self._reader_is_slow or self._transport.is_closing():
            return
        if self._has_query():
            self._line_up()
        elif self._ended:
            self._transport.close()
        else:
            self._transport.resume_reading()

    def _answer_some(self) -> None:
        """Answers messages until the turn is over, with one write."""
        at = 0
        replies: list[bytes] = []
        waiting = 0
        ends_at = min(monotonic() + TURN_S, self._server.answers_until)
        while waiting <= WRITE_HIGH_WATER and monotonic() < ends_at:
            end = message_end(self._received, at)
            if end is None:
                break
            replies.append(answered(self._server.answer, self._received, at, end, self._client))
            waiting += len(replies[-1])
            at = end
        del self._received[:at]
        self._send(b"".join(replies))

    def _send(self, replies: bytes) -> None:
        if replies:
            self._transport.write(replies)
            self._server.touch(self, self._client)

    def _has_query(self) -> bool:
        return message_end(self._received, 0) is not None
