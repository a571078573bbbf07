"""Sockets: octets in, octets out. What the octets mean is the answer room's business."""

from collections.abc import Callable

from rrdns.answer.cookie import Client

Answer = Callable[[bytes, Client], bytes | None]
"""From a query and its client to the reply; None for silence. Never raises."""

Octets = bytes | bytearray

AnswerStream = Callable[[Octets, int, str], tuple[bytes, int]]
"""From the messages of a stream, each with its length before it, where to begin, and the client's
address, to the replies and where the next message begins. It answers at least the first message,
which has to be whole, and as many of those behind it as it likes. Never raises."""
