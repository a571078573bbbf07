"""Messages in a stream: each has its length in two octets before it (RFC 1035 section 4.2.2)."""

import struct

from . import Answer

LENGTH_OCTETS = 2


def message_end(received: bytes | bytearray, at: int) -> int | None:
    """Where the message that begins at `at` ends, if all of it has arrived."""
    begins = at + LENGTH_OCTETS
    if len(received) < begins:
        return None
    end = begins + int.from_bytes(received[at:begins], "big")
    return end if end <= len(received) else None


def answered(answer: Answer, received: bytes | bytearray, at: int, end: int, client: str) -> bytes:
    """The reply to the message from `at` to `end`, its length before it; nothing for silence."""
    reply = answer(bytes(received[at + LENGTH_OCTETS : end]), client)
    return b"" if reply is None else struct.pack("!H", len(reply)) + reply
