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
from rrdns.health.result import one_line

from .ethernet import mac_octets, mac_text
from .machine.seen import Says

VERSION = 1
MOST_OCTETS = 60_000
MOST_ADDRESSES = 1000


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of one address: see `Word`. In its file the speaker has this `rank` there."""

    says: Says
    rank: int
    wants: bool = False
    by_order: bool = False


@dataclass(frozen=True, slots=True)
class Hello:
    """`run` grows from one start of an agent to the next, `number` with each hello of a run, of
    which there is one every `interval_s` at least."""

    host: str
    mac: str
    run: int
    number: int
    interval_s: float
    sayings: Mapping[Address, Saying]

    def is_after(self, other: "Hello | None") -> bool:
        """Whether it was said after `other`, of the same host; datagrams overtake each other."""
        return other is None or (self.run, self.number) > (other.run, other.number)


class HelloError(Exception):
    """A datagram that is no hello, or of another version; says so."""


def encode(hello: Hello) -> bytes:
    """The datagram."""
    words = {
        str(address): [saying.says, saying.rank, int(saying.wants), int(saying.by_order)]
        for address, saying in hello.sayings.items()
    }
    message = {
        "rrdns-takeover": VERSION,
        "host": hello.host,
        "mac": hello.mac,
        "run": hello.run,
        "number": hello.number,
        "interval": hello.interval_s,
        "vips": words,
    }
    return json.dumps(message, separators=(",", ":")).encode()


def decode(octets: bytes) -> Hello:
    """The hello in a datagram. Raises HelloError."""
    try:
        if len(octets) > MOST_OCTETS:
            raise ValueError(octets)
        return _hello(json.loads(octets))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise HelloError("what it says is nothing that an agent says") from None


def _hello(message: Any) -> Hello:
    if message["rrdns-takeover"] != VERSION:
        said = one_line(str(message["rrdns-takeover"]))
        text = f"it speaks version {said} of what agents say, and this one version {VERSION}"
        raise HelloError(f"{text}; run the same version of rrdns on both")
    vips = message["vips"]
    if len(vips) > MOST_ADDRESSES:
        raise ValueError(vips)
    sayings = {ip_address(text): _saying(*words) for text, words in vips.items()}
    host, mac = message["host"], mac_text(mac_octets(message["mac"]))
    run, number = _whole(message["run"]), _whole(message["number"])
    if not isinstance(host, str):
        raise TypeError(host)
    return Hello(host, mac, run, number, float(message["interval"]), sayings)


def _saying(says: str, rank: object, wants: object, by_order: object) -> Saying:
    return Saying(Says(says), _whole(rank), bool(wants), bool(by_order))


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value
