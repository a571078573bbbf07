"""Carries messages to a server and back, by UDP and by TCP, with a limit on every wait."""

import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import Self

WAIT_S = 20.0  # far beyond any answer, so that only silence runs into it
RESEND_S = 2.0
LARGEST_MESSAGE = 65535


def has_ipv6() -> bool:
    """Whether this host has the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def family_of(host: str) -> socket.AddressFamily:
    """The address family of the address that `host` writes."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class UdpClient:
    """One UDP socket, connected, so that only replies from the address asked come in; `source` is
    an address of this host to ask from."""

    def __init__(self, host: str, port: int, source: str | None = None) -> None:
        self.socket = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.socket.settimeout(WAIT_S)
        if source is not None:
            self.socket.bind((source, 0))
        # Unlike `connect` this heeds the scope of a link-local address.
        [(*_, address)] = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        self.socket.connect(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, packet: bytes) -> None:
        self.socket.send(packet)

    def receive(self) -> bytes:
        """The next datagram; TimeoutError after `WAIT_S`."""
        return self.socket.recv(LARGEST_MESSAGE)

    def ask(self, packet: bytes, tries: int = 5) -> bytes:
        """The reply with the ID of `packet`, which is sent again where a datagram gets lost."""
        self.socket.settimeout(RESEND_S)
        try:
            for _ in range(tries):
                self.send(packet)
                try:
                    while (reply := self.receive())[:2] != packet[:2]:
                        pass
                except TimeoutError:
                    continue
                return reply
        finally:
            self.socket.settimeout(WAIT_S)
        raise TimeoutError(f"no answer to {packet.hex()} in {tries} tries")


class TcpClient:
    """One TCP connection, with messages framed by their length (RFC 1035 section 4.2.2)."""

    def __init__(self, host: str, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket(family_of(host), socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT_S)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, *messages: bytes) -> None:
        """Sends all `messages` in one write."""
        self.socket.sendall(framed(messages))

    def receive(self) -> bytes:
        """The next message; EOFError where the server has closed instead."""
        (length,) = struct.unpack("!H", self._exactly(2))
        return self._exactly(length)

    def ask(self, packet: bytes) -> bytes:
        self.send(packet)
        return self.receive()

    def finish_sending(self) -> None:
        """Half-closes the connection: nothing more will be asked."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Ends the connection at once, with a RST, and throws away what is unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_closed_by_server(self) -> bool:
        """Waits until the server closes; False where it sends or waits beyond `WAIT_S`."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def _exactly(self, octets: int) -> bytes:
        received = bytearray()
        while len(received) < octets:
            part = self.socket.recv(octets - len(received))
            if not part:
                raise EOFError("the server closed the connection")
            received += part
        return bytes(received)


def framed(messages: Iterable[bytes]) -> bytes:
    """`messages` as they go over TCP, one behind the other."""
    return b"".join(struct.pack("!H", len(message)) + message for message in messages)
