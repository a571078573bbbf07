"""Runs the asker beside a test, and reads what it notes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import asker
from .process import ServerProcess

RATE_PER_S = 100
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answered question: when it was asked (time.monotonic), and what came back, in order."""

    at: float
    rcode: int
    addresses: tuple[str, ...]


@contextmanager
def asking(
    server: ServerProcess,
    name: str,
    notes: Path,
    wrapper: tuple[str, ...] = (),
    rate: float = RATE_PER_S,
) -> Iterator[Callable[[], list[Reply]]]:
    """Asks `server` for `name` until the block ends; yields what reads the replies so far."""
    command = [sys.executable, asker.__file__, "127.0.0.1", str(server.dns_port), name]
    process = subprocess.Popen([*wrapper, *command, str(rate), str(notes)])
    try:
        yield lambda: _replies(notes)
        process.terminate()
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait()


def lost(notes: Path) -> int:
    """How many questions were never answered; to be read once the asking has ended."""
    return int(notes.read_text().splitlines()[-1].split("\t")[1])


def _replies(notes: Path) -> list[Reply]:
    if not notes.exists():
        return []
    whole_lines = notes.read_text().rpartition("\n")[0].splitlines()
    fields = [line.split("\t") for line in whole_lines if not line.startswith("lost")]
    return [Reply(float(at), int(rcode), tuple(rest)) for at, rcode, *rest in fields]
