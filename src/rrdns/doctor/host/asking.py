"""Asks a running server, as a client that takes a reply from anywhere, and says whence it came."""

import secrets
import selectors
import socket
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from ipaddress import ip_address

from rrdns.answer.wire import encode_query
from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.zone.name import Name
from rrdns.zone.tree import RRType

PATIENCE_S = 1.0
TRIES = 2  # a datagram may get lost
LARGEST_REPLY = 4096

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def sources(asked: Collection[Listen], zone: Name) -> Mapping[Listen, Address | None]:
    """Where the reply to a question for the SOA of `zone` came from, by who was asked; None where
    none came. An SOA has no turns, so nobody's turn is used up."""
    found: dict[Listen, Address | None] = dict.fromkeys(asked)
    for _ in range(TRIES):
        silent = [listen for listen, source in found.items() if source is None]
        found.update(_ask(silent, encode_query(zone, RRType.SOA, secrets.randbits(16))))
    return found


def _ask(asked: Collection[Listen], query: bytes) -> Mapping[Listen, Address]:
    found: dict[Listen, Address] = {}
    with ExitStack() as opened:
        selector = opened.enter_context(selectors.DefaultSelector())
        for listen in asked:
            sock = opened.enter_context(
                socket.socket(_FAMILIES[listen.host.version], socket.SOCK_DGRAM)
            )
            sock.setblocking(False)
            with suppress(OSError):  # there is no way there: nobody replies
                sock.sendto(query, (str(listen.host), listen.port))
                selector.register(sock, selectors.EVENT_READ, (sock, listen))
        deadline = time.monotonic() + PATIENCE_S
        while selector.get_map() and (left_s := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left_s):
                sock, listen = key.data
                with suppress(OSError):
                    reply, source = sock.recvfrom(LARGEST_REPLY)
                    if reply[:2] == query[:2]:
                        found[listen] = ip_address(source[0])
                        selector.unregister(sock)
    return found
