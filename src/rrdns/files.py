"""Files: read whatever they turn out to be, replaced whole, claimed by one process."""

import fcntl
import os
import stat
from collections.abc import Iterable
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


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Has `path` hold these octets, or what it held before, whatever happens meanwhile. Only its
    owner may read it. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)  # what a crash may have left, and whoever may have written it
    try:
        with os.fdopen(_for_us_alone(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the renaming itself
    finally:
        os.close(folder)


def claim(path: Path) -> int | None:
    """Makes this process the only one that is to write `path`, for as long as the descriptor that
    is returned is open; None where another process is that. Raises OSError."""
    lock = path.with_name(f".{path.name}.lock")
    flags = os.O_RDWR | os.O_CREAT
    try:
        descriptor = _for_us_alone(lock, flags)
    except PermissionError:  # another user's, who has written the file before
        lock.unlink()
        descriptor = _for_us_alone(lock, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass  # a file system that knows no locks: the writers have to know of each other
    return descriptor


def _for_us_alone(path: Path, flags: int) -> int:
    """Opens a file, which only its owner may read: there can be a secret in it."""
    return os.open(path, flags, 0o600)
