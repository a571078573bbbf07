"""A terminal to draw on, and single keys from it while the rest of the process goes on."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HUNG_UP = ""


def has_screen() -> bool:
    """Whether standard output is a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[bool]:
    """Calls `pressed` in the running loop for each key, and with HUNG_UP when the terminal is gone.

    Yields whether there are keys at all: not without a terminal, nor in its background.
    """
    terminal = _terminal()
    if terminal is None:
        yield False
        return
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)

    def read() -> None:
        try:
            typed = os.read(terminal, 64)
        except OSError:
            typed = b""
        if not typed:
            loop.remove_reader(terminal)
            pressed(HUNG_UP)
        for key in typed.decode("ascii", "replace"):
            pressed(key)

    try:
        tty.setcbreak(terminal)
        loop.add_reader(terminal, read)
        yield True
    finally:
        loop.remove_reader(terminal)
        with suppress(termios.error):  # it has hung up
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        os.close(terminal)


def _terminal() -> int | None:
    """The terminal, opened anew: an event loop makes what it reads non-blocking, and standard
    input shares that with standard output and with the shell."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
    if os.tcgetpgrp(terminal) == os.getpgrp():
        return terminal
    os.close(terminal)
    return None
