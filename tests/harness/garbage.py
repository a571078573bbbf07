"""Packets that no honest client sends: valid queries, damaged at random in a few places."""

import random
import struct
from collections.abc import Sequence

import dns.edns
import dns.message
import dns.tsig
import dns.tsigkeyring
import dns.update

HEADER_OCTETS = 12
MOST_DAMAGE = 4  # places; more of it and nothing is left that looks like a query
PURE_NOISE = 0.05  # of the packets
LONGEST_NOISE = 600
TELLING_OCTETS = (0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF)
TELLING_PAIRS = (0, 1, 2, 41, 250, 255, 0xC000, 0xC00C, 0xC00E, 0xFFFF)


def valid_queries(names: Sequence[str]) -> list[bytes]:
    """Well-formed messages of many kinds about `names`."""
    keyring = dns.tsigkeyring.from_text({"key.test.": "c2VjcmV0c2VjcmV0c2VjcmV0"})
    cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"8octets!")
    nsid = dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")
    subnet = dns.edns.ECSOption("192.0.2.0", 24)
    messages: list[dns.message.Message] = []
    for name in names:
        for rtype in ("A", "MX", "ANY", "TYPE65280", "DS"):
            messages.append(dns.message.make_query(name, rtype))
        messages.append(dns.message.make_query(name, "NS", want_dnssec=True, payload=4096))
        messages.append(dns.message.make_query(name, "AAAA", use_edns=0, options=[cookie, nsid]))
        messages.append(dns.message.make_query(name, "TXT", use_edns=0, options=[subnet], pad=128))
        messages.append(dns.message.make_query(name, "TXT", "CH"))
        signed = dns.message.make_query(name, "SOA")
        signed.use_tsig(keyring, algorithm=dns.tsig.HMAC_SHA256)
        messages.append(signed)
        update = dns.update.UpdateMessage(name)
        update.add("added", 60, "A", "192.0.2.250")
        messages.append(update)
    return [message.to_wire() for message in messages]


def damaged(rng: random.Random, packets: Sequence[bytes], message_id: int) -> bytes:
    """One of `packets` with `message_id`, damaged behind it; or octets that were never a query."""
    if rng.random() < PURE_NOISE:
        return rng.randbytes(rng.randint(0, LONGEST_NOISE))
    octets = bytearray(rng.choice(packets))
    for _ in range(rng.randint(0, MOST_DAMAGE)):
        if len(octets) > 2:
            _damage(rng, octets)
    octets[:2] = struct.pack("!H", message_id)
    return bytes(octets)


def _damage(rng: random.Random, octets: bytearray) -> None:
    """Spoils one place; the header is as likely as all that follows."""
    end = min(HEADER_OCTETS, len(octets)) if rng.random() < 0.5 else len(octets)
    at = rng.randrange(2, end)
    length = rng.randint(1, 12)
    match rng.randrange(8):
        case 0:
            octets[at] ^= 1 << rng.randrange(8)
        case 1:
            octets[at] = rng.randrange(256)
        case 2:
            octets[at] = rng.choice(TELLING_OCTETS)
        case 3:
            octets[at : at + 2] = struct.pack("!H", rng.choice(TELLING_PAIRS))
        case 4:
            del octets[at:]
        case 5:
            del octets[at : at + length]
        case 6:
            octets[at:at] = octets[at : at + length]
        case 7:
            octets += rng.randbytes(length)
