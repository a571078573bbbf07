"""Do the socket buffers ride out a pause?"""

from collections.abc import Iterator

from rrdns.serve.sockets import BUFFER_OCTETS

from ..finding import Finding, ok, warning
from ..patient import Patient

QUERY_OCTETS = 768  # what the kernel counts for a datagram of a query's size, its own data included

LIMITS = {"net.core.rmem_max": "queries", "net.core.wmem_max": "replies"}


def examine(patient: Patient) -> Iterator[Finding]:
    """The kernel's limits against what the server asks for."""
    for setting, what in LIMITS.items():
        (limit,) = patient.host.kernel(setting)
        yield judge(setting, limit, what)


def judge(setting: str, limit: int, what: str) -> Finding:
    """One of the two limits, in octets; the kernel grants twice of it, for its own data."""
    held = 2 * min(limit, BUFFER_OCTETS) // QUERY_OCTETS
    if limit >= BUFFER_OCTETS:
        return ok(f"{setting} is {limit}: a socket holds some {held} {what}")
    return warning(
        f"{setting} is {limit}, and the server asks for {BUFFER_OCTETS}: a socket holds some"
        f" {held} {what}, and more in a burst are lost",
        f"echo '{setting} = {BUFFER_OCTETS}' >> /etc/sysctl.d/rrdns.conf && sysctl --system,"
        " then restart rrdns",
    )
