"""Where rrdns is meant to differ from what NSD and Knot both do, each with its reason."""

from collections.abc import Callable
from dataclasses import dataclass

import dns.rdataclass
import dns.rdatatype

from .questions import Question
from .replies import Reply


@dataclass(frozen=True, slots=True)
class Difference:
    """An intended difference; `covers` is given the question, the peers' reply and ours."""

    what: str
    why: str
    aspects: frozenset[str]
    covers: Callable[[Question, Reply, Reply], bool]


DIFFERENCES = (
    Difference(
        "QCLASS ANY is refused",
        "every zone is of class IN and says so; a client that does not know its class is no "
        "resolver, and a refusal is the smallest reply that a forged query can be turned into",
        frozenset({"rcode", "flags", "answer", "chain", "authority", "additional"}),
        lambda question, peers, ours: (
            question.rclass == dns.rdataclass.ANY and ours.rcode == "REFUSED" and not ours.chain
        ),
    ),
    Difference(
        "QTYPE ANY over UDP gets the RRset that the zone file has first",
        "RFC 8482 section 4.1 leaves open which one RRset is given; the peers have their own order",
        frozenset({"answer", "chain"}),
        lambda question, peers, ours: (
            _asks_any(question) and not question.manner.stream and _has_same_end(peers, ours)
        ),
    ),
    Difference(
        "QTYPE ANY over TCP gets all RRsets of the name",
        "RFC 8482 is about amplification, which a TCP client is not forged for; who asks over TCP "
        "looks into a fault and wants all",
        frozenset({"answer", "chain"}),
        lambda question, peers, ours: (
            _asks_any(question)
            and question.manner.stream
            and peers.answer is not None
            and ours.answer is not None
            and peers.answer < ours.answer
        ),
    ),
)


def _asks_any(question: Question) -> bool:
    return question.rclass == dns.rdataclass.IN and question.rtype == dns.rdatatype.ANY


def _has_same_end(peers: Reply, ours: Reply) -> bool:
    """Whether the two chains are the same but for the type of their last RRset."""
    if not peers.chain or not ours.chain:
        return False
    return (*peers.chain[:-1], peers.chain[-1][0]) == (*ours.chain[:-1], ours.chain[-1][0])
