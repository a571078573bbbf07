"""Tripwires: idle connections to members that are up, whose end has the member probed at once.

A process that is killed closes its connections, and the kernel that stays behind says so at that
moment; a probe would have found out half an interval later. That a connection ends proves nothing,
servers close what is idle: it is only a reason to look.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from .check import Target

REST_S = 10.0  # after one was cut: a server that closes idle connections is not asked on and on

OnTrip = Callable[[Target], None]


class Tripwires:
    """Holds one connection to each target for which `stretch` was called, until `cut`.

    `on_trip` is called when the other side has ended it. Nothing is ever sent.
    """

    def __init__(self, on_trip: OnTrip) -> None:
        self._on_trip = on_trip
        self._wires: dict[Target, _Wire] = {}
        self._opening: dict[Target, asyncio.Task[None]] = {}
        self._rests_until: dict[Target, float] = {}

    def stretch(self, target: Target, port: int) -> None:
        """Has a wire to `target` soon, unless there is one, or the last has just been cut."""
        if target in self._wires or target in self._opening:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._rests_until.get(target, 0.0):
            self._opening[target] = loop.create_task(self._open(target, port))

    def cut(self, target: Target) -> None:
        """Has no wire to `target` any more; a second time does nothing."""
        self._rests_until.pop(target, None)
        opening = self._opening.pop(target, None)
        if opening is not None:
            opening.cancel()
        wire = self._wires.pop(target, None)
        if wire is not None:
            wire.close()

    async def aclose(self) -> None:
        """Cuts all."""
        opening = list(self._opening.values())
        for target in {*self._wires, *self._opening}:
            self.cut(target)
        await asyncio.gather(*opening, return_exceptions=True)

    async def _open(self, target: Target, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(target.check.timeout_s):
                _, wire = await loop.create_connection(
                    lambda: _Wire(lambda: self._ended(target)), str(target.address), port
                )
            if wire.holds:
                self._wires[target] = wire
        except OSError:
            pass  # probes will tell
        finally:
            if self._opening.get(target) is asyncio.current_task():
                del self._opening[target]

    def _ended(self, target: Target) -> None:
        if self._wires.pop(target, None) is not None:
            self._rests_until[target] = asyncio.get_running_loop().time() + REST_S
            self._on_trip(target)


class _Wire(asyncio.Protocol):
    """A connection on which nothing is said; `ended` is called when the other side ends it."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended: Callable[[], None] | None = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @property
    def holds(self) -> bool:
        """Whether neither side has ended it."""
        return not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ended is not None:
            self._ended()

    def close(self) -> None:
        """Ends it from here, of which nobody is told."""
        self._ended = None
        self._transport.abort()
