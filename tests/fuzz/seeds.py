"""Writes the seed corpus of fuzz_reply: one small query for each way through the player.

PYTHONPATH=tests python -m fuzz.seeds
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode

from rrdns.answer.cookie import CookieJar, Secrets
from rrdns.answer.wire import extended_error
from rrdns.pool.member import Rung
from rrdns.pool.rotation import NOTES

CORPUS = Path(__file__).parent / "corpus"

# As fuzz_reply.c has them.
NOW = 1767225600
SECRETS = Secrets(bytes(range(16)), bytes(range(0xF0, 0x100)))
CLIENT = "192.0.2.99"

CLIENT_COOKIE = b"8octets!"
HEADER_OCTETS = 12
LONGEST_LABEL = "x" * 63

QUESTIONS = {
    "turns": ("www.tricky.example", "A"),
    "turns-balanced": ("balanced4.turns.example", "A"),
    "turns-held": ("hold.turns.example", "A"),
    "turns-drawn": ("random.turns.example", "A"),
    "turns-capped": ("two.turns.example", "A"),
    "turns-weighted": ("weighted.turns.example", "A"),
    "noted": ("to-backup.turns.example", "A"),
    "noted-nodata": ("nodata.turns.example", "A"),
    "noted-wildcard": (f"{LONGEST_LABEL}.{LONGEST_LABEL}.lost.turns.example", "A"),
    "many": ("forty.tricky.example", "A"),
    "plain": ("host.tricky.example", "A"),
    "apex": ("tricky.example", "SOA"),
    "exchange": ("tricky.example", "MX"),
    "nodata": ("host.tricky.example", "TYPE65280"),
    "no-such-name": ("nowhere.tricky.example", "A"),
    "no-such-name-deep": ("a.b.c.d.e.f.g.tricky.example", "A"),
    "empty-non-terminal": ("b.c.ent.tricky.example", "A"),
    "wildcard": ("any.thing.wild.tricky.example", "A"),
    "wildcard-alias": ("x.wc.tricky.example", "A"),
    "alias": ("c1.tricky.example", "A"),
    "alias-loop": ("loop1.tricky.example", "A"),
    "alias-out": ("cout.tricky.example", "A"),
    "delegation": ("x.sub.tricky.example", "A"),
    "child-zone": ("www.child.tricky.example", "A"),
    "ds": ("sub.tricky.example", "DS"),
    "dname": ("x.d.tricky.example", "A"),
    "any": ("tricky.example", "ANY"),
    "foreign": ("www.elsewhere.test", "A"),
    "root": (".", "NS"),
    "transfer": ("tricky.example", "AXFR"),
    "letter-case": ("WwW.tRiCkY.ExAmPlE", "A"),
}
LONG_NAMES = {
    "longest-label": f"{LONGEST_LABEL}.tricky.example",
    "longest-name": f"{LONGEST_LABEL}.{LONGEST_LABEL}.{LONGEST_LABEL}.{'y' * 45}.tricky.example",
    "most-labels": ".".join(["z"] * 119) + ".tricky.example",
}

# A name whose reply, of that many octets, is longer than 512, and not without its note.
LONG_NOTED = f"{LONGEST_LABEL}.{LONGEST_LABEL}.{LONGEST_LABEL}.{'y' * 42}.lost.turns.example"
NOTED_OCTETS = 12 + 255 + 4 + 13 * 16 + 11 + len(extended_error(NOTES[Rung.BACKUP]))


def seeds() -> Iterator[tuple[str, bytes]]:
    """Names and messages."""
    for title, (name, rtype) in QUESTIONS.items():
        yield title, _query(name, rtype)
        yield f"{title}-edns", _query(name, rtype, payload=1232)
    for title, name in LONG_NAMES.items():
        yield title, _query(name, "A")
    yield from _with_options()
    yield from _odd()


def _with_options() -> Iterator[tuple[str, bytes]]:
    """EDNS in its forms (RFC 6891), with NSID (RFC 5001) and cookies (RFC 7873)."""
    www = "www.tricky.example"
    good = CookieJar(SECRETS, lambda: NOW).bake(CLIENT_COOKIE, CLIENT)
    cookies = {
        "client": CLIENT_COOKIE,
        "good": good,
        "bad": good[:-1] + bytes((good[-1] ^ 1,)),
        "old": CookieJar(SECRETS, lambda: NOW - 7200).bake(CLIENT_COOKIE, CLIENT),
        "ahead": CookieJar(SECRETS, lambda: NOW + 200).bake(CLIENT_COOKIE, CLIENT),
        "previous": CookieJar(SECRETS._replace(current=SECRETS.previous), lambda: NOW).bake(
            CLIENT_COOKIE, CLIENT
        ),
        "longest": CLIENT_COOKIE + bytes(32),
        "malformed": CLIENT_COOKIE + b"x",
    }
    for title, cookie in cookies.items():
        yield f"cookie-{title}", _query(www, "A", options=[_option(10, cookie)])
    yield "cookies-two", _query(www, "A", options=[_option(10, good), _option(10, b"")])
    yield "nsid", _query(www, "A", options=[_option(3, b"")])
    yield (
        "nsid-cookie-many",
        _query("forty.tricky.example", "A", options=[_option(3, b""), _option(10, good)]),
    )
    for spare in (-1, 0, 1):
        yield f"noted-room{spare:+}", _query(LONG_NOTED, "A", payload=NOTED_OCTETS + spare)
    yield "noted-cookie", _query(LONG_NOTED, "A", payload=600, options=[_option(10, good)])
    yield "option-unknown", _query(www, "A", options=[_option(65001, b"whatever")])
    yield "dnssec-ok", _query(www, "A", payload=4096, dnssec_ok=True)
    yield "payload-none", _query("forty.tricky.example", "A", payload=0)
    yield "payload-small", _query("forty.tricky.example", "A", payload=600)
    yield "version-one", _query(www, "A", edns=1)
    yield "option-cut-off", _query(www, "A", options=[_option(65001, b"whatever")])[:-3]
    yield "opt-cut-off", _query(www, "A", payload=1232)[:-4]


def _odd() -> Iterator[tuple[str, bytes]]:
    """What no resolver sends, or not to us."""
    query = _query("www.tricky.example", "A")
    yield "no-whole-header", query[: HEADER_OCTETS - 1]
    yield "header-alone", query[:HEADER_OCTETS]
    yield "response", query[:2] + b"\x80" + query[3:]
    yield "notify", query[:2] + bytes((dns.opcode.NOTIFY << 3,)) + query[3:]
    yield "recursion-desired", query[:2] + b"\1" + query[3:]
    yield "class-chaos", _query("version.bind", "TXT", "CH")
    yield "two-questions", query[:5] + b"\2" + query[6:] + query[HEADER_OCTETS:]
    yield "no-question", query[:4] + bytes(2) + query[6:]
    yield "pointer", query[:HEADER_OCTETS] + b"\xc0\x0c" + query[-4:]
    yield "label-too-long", query[:HEADER_OCTETS] + b"\x40" + b"x" * 64 + b"\0" + query[-4:]
    yield "name-too-long", query[:HEADER_OCTETS] + 128 * b"\1x" + b"\0" + query[-4:]
    yield "question-cut-off", query[:-1]
    yield "octets-behind", query + b"what is this?"
    yield "answer-inside", query[:7] + b"\1" + query[8:] + _record()
    yield "additional-no-opt", query[:11] + b"\1" + _record()


def _record() -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes((192, 0, 2, 1))


def _option(code: int, data: bytes) -> dns.edns.Option:
    return dns.edns.GenericOption(code, data)


def _query(
    name: str,
    rtype: str,
    rclass: str = "IN",
    *,
    edns: int | None = None,
    payload: int | None = None,
    dnssec_ok: bool = False,
    options: list[dns.edns.Option] | None = None,
) -> bytes:
    message = dns.message.make_query(dns.name.from_text(name), rtype, rclass, flags=0, id=0)
    if edns is not None or payload is not None or options is not None:
        size = 1232 if payload is None else payload
        flags = dns.flags.DO if dnssec_ok else 0
        message.use_edns(edns or 0, flags, size, options=options)
    return message.to_wire()


if __name__ == "__main__":
    for title, message in seeds():
        (CORPUS / title).write_bytes(message)
