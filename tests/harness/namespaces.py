"""Network namespaces, which `ip netns` has named, and the way into them."""

import ctypes
import os
from pathlib import Path

NAMESPACES = Path("/run/netns")

CLONE_NEWNS = 0x20000  # linux/sched.h
MS_REC, MS_SLAVE = 0x4000, 0x80000  # linux/mount.h
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace: str) -> None:
    """Has this thread in that network from now on; a socket stays where it was made."""
    enter_at(NAMESPACES / namespace)


def enter_at(file: Path) -> None:
    """The same for a network that is told by a file."""
    with file.open() as opened:
        _checked(_libc.setns(opened.fileno(), 0), f"enter {file}")


def move_in(namespace: str) -> None:
    """Has this process in that network, as `ip netns exec` does: /sys shows it too."""
    enter(namespace)
    _checked(_libc.unshare(CLONE_NEWNS), "have mounts of its own")
    _checked(_libc.mount(b"none", b"/", None, MS_SLAVE | MS_REC, None), "keep mounts to itself")
    _libc.umount2(b"/sys", MNT_DETACH)
    _checked(_libc.mount(b"sysfs", b"/sys", b"sysfs", 0, None), "mount /sys")


def _checked(failed: int, what: str) -> None:
    if failed:
        raise OSError(ctypes.get_errno(), f"can not {what}: {os.strerror(ctypes.get_errno())}")
