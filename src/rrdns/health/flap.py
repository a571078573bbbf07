"""What a member that keeps going down has to show before it is believed. Pure: time is an argument.

Each further down within the window doubles the passes in a row that it needs:

| downs within `flap_window_s` | passes that it needs, with rise 2 and rise_cap 64 |
|------------------------------|---------------------------------------------------|
| 0 or 1                       | 2                                                 |
| 2                            | 4                                                 |
| 3                            | 8                                                 |
| 6 and more                   | 64                                                |

Nothing has to be forgiven: as its downs grow older than the window, they no longer count.
"""

from .check import Check

MOST_DOWNS = 16  # remembered; by then twice `rise` has been doubled beyond any cap


def with_down(downs: tuple[float, ...], check: Check, now: float) -> tuple[float, ...]:
    """`downs`, the times at which a member went down, with one more at `now`."""
    recent = (at for at in downs if _counts(at, check, now))
    return (*recent, now)[-MOST_DOWNS:]


def rise_needed(downs: tuple[float, ...], check: Check, now: float) -> int:
    """How many passes in a row bring a member up that went down at `downs`."""
    doubled = check.rise * 2 ** max(0, recent_downs(downs, check, now) - 1)
    return int(min(doubled, max(check.rise, check.rise_cap)))


def recent_downs(downs: tuple[float, ...], check: Check, now: float) -> int:
    """How many of `downs` are within the window; beyond `MOST_DOWNS` they are not counted."""
    return sum(_counts(at, check, now) for at in downs)


def _counts(at: float, check: Check, now: float) -> bool:
    return now - at < check.flap_window_s
