"""The ways to put a question to the server: over octets and over sockets, UDP and TCP.

A test that asks through a `Way` runs the same over each of them, and every reply it gets has been
audited for what any reply owes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from .audit import Message, audit
from .direct import AnswerOne
from .wire import TcpClient, UdpClient

ORIGIN = dns.name.from_text("tricky.example.")
PIPELINED = 500


def name(text: str) -> dns.name.Name:
    """The name that `text` writes, relative to the tricky zone unless it ends in a dot."""
    return dns.name.from_text(text, ORIGIN)


def query(
    qname: str | dns.name.Name, qtype: str = "A", qclass: str = "IN", *, edns: int | None = None
) -> dns.message.QueryMessage:
    """A query as a resolver sends it: RD clear, EDNS with a UDP size of `edns` octets if given."""
    if isinstance(qname, str):
        qname = name(qname)
    message = dns.message.make_query(qname, qtype, qclass, flags=0)
    if edns is not None:
        message.use_edns(0, payload=edns)
    return message


class Way(ABC):
    """One way to ask. `transport` is `udp` or `tcp`."""

    def __init__(self, transport: str) -> None:
        self.transport = transport

    @abstractmethod
    def exchange(self, packet: bytes) -> bytes:
        """The reply to `packet`, as it came."""

    @abstractmethod
    def exchange_in_turn(self, packets: Sequence[bytes]) -> list[bytes]:
        """The replies to `packets`, asked one after the other and each once."""

    @abstractmethod
    def is_silent(self, packet: bytes) -> bool:
        """Whether `packet` gets no reply, and the server answers what comes after it."""

    def raw(self, packet: bytes) -> Message:
        """The audited reply to `packet`, taken apart."""
        return audit(packet, self.exchange(packet), self.transport)

    def ask(self, message: dns.message.Message) -> dns.message.Message:
        """The audited reply to `message`."""
        packet = message.to_wire()
        reply = self.exchange(packet)
        audit(packet, reply, self.transport)
        return dns.message.from_wire(reply)

    def __call__(
        self,
        qname: str | dns.name.Name,
        qtype: str = "A",
        qclass: str = "IN",
        *,
        edns: int | None = None,
    ) -> dns.message.Message:
        """The audited reply to this question."""
        return self.ask(query(qname, qtype, qclass, edns=edns))


class Direct(Way):
    """Straight into a player, without sockets."""

    def __init__(self, answer: AnswerOne, transport: str) -> None:
        super().__init__(transport)
        self._answer = answer

    def exchange(self, packet: bytes) -> bytes:
        reply = self._answer(packet)
        assert reply is not None, f"silence after {packet.hex()}"
        return reply

    def exchange_in_turn(self, packets: Sequence[bytes]) -> list[bytes]:
        return [self.exchange(packet) for packet in packets]

    def is_silent(self, packet: bytes) -> bool:
        return self._answer(packet) is None and bool(self("host").answer)


class OverUdp(Way):
    """A UDP socket for each question."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__("udp")
        self._address = host, port

    def exchange(self, packet: bytes) -> bytes:
        with UdpClient(*self._address) as client:
            return client.ask(packet)

    def exchange_in_turn(self, packets: Sequence[bytes]) -> list[bytes]:
        with UdpClient(*self._address) as client:
            return [client.ask(packet, tries=1) for packet in packets]

    def is_silent(self, packet: bytes) -> bool:
        after = query("host")
        after.id = 0x5AFE
        assert packet[:2] != after.to_wire()[:2]
        with UdpClient(*self._address) as client:
            client.send(packet)
            client.send(after.to_wire())
            return client.receive()[:2] == after.to_wire()[:2]


class OverTcp(Way):
    """A TCP connection for each question."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__("tcp")
        self._address = host, port

    def exchange(self, packet: bytes) -> bytes:
        with TcpClient(*self._address) as client:
            return client.ask(packet)

    def exchange_in_turn(self, packets: Sequence[bytes]) -> list[bytes]:
        replies = []
        with TcpClient(*self._address) as client:
            for batch in _batches(packets):
                client.send(*batch)
                replies += [client.receive() for _ in batch]
        return replies

    def is_silent(self, packet: bytes) -> bool:
        after = query("host")
        after.id = 0x5AFE
        with TcpClient(*self._address) as client:
            client.send(packet, after.to_wire())
            return client.receive()[:2] == after.to_wire()[:2]


def _batches(packets: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (packets[at : at + PIPELINED] for at in range(0, len(packets), PIPELINED))
