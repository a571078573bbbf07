"""Questions at a steady rate, independent of the replies, and how long each reply took."""

import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import dns.message

from harness.peers import Address

LARGEST_REPLY = 4096
RECEIVE_BUFFER_OCTETS = 4 << 20  # so that what comes at once after a stall is not lost here
LONGEST_S = 120.0  # bounds a hang
TAIL_S = 1.0  # asked on so long after the change, to see what it leaves behind; then all is lost
PORTION = 32  # replies read before the next questions are due

IsSign = Callable[[bytes], bool]
"""Whether a reply shows what is waited for."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What a change did to the answers: how long it took to show, the longest that a reply took
    and that none came, and how many questions were not answered."""

    change_s: float
    worst_reply_s: float
    worst_gap_s: float
    asked: int
    lost: int


def ask_through_a_change(
    address: Address, name: str, rate: float, change: Callable[[], None], sign: bytes
) -> Steadiness:
    """Asks for the A records of `name`, calls `change`, and goes on until a reply has `sign` in
    it and `TAIL_S` longer. RuntimeError where no reply gets it."""
    with Asking(address, rate) as asking:
        asking.about(name)
        asking.on_for(TAIL_S)
        change()
        changed_at = time.monotonic()
        seen_at = asking.on_until(lambda reply: sign in reply, LONGEST_S)
        asking.on_for(TAIL_S)
        asking.end()
        return Steadiness(
            seen_at - changed_at,
            asking.worst_reply_s,
            asking.worst_gap_s,
            asking.asked,
            asking.unanswered,
        )


class Asking:
    """One socket on which questions are due at a steady rate; use it as a context manager."""

    def __init__(self, address: Address, rate: float) -> None:
        self.asked = 0
        self.worst_reply_s = 0.0
        self.worst_gap_s = 0.0
        self._question = b""
        self._interval_s = 1 / rate
        self._sent_at: dict[int, float] = {}
        self._is_sign: IsSign = lambda reply: False
        self._seen_at: float | None = None
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        self._sock.connect(address)
        self._sock.setblocking(False)
        self._due = time.monotonic()
        self._last_reply_at: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    @property
    def unanswered(self) -> int:
        return len(self._sent_at)

    def about(self, name: str) -> None:
        """From now on the A records of `name` are asked for."""
        self._question = dns.message.make_query(name, "A", use_edns=False).to_wire()[2:]

    def on_for(self, seconds: float) -> None:
        """Asks and reads so long."""
        self._until(time.monotonic() + seconds, or_sign=False)

    def on_until(self, is_sign: IsSign, longest_s: float) -> float:
        """Asks and reads until a reply is the sign; when it came (time.monotonic)."""
        self._is_sign, self._seen_at = is_sign, None
        self._until(time.monotonic() + longest_s, or_sign=True)
        if self._seen_at is None:
            raise RuntimeError(f"the change did not show within {longest_s:g} s")
        return self._seen_at

    def end(self) -> None:
        """Reads what still comes, and asks no more."""
        self._interval_s = LONGEST_S
        self._until(time.monotonic() + TAIL_S, or_sign=False)

    def _until(self, deadline: float, *, or_sign: bool) -> None:
        while (now := time.monotonic()) < deadline and not (or_sign and self._seen_at):
            if now >= self._due:
                self._ask(now)
                self._due += self._interval_s
            wait_s = min(self._due, deadline) - time.monotonic()
            if select.select([self._sock], [], [], max(wait_s, 0))[0]:
                self._read()

    def _ask(self, now: float) -> None:
        self.asked += 1
        message_id = self.asked & 0xFFFF
        self._sent_at[message_id] = now
        self._sock.send(struct.pack("!H", message_id) + self._question)

    def _read(self) -> None:
        for _ in range(PORTION):
            try:
                reply = self._sock.recv(LARGEST_REPLY)
            except BlockingIOError:
                return
            now = time.monotonic()
            if self._seen_at is None and self._is_sign(reply):
                self._seen_at = now
            sent_at = self._sent_at.pop(int.from_bytes(reply[:2], "big"), now)
            self.worst_reply_s = max(self.worst_reply_s, now - sent_at)
            self.worst_gap_s = max(self.worst_gap_s, now - (self._last_reply_at or now))
            self._last_reply_at = now
