"""What agents say to each other, in octets: one datagram, from one host, of all its addresses.

It only informs. Who has an address is found out on the link: a hello that is lost, late or forged
makes an agent ask at another time, or give away what it holds, and not take what another has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from rrdns.health.check import Address

from .ethernet import mac_octets, mac_text
from .machine.seen import Says

VERSION = 1
MOST_OCTETS = 60_000
MOST_ADDRESSES = 1000


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of one address: see `Word`."""

    says: Says
    wants: bool = False
    by_order: bool = False


@dataclass(frozen=True, slots=True)
class Hello:
    """`run` grows from one start of an agent to the next, `number` with each hello of a run."""

    host: str
    mac: str
    run: int
    number: int
    sayings: Mapping[Address, Saying]

    def is_after(self, other: "Hello | None") -> bool:
        """Whether it was said after `other`, of the same host; datagrams overtake each other."""
        return other is None or (self.run, self.number) > (other.run, other.number)


def encode(hello: Hello) -> bytes:
    """The datagram."""
    words = {
        str(address): [saying.says, int(saying.wants), int(saying.by_order)]
        for address, saying in hello.sayings.items()
    }
    message = {
        "rrdns-takeover": VERSION,
        "host": hello.host,
        "mac": hello.mac,
        "run": hello.run,
        "number": hello.number,
        "vips": words,
    }
    return json.dumps(message, separators=(",", ":")).encode()


def decode(octets: bytes) -> Hello | None:
    """The hello in a datagram; None where there is none, or of another version."""
    if len(octets) > MOST_OCTETS:
        return None
    try:
        message = json.loads(octets)
        return _hello(message) if message["rrdns-takeover"] == VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _hello(message: Any) -> Hello | None:
    vips = message["vips"]
    if len(vips) > MOST_ADDRESSES:
        return None
    sayings = {ip_address(text): _saying(*words) for text, words in vips.items()}
    host, mac = message["host"], mac_text(mac_octets(message["mac"]))
    run, number = message["run"], message["number"]
    if not (isinstance(host, str) and isinstance(run, int) and isinstance(number, int)):
        return None
    return Hello(host, mac, run, number, sayings)


def _saying(says: str, wants: object, by_order: object) -> Saying:
    return Saying(Says(says), bool(wants), bool(by_order))
