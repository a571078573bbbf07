"""Reads a file that somebody has named, whatever it turns out to be."""

import os
import stat
from pathlib import Path


def first_octets(path: Path, most: int) -> bytes | None:
    """The first octets of a file, `most` of them; None where it is no regular file. Raises OSError.

    Never waits for anybody, as a FIFO would have it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)
