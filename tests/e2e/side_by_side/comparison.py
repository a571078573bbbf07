"""Asks three servers the same questions and keeps what rrdns alone answers differently."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.wire import TcpClient, UdpClient

from .differences import DIFFERENCES, Difference
from .questions import Question
from .replies import ASPECTS, Reply, read_reply

Address = tuple[str, int]


class Server:
    """One server to ask, over one UDP socket and one TCP connection."""

    def __init__(self, address: Address) -> None:
        self._udp = UdpClient(*address)
        self._tcp = TcpClient(*address)

    def ask(self, question: Question, message_id: int) -> Reply:
        """The reply to `question`; TimeoutError where there is none."""
        client = self._tcp if question.manner.stream else self._udp
        return read_reply(client.ask(question.to_wire(message_id)))

    def close(self) -> None:
        self._udp.socket.close()
        self._tcp.socket.close()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An aspect in which the peers are of one mind and rrdns of another."""

    question: Question
    aspect: str
    peers: Reply
    ours: Reply

    @property
    def intended(self) -> Difference | None:
        """The entry of the table of differences that covers this one, if one does."""
        for difference in DIFFERENCES:
            if self.aspect in difference.aspects and difference.covers(
                self.question, self.peers, self.ours
            ):
                return difference
        return None

    def __str__(self) -> str:
        expected, given = getattr(self.peers, self.aspect), getattr(self.ours, self.aspect)
        return f"{self.question}: {self.aspect}\n  NSD, Knot: {expected}\n  rrdns:     {given}"


@dataclass(slots=True)
class Comparison:
    """What came out: how many questions, how many the peers agree on in whole, and the rest."""

    compared: int = 0
    agreed_by_peers: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)

    def compare(
        self, questions: Iterable[Question], ours: Server, nsd: Server, knot: Server
    ) -> None:
        """Asks every question of each server; what NSD and Knot differ in binds nobody."""
        for question in questions:
            self.compared += 1
            message_id = self.compared & 0xFFFF
            reply, one, other = (server.ask(question, message_id) for server in (ours, nsd, knot))
            self.agreed_by_peers += one == other
            self.disagreements += (
                Disagreement(question, aspect, one, reply)
                for aspect in ASPECTS
                if getattr(one, aspect) == getattr(other, aspect) != getattr(reply, aspect)
            )

    @property
    def unintended(self) -> list[Disagreement]:
        """The disagreements that the table of differences does not cover."""
        return [found for found in self.disagreements if found.intended is None]

    @property
    def intended(self) -> set[Difference]:
        """The entries of the table of differences that were met."""
        return {found.intended for found in self.disagreements if found.intended is not None}
