"""Opens the sockets that are listened on, or says why that is not possible and what to do."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rrdns.config.settings import MAX_SOCKET_PATH, Listen

IP_PKTINFO = 8  # linux/in.h; the socket module has it only from Python 3.14 on
BUFFER_OCTETS = 4 << 20  # rides out a pause; capped by net.core.rmem_max and wmem_max
BACKLOG = 1024

MENDS = {
    errno.EADDRINUSE: "another server listens there; `ss -lnptu` names it",
    errno.EACCES: "a port below 1024 needs CAP_NET_BIND_SERVICE (see docker/README.md)",
    errno.EADDRNOTAVAIL: "no interface of this host has that address; `ip address` lists them",
    errno.EAFNOSUPPORT: "this host has no IPv6; remove the address from {setting}",
}


MENDS_OF_FILES = {
    errno.EADDRINUSE: "another server listens there, or a file is in the way; see {setting}",
    errno.EACCES: "the server's user may not write to that folder; see {setting}",
    errno.ENOENT: "make the folder, or change {setting}",
    errno.ENAMETOOLONG: f"write a path of at most {MAX_SOCKET_PATH} octets in {{setting}}",
}


class ListenError(Exception):
    """An address can not be listened on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The sockets of one configured address, all on the same port: UDP's, which the kernel shares
    its datagrams out to, and TCP's."""

    udp: tuple[socket.socket, ...]
    tcp: socket.socket

    @property
    def address(self) -> str:
        """Host and port as they were bound."""
        host, port = self.tcp.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self) -> None:
        for sock in (*self.udp, self.tcp):
            sock.close()


def bind(listen: Listen, udp_sockets: int = 1) -> Bound:
    """The sockets for `listen`, non-blocking; port 0 takes a free one. Raises ListenError."""
    with _explained(listen, "dns.listen"), ExitStack() as opened:
        tcp = opened.enter_context(_open(listen, socket.SOCK_STREAM))
        _listen(tcp, listen)
        address = str(listen.host), tcp.getsockname()[1]
        udp = [opened.enter_context(_open(listen, socket.SOCK_DGRAM)) for _ in range(udp_sockets)]
        for sock in udp:
            # That another server has the port is found out by TCP, which does not share it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, udp_sockets > 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_OCTETS)
            if listen.host.is_unspecified:
                _ask_for_destination(sock)
            sock.bind(address)
        opened.pop_all()
    return Bound(tuple(udp), tcp)


def bind_tcp(listen: Listen, setting: str) -> socket.socket:
    """A listening TCP socket, non-blocking; port 0 takes a free one. Raises ListenError.

    `setting` is what the user has to change where it can not be had.
    """
    with _explained(listen, setting), ExitStack() as opened:
        tcp = opened.enter_context(_open(listen, socket.SOCK_STREAM))
        _listen(tcp, listen)
        opened.pop_all()
    return tcp


def bind_unix(path: Path, mode: int, setting: str) -> socket.socket:
    """A listening unix socket, non-blocking, with a file of that mode. One that is left over from a
    server that has ended is replaced. Raises ListenError.
    """
    with _explained(path, setting), ExitStack() as opened:
        unix = opened.enter_context(
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        )
        if len(os.fsencode(path)) > MAX_SOCKET_PATH:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        if path.is_socket():
            if _is_listened_on(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            path.unlink()
        before = os.umask(0o777 & ~mode)
        try:
            unix.bind(str(path))
        finally:
            os.umask(before)
        unix.listen(BACKLOG)
        opened.pop_all()
    return unix


def _is_listened_on(path: Path) -> bool:
    """Whether a server listens on the unix socket `path`; if that can not be told, one does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as visitor:
        return visitor.connect_ex(str(path)) != errno.ECONNREFUSED


@contextmanager
def _explained(listen: Listen | Path, setting: str) -> Iterator[None]:
    """Turns what the system says into what the user can do."""
    mends = MENDS_OF_FILES if isinstance(listen, Path) else MENDS
    try:
        yield
    except OSError as error:
        mend = mends.get(error.errno or 0, "check {setting}").format(setting=setting)
        raise ListenError(f"can not listen on {listen}: {error.strerror}; {mend}") from None


def _open(listen: Listen, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if listen.host.version == 6 else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock


def _listen(tcp: socket.socket, listen: Listen) -> None:
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((str(listen.host), listen.port))
    tcp.listen(BACKLOG)


def _ask_for_destination(udp: socket.socket) -> None:
    """Has the kernel tell which address each query came to, so that the reply can leave from it
    (RFC 2181 section 4.1)."""
    if udp.family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
