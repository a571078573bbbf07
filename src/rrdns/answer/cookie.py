"""DNS cookies (RFC 7873), made as all servers make them (RFC 9018).

A client that sends our cookie back has shown that it gets what is sent to its address. That costs
us no memory: a cookie is a time, and a keyed hash over it and who asked.
"""

import struct
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from hmac import compare_digest
from ipaddress import ip_address
from typing import NamedTuple, Protocol

CLIENT_OCTETS = 8
LENGTHS = frozenset((CLIENT_OCTETS, *range(16, 41)))  # with a server cookie of 8 to 32 octets
SECRET_OCTETS = 16

MOST_AGE_S = 1800  # "more than half an hour old" is to be renewed (RFC 9018 section 4.3)
MOST_AHEAD_S = 300  # so far may the clocks of servers that share a secret differ (RFC 9018 4.3)

MOST_HASHES = 8192  # remembered per secret, and as many addresses: some 2 MB each

_VERSION = 1
_HASHED_OCTETS = 16  # client cookie, version, reserved and time; the client's address follows
COOKIE_OCTETS = _HASHED_OCTETS + 8
_SERVER_PART = struct.Struct("!B3xI")


class Client(Protocol):
    """Who asks; its text is its address. That may be made when it is looked at, which is seldom: a
    str is a client, and so is what waits to be asked for one."""

    def __str__(self) -> str: ...


Bake = Callable[[bytes], bytes]
"""From the data of a client's well-formed COOKIE option to the data of ours."""


def is_well_formed(option: bytes) -> bool:
    """Whether this can be the data of a COOKIE option (RFC 7873 section 5.2.2)."""
    return len(option) in LENGTHS


class Secrets(NamedTuple):
    """What cookies are hashed with, 16 octets each. Those made with either are good."""

    current: bytes
    previous: bytes


class CookieJar:
    """Makes cookies and knows its own again. Any thread may use it at any time.

    `now` is the time in seconds since 1970. Equal secrets make equal cookies, in another process
    and in another program too.
    """

    def __init__(self, secrets: Secrets, now: Callable[[], float]) -> None:
        self._now = now
        self._keys = _Key(secrets.current), _Key(secrets.previous)

    @property
    def secrets(self) -> Secrets:
        current, previous = self._keys
        return Secrets(current.secret, previous.secret)

    def rotate(self, secret: bytes) -> None:
        """Makes cookies with `secret` from now on; those made before are good until the next."""
        self._keys = _Key(secret), self._keys[0]

    def bake(self, option: bytes, client: Client) -> bytes:
        """Our cookie for `client`: its own if that is good and fresh, else a new one.

        `option` is the well-formed data of its COOKIE option.
        """
        keys = self._keys
        now = int(self._now())
        address = _packed(str(client))
        if len(option) == COOKIE_OCTETS and _is_good(option, address, keys, now):
            return option
        hashed = option[:CLIENT_OCTETS] + _SERVER_PART.pack(_VERSION, now & 0xFFFFFFFF)
        return hashed + keys[0].hash(hashed + address)


class _Key:
    """A secret, and what has been hashed with it: whoever asks again costs no hash again."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.hash = lru_cache(MOST_HASHES)(partial(siphash, secret))


def _is_good(option: bytes, address: bytes, keys: Iterable[_Key], now: int) -> bool:
    """Whether one of `keys` made this cookie for `address`, and not too long ago.

    Reserved octets are hashed as they came (RFC 9018 section 4.2). Times are serial numbers of 32
    bits (RFC 1982).
    """
    version, made = _SERVER_PART.unpack_from(option, CLIENT_OCTETS)
    ahead = made - now & 0xFFFFFFFF
    if version != _VERSION or MOST_AHEAD_S < ahead < 2**32 - MOST_AGE_S:
        return False
    hashed = option[:_HASHED_OCTETS] + address
    return any(compare_digest(option[_HASHED_OCTETS:], key.hash(hashed)) for key in keys)


@lru_cache(MOST_HASHES)
def _packed(client: str) -> bytes:
    """The 4 or 16 octets of an address, without the scope that a link-local one has."""
    return ip_address(client.partition("%")[0]).packed


def siphash(key: bytes, message: bytes) -> bytes:
    """SipHash-2-4 of `message`, 8 octets, with a key of 16 (Aumasson and Bernstein, 2012)."""
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    padded = message + bytes(7 - len(message) % 8) + bytes((len(message) & 0xFF,))
    for (word,) in struct.iter_unpack("<Q", padded):
        v0, v1, v2, v3 = _sip_rounds(2, v0, v1, v2, v3 ^ word)
        v0 ^= word
    v0, v1, v2, v3 = _sip_rounds(4, v0, v1, v2 ^ 0xFF, v3)
    return (v0 ^ v1 ^ v2 ^ v3).to_bytes(8, "little")


def _sip_rounds(count: int, v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    mask = 0xFFFFFFFFFFFFFFFF
    for _ in range(count):
        v0 = v0 + v1 & mask
        v1 = (v1 << 13 & mask | v1 >> 51) ^ v0
        v0 = v0 << 32 & mask | v0 >> 32
        v2 = v2 + v3 & mask
        v3 = (v3 << 16 & mask | v3 >> 48) ^ v2
        v0 = v0 + v3 & mask
        v3 = (v3 << 21 & mask | v3 >> 43) ^ v0
        v2 = v2 + v1 & mask
        v1 = (v1 << 17 & mask | v1 >> 47) ^ v2
        v2 = v2 << 32 & mask | v2 >> 32
    return v0, v1, v2, v3
