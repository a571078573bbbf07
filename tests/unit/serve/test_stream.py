"""Messages are cut from a stream where their lengths say, and nothing is read beyond its end."""

import pytest

from harness.wire import framed
from rrdns.serve.stream import answered, message_end

STREAM = bytearray(framed([b"abc", b"", b"de"]))


@pytest.mark.parametrize(("at", "end"), [(0, 5), (5, 7), (7, 11)])
def test_a_message_ends_where_its_length_says(at: int, end: int) -> None:
    assert message_end(STREAM, at) == end


def test_what_has_not_arrived_in_whole_is_no_message() -> None:
    for octets in range(5):
        assert message_end(STREAM[:octets], 0) is None
    assert message_end(STREAM, len(STREAM)) is None


def test_messages_are_answered_one_by_one() -> None:
    asked: list[tuple[bytes, str]] = []

    def answer(query: bytes, client: str) -> bytes | None:
        asked.append((query, client))
        return query.upper() or None

    at, replies = 0, b""
    while (end := message_end(STREAM, at)) is not None:
        replies += answered(answer, STREAM, at, end, "192.0.2.1")
        at = end
    assert asked == [(query, "192.0.2.1") for query in (b"abc", b"", b"de")]
    assert replies == framed([b"ABC", b"DE"]), "silence takes no room"
    assert at == len(STREAM)


def test_the_longest_reply_has_its_length_before_it() -> None:
    reply = answered(lambda query, client: bytes(65535), STREAM, 0, 5, "")
    assert reply == framed([bytes(65535)])
