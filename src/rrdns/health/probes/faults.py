"""Whose fault an OSError is: the member's (FAIL) or our own (ERROR), and how to mend ours."""

import os
from errno import (
    EACCES,
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EAGAIN,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EHOSTDOWN,
    EHOSTUNREACH,
    EMFILE,
    ENETDOWN,
    ENETUNREACH,
    ENFILE,
    ENOBUFS,
    ENOMEM,
    EPERM,
    EPIPE,
    ETIMEDOUT,
)

from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from .prober import since

# EHOSTUNREACH stands here because on the link it says that nobody answered ARP or neighbour
# discovery: that is how a dead member looks. That this host has no way out is ENETUNREACH.
MEMBERS = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset",
    ECONNABORTED: "connection aborted",
    EPIPE: "connection closed",
    EHOSTUNREACH: "host unreachable",
    EHOSTDOWN: "host is down",
    ETIMEDOUT: "connection timed out",
}

_FORBIDDEN = "this host forbids it; look at the output rules of its firewall"
_NO_BUFFER = "no room to send; raise net.core.wmem_max"

OURS = {
    EMFILE: "no file descriptor left; raise the limit of the process (systemd: LimitNOFILE=)",
    ENFILE: "no file descriptor left on this host; raise fs.file-max",
    ENETUNREACH: "no route from this host; look at its addresses and routes of this family",
    ENETDOWN: "the network interface of this host is down; bring it up",
    EADDRNOTAVAIL: "no local address or port to probe from; look at this host's addresses of "
    "this family and at net.ipv4.ip_local_port_range",
    EAFNOSUPPORT: "this host does not speak this address family; enable it in the kernel",
    EACCES: _FORBIDDEN,
    EPERM: _FORBIDDEN,
    EAGAIN: _NO_BUFFER,
    ENOBUFS: _NO_BUFFER,
    ENOMEM: "no memory left on this host",
}


def judge(error: OSError, started: float) -> Result:
    """The result of a probe that met `error`; what is not known to be the member's is ours."""
    number = error.errno or 0
    if number in MEMBERS:
        return since(started, Outcome.FAIL, MEMBERS[number])
    text = OURS.get(number) or (os.strerror(number) if number else str(error) or repr(error))
    return since(started, Outcome.ERROR, text)
