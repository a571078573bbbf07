"""Patience that is the same for many: one timer, however many wait."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Patience(Generic[T]):
    """Calls `expire` for each thing that is not `over` when `timeout_s` have passed.

    As all have the same patience, they are in the order of their ends.
    """

    def __init__(
        self, timeout_s: float, over: Callable[[T], bool], expire: Callable[[T], None]
    ) -> None:
        self._timeout_s = timeout_s
        self._over = over
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, T]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, thing: T) -> None:
        """Patience with `thing` begins now."""
        self._waiting.append((self._loop.time() + self._timeout_s, thing))
        if self._timer is None:
            self._set_timer()

    def close(self) -> None:
        """Nothing expires any more."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = self._loop.time()
        while self._waiting:
            end, thing = self._waiting[0]
            if self._over(thing):
                self._waiting.popleft()
            elif end <= now:
                self._waiting.popleft()
                self._expire(thing)
            else:
                break
        self._set_timer()

    def _set_timer(self) -> None:
        self._timer = self._loop.call_at(self._waiting[0][0], self._look) if self._waiting else None
