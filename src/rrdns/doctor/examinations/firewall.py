"""What can not be seen from inside: whether the world gets in."""

from collections.abc import Iterator

from rrdns.zone.name import to_text

from ..finding import Finding, note, ok
from ..patient import Patient


def examine(patient: Patient) -> Iterator[Finding]:
    """Says what has to be open, and how to try it."""
    outside = [
        listen for listen in patient.loaded.settings.dns.listen if not listen.host.is_loopback
    ]
    if not outside:
        yield ok("nothing to open: all of dns.listen is on the loopback")
        return
    ports = sorted({listen.port for listen in outside})
    port = ports[0]
    zone = to_text(min(patient.loaded.zones))
    yield note(
        "whether a firewall lets queries in can not be seen from here; they need UDP and TCP, port "
        + ", ".join(map(str, ports)),
        f"try it from another host: `dig @ADDRESS -p {port} {zone} SOA`, and with +tcp",
    )
