"""The other agents: hellos to them and from them, by UDP between the main addresses.

They are sent with the highest TTL there is, and taken only with that: no router has passed them on,
so they come from the link, as ARP does (RFC 5082). Who can lie there needs no hello for it.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from errno import EADDRINUSE, EADDRNOTAVAIL

from rrdns.health.check import Address
from rrdns.health.result import one_line

from .hello import MOST_OCTETS, Hello, HelloError, decode, encode
from .plan import Host

log = logging.getLogger(__name__)

TTL = 255
IP_RECVTTL = 12  # linux/in.h
FORGOTTEN_S = 10.0
MENDS = {
    EADDRINUSE: "another agent, or something else, has it; set 'port' on all hosts",
    EADDRNOTAVAIL: "this machine does not have that address now; bring it up, or look at 'hosts'",
}
DATAGRAMS_PER_WAKEUP = 64  # others want their turn
_HOPS = struct.Struct("@i")

OnHello = Callable[[Hello], None]


class PeersError(Exception):
    """Hellos can not be exchanged; says why, and how to mend it."""


class Peers:
    """Says hello to `others` from `here`, and hears theirs; in the running event loop.

    `on_hello` is called for each hello of one of them that is newer than what it has said before.
    PeersError where the socket can not be had.
    """

    def __init__(self, here: Host, others: Iterable[Host], port: int, on_hello: OnHello) -> None:
        self._port = port
        self._on_hello = on_hello
        self._others = {
            str(host.address): host
            for host in others
            if host.agent and host.address.version == here.address.version
        }
        self._last: dict[str, tuple[Hello, float]] = {}
        self._not_understood: set[str] = set()
        self._loop = asyncio.get_running_loop()
        try:
            self._socket = _socket(here.address, port)
        except OSError as error:
            text = f"can not speak to the other agents from {here.address} port {port}"
            mend = MENDS.get(error.errno or 0, "look at 'hosts' and 'port'")
            raise PeersError(f"{text}: {error.strerror}; {mend}") from None
        self._loop.add_reader(self._socket, self._hear)

    def say(self, hello: Hello) -> None:
        """Tells all of them; who is not there misses it."""
        octets = encode(hello)
        for address in self._others:
            with suppress(OSError):
                self._socket.sendto(octets, (address, self._port))

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _hear(self) -> None:
        for _ in range(DATAGRAMS_PER_WAKEUP):
            try:
                octets, beside, _, source = self._socket.recvmsg(
                    MOST_OCTETS + 1, socket.CMSG_SPACE(_HOPS.size)
                )
            except BlockingIOError:
                return
            except OSError:  # of what was sent before: nobody listens there
                continue
            self._take_in(octets, beside, source[0])

    def _take_in(
        self, octets: bytes, beside: Iterable[tuple[int, int, bytes]], source: str
    ) -> None:
        host = self._others.get(source)
        if host is None or not any(data == _HOPS.pack(TTL) for _, _, data in beside):
            return
        try:
            hello = decode(octets)
        except HelloError as error:
            self._complain(host, str(error))
            return
        if hello.host != host.name:
            named = one_line(hello.host)
            self._complain(host, f"it calls itself {named!r}; name it alike in both files")
            return
        last, at = self._last.get(host.name, (None, 0.0))
        now = self._loop.time()
        self._not_understood.discard(host.name)
        # A host whose clock was set back is believed again after a while.
        if hello.is_after(last) or now - at > FORGOTTEN_S:
            self._last[host.name] = hello, now
            self._on_hello(hello)

    def _complain(self, host: Host, why: str) -> None:
        """Of each once, until it is understood."""
        if host.name not in self._not_understood:
            log.warning("the agent of %s is not understood: %s", host.name, why)
        self._not_understood.add(host.name)


def _socket(address: Address, port: int) -> socket.socket:
    is_ipv6 = address.version == 6
    sock = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, TTL)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, TTL)
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        sock.bind((str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock
