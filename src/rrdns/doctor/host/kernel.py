"""What the kernel says of itself: its settings, its clock, and whether it lets us ping."""

import ctypes
import socket
import struct
import time
from pathlib import Path

import rrdns

from ..seen import Clock

SYSCTL = Path("/proc/sys")
STA_UNSYNC = 0x40  # sys/timex.h
TIMEX = "@I4li"  # the head of struct timex, up to its status
TIMEX_OCTETS = 512  # more than it has anywhere

_ICMP = {
    4: (socket.AF_INET, socket.IPPROTO_ICMP),
    6: (socket.AF_INET6, socket.IPPROTO_ICMPV6),
}


def kernel(setting: str) -> tuple[int, ...]:
    """The numbers of a sysctl. Raises OSError."""
    return tuple(map(int, SYSCTL.joinpath(*setting.split(".")).read_text().split()))


def opens_icmp(version: int) -> bool:
    """Whether this process may open a raw socket for ICMP, or else a ping socket."""
    family, protocol = _ICMP[version]
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind, protocol).close()
        except OSError:
            continue
        return True
    return False


def clock() -> Clock:
    """The clock, as it is now."""
    installed = Path(rrdns.__file__).stat().st_mtime
    return Clock(time.time(), installed, _is_synchronised())


def _is_synchronised() -> bool | None:
    """What adjtimex(2) says when nothing is to be adjusted; None where it is not allowed."""
    timex = ctypes.create_string_buffer(TIMEX_OCTETS)
    try:
        state = ctypes.CDLL(None).adjtimex(timex)
    except (AttributeError, OSError):  # another libc, or another kernel
        return None
    if state < 0:
        return None
    *_, status = struct.unpack_from(TIMEX, timex)
    return not status & STA_UNSYNC
