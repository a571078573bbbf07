"""Who answers at a virtual address: responders on the hosts that may hold it, and a client that
asks 200 times a second."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .awaiting import LONGEST_S, until
from .replies import Replies, Reply, Run
from .segment import VIP, Host, Segment

PORT = 7007
PER_S = 200
RESPONDER = Path(__file__).with_name("responder.py")
PULSE = Path(__file__).with_name("pulse.py")
PYTHON = (sys.executable, "-I", "-S")  # they need nothing but the standard library


@dataclass(slots=True)
class Continuity:
    """What the client has seen so far."""

    file: Path
    _replies: Replies = field(default_factory=Replies)
    _read: int = 0

    @property
    def replies(self) -> Replies:
        """All until now."""
        with self.file.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole + newline)
        for line in whole.decode().splitlines():
            number, sent_at, came_at, host = line.split()
            self._replies.add(Reply(int(number), float(sent_at), float(came_at), host))
        return self._replies

    def await_steady(self, host: Host, since: float = 0.0, longest_s: float = LONGEST_S) -> Run:
        """The first run in which enough replies of `host` came after `since`; waits for it.
        AssertionError if it does not come."""
        until(lambda: self.replies.steady(host.name, since), longest_s)
        run = self.replies.steady(host.name, since)
        assert run
        return run

    def outage(
        self, old: Host, new: Host, since: float = 0.0, longest_s: float = LONGEST_S
    ) -> float:
        """Seconds from the last reply of `old` to the first of those of `new`, for which it waits,
        as `await_steady` does."""
        self.await_steady(new, since, longest_s)
        lasted_s = self.replies.outage(old.name, new.name, since)
        assert lasted_s is not None, f"{old.name} has never answered"
        return lasted_s

    def lost(self, since: float, until: float | None = None) -> int:
        """How many of the questions sent from `since` to `until`, or to now, had no reply."""
        return self.replies.lost(since, time.monotonic() if until is None else until)


@contextmanager
def continuity(
    net: Segment, folder: Path, vip: str = VIP, hosts: Sequence[str] = ("a", "b")
) -> Iterator[Continuity]:
    """Responders on `hosts` and the client on c; what it sees goes to a file in `folder`."""
    log = folder / f"responders-{vip}.log"
    seen = folder / f"replies-{vip}"
    seen.unlink(missing_ok=True)
    processes = [
        net.hosts[name].start([*PYTHON, str(RESPONDER), vip, str(PORT), name], log)
        for name in hosts
    ]
    words = [*PYTHON, str(PULSE), vip, str(PORT), str(PER_S)]
    processes.append(net.c.start(words, seen))
    try:
        yield Continuity(seen)
    finally:
        for process in processes:
            process.kill()
