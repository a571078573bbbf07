"""Questions at a steady rate, independent of the replies, and how long each reply took."""

import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import dns.message

from harness.peers import Address

LARGEST_REPLY = 4096
RECEIVE_BUFFER_OCTETS = 4 << 20  # so that what comes at once after a stall is not lost here
LONGEST_S = 120.0  # bounds a hang
TAIL_S = 1.0  # asked on so long after the change, to see what it leaves behind; then all is lost
PORTION = 32  # replies read before the next questions are due


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
    packet = dns.message.make_query(name, "A", use_edns=False).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        sock.connect(address)
        sock.setblocking(False)
        asking = _Asking(sock, packet[2:], 1 / rate, sign)
        asking.until(time.monotonic() + TAIL_S)
        change()
        changed_at = time.monotonic()
        asking.until(changed_at + LONGEST_S, or_sign=True)
        if asking.seen_at is None:
            raise RuntimeError(f"the change did not show within {LONGEST_S:g} s")
        asking.until(time.monotonic() + TAIL_S)
        asking.interval_s = LONGEST_S  # no more questions, only replies
        asking.until(time.monotonic() + TAIL_S)
    return Steadiness(
        asking.seen_at - changed_at,
        asking.worst_reply_s,
        asking.worst_gap_s,
        asking.asked,
        len(asking.sent_at),
    )


class _Asking:
    """One socket on which questions are due every `interval_s`."""

    def __init__(self, sock: socket.socket, question: bytes, interval_s: float, sign: bytes):
        self.interval_s = interval_s
        self.asked = 0
        self.sent_at: dict[int, float] = {}
        self.seen_at: float | None = None
        self.worst_reply_s = 0.0
        self.worst_gap_s = 0.0
        self._sock = sock
        self._question = question
        self._sign = sign
        self._due = self._last_reply_at = time.monotonic()

    def until(self, deadline: float, *, or_sign: bool = False) -> None:
        """Asks and reads until then, or until the sign is seen."""
        while (now := time.monotonic()) < deadline and not (or_sign and self.seen_at):
            if now >= self._due:
                self._ask(now)
                self._due += self.interval_s
            wait_s = min(self._due, deadline) - time.monotonic()
            if select.select([self._sock], [], [], max(wait_s, 0))[0]:
                self._read()

    def _ask(self, now: float) -> None:
        self.asked += 1
        message_id = self.asked & 0xFFFF
        self.sent_at[message_id] = now
        self._sock.send(struct.pack("!H", message_id) + self._question)

    def _read(self) -> None:
        for _ in range(PORTION):
            try:
                reply = self._sock.recv(LARGEST_REPLY)
            except BlockingIOError:
                return
            now = time.monotonic()
            if self._sign in reply and self.seen_at is None:
                self.seen_at = now
            sent_at = self.sent_at.pop(int.from_bytes(reply[:2], "big"), now)
            self.worst_reply_s = max(self.worst_reply_s, now - sent_at)
            self.worst_gap_s = max(self.worst_gap_s, now - self._last_reply_at)
            self._last_reply_at = now
