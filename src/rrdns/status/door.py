"""The door of the status server: how many may be inside, for how long, and with how much.

HTTP is spoken by the handlers behind it; here are only connections, octets and time. One client
that is slow, silent or talkative takes one place, and the place can be taken from it: where all
are taken, the connection goes whose last whole request is longest ago.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

PLACES = 64  # people, scrapers and a load balancer; each may cost one report's memory
REQUEST_S = 10.0  # from connecting to a whole request; it is a few hundred octets
STAY_S = 60.0  # from a whole request to the next one, the slow reading of a reply included; in
# a stream from one message to the next, of which there is one every 15 s at least
LEAVE_S = 2.0  # for a client that was turned away to read why
REQUEST_OCTETS = 16 << 10  # of a request without a body; browsers' cookies are the largest part


class Door:
    """A protocol factory for asyncio: lets each connection in to a handler of its own."""

    def __init__(self, make_handler: Callable[[], asyncio.Protocol]) -> None:
        self._make_handler = make_handler
        self._inside: OrderedDict[asyncio.Protocol, _Connection] = OrderedDict()

    def __call__(self) -> asyncio.Protocol:
        return _Connection(self, self._make_handler())

    @property
    def connections(self) -> int:
        """How many are inside."""
        return len(self._inside)

    def request_came(self, handler: asyncio.Protocol) -> bool:
        """`handler` is about to answer a whole request; whether the client may stay after that."""
        if handler not in self._inside:
            return False
        self._inside.move_to_end(handler)
        return self._inside[handler].request_came()

    def reads(self, handler: asyncio.Protocol) -> None:
        """The client of `handler` takes what it is sent, and may stay for more of it."""
        if handler in self._inside:
            self._inside.move_to_end(handler)
            self._inside[handler].reads()

    def turn_away(self, handler: asyncio.Protocol) -> None:
        """`handler` refuses what it was asked: the client may read that, and has to go."""
        if handler in self._inside:
            self._inside[handler].turn_away()

    def close(self) -> None:
        """Ends all connections at once."""
        for connection in list(self._inside.values()):
            connection.abort()

    def enter(self, handler: asyncio.Protocol, connection: "_Connection") -> None:
        """Gives `connection` a place, another one's if need be."""
        if len(self._inside) >= PLACES:
            next(iter(self._inside.values())).abort()
        self._inside[handler] = connection

    def leave(self, handler: asyncio.Protocol) -> None:
        """Frees the place; a second time does nothing."""
        self._inside.pop(handler, None)


class _Connection(asyncio.Protocol):
    """Passes everything on to the handler, within the limits above.

    Of a client that has sent too much nothing more is read: its first request is answered, if
    there is a whole one, and the rest goes with the connection. The handler answers no request
    before the reply to the last one is taken.
    """

    def __init__(self, door: Door, handler: asyncio.Protocol) -> None:
        self._door = door
        self._handler = handler
        self._octets_left = float(REQUEST_OCTETS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = self._abort_in(REQUEST_S)
        self._door.enter(self._handler, self)
        self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._octets_left -= len(data)
        self._handler.data_received(data)
        if self._octets_left < 0 and not self._transport.is_closing():
            self._transport.pause_reading()

    def eof_received(self) -> bool | None:
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._door.leave(self._handler)
        self._handler.connection_lost(exc)

    def request_came(self) -> bool:
        """Whether the client has kept within the limit, and may ask again."""
        self._extend(STAY_S)
        if self._octets_left < 0:
            return False
        self._octets_left = REQUEST_OCTETS
        return True

    def reads(self) -> None:
        """What was sent is taken."""
        self._extend(STAY_S)

    def turn_away(self) -> None:
        """What still comes is a body that the handler throws away, so that its end may be seen."""
        self._extend(LEAVE_S)
        self._octets_left = float("inf")
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Closes at once, whatever is not sent yet."""
        self._door.leave(self._handler)
        self._transport.abort()

    def _extend(self, seconds: float) -> None:
        self._deadline.cancel()
        self._deadline = self._abort_in(seconds)

    def _abort_in(self, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self.abort)
