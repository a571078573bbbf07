"""Messages in a stream: each has its length in two octets before it (RFC 1035 section 4.2.2)."""

import struct

from . import Answer, AnswerStream, Octets


def message_end(received: Octets, at: int) -> int | None:
    """Where the message that begins at `at` ends, if all of it has arrived."""
    if len(received) < at + 2:
        return None
    end = at + 2 + int.from_bytes(received[at : at + 2], "big")
    return end if end <= len(received) else None


def one_by_one(answer: Answer) -> AnswerStream:
    """What answers a stream with `answer`, a message at a time."""

    def answer_stream(received: Octets, at: int, client: str) -> tuple[bytes, int]:
        end = at + 2 + int.from_bytes(received[at : at + 2], "big")
        reply = answer(bytes(received[at + 2 : end]), client)
        return (b"" if reply is None else struct.pack("!H", len(reply)) + reply), end

    return answer_stream
