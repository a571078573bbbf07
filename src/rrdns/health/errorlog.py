"""Which errors of our own are worth a line in the log. Pure: time is an argument."""

LINES = 10
WINDOW_S = 60.0


class ErrorLog:
    """Lets at most `LINES` lines through in `WINDOW_S`.

    One lost permission meets every probe, and a reason may differ each time; neither may fill
    the log.
    """

    def __init__(self) -> None:
        self._window_began = -WINDOW_S
        self._lines = 0
        self._held_back = 0

    def admit(self, now: float, line: str) -> str | None:
        """`line` as it should be written, with the count of those held back; None: not now."""
        if now - self._window_began >= WINDOW_S:
            self._window_began, self._lines = now, 0
        if self._lines == LINES:
            self._held_back += 1
            return None
        self._lines += 1
        held, self._held_back = self._held_back, 0
        return f"{line} ({held} more were not logged)" if held else line
