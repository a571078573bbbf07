"""What they agree on who report and who read reports, here and in other processes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Report = dict[str, Any]
"""What json.dumps takes. Names end in a dot, times are ISO 8601 in UTC, absence is None."""

WANTED = "pool"  # the query parameter of a view that is not of all pools


def time_or_none(at: float | None) -> str | None:
    """`at`, if it has come to that, as `time_text` writes it."""
    return None if at is None else time_text(at)


def time_text(at: float) -> str:
    """A time (time.time) as `2026-01-01T12:34:56.789Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def pid_namespace() -> int | None:
    """What tells whether a pid means the same to two processes (pid_namespaces(7))."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return None
