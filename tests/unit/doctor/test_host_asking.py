"""A reply is taken from anywhere, so that one from the wrong address is seen."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address

from rrdns.config.settings import Listen
from rrdns.doctor.host.asking import sources
from rrdns.zone.name import from_text

ZONE = from_text("lab.example")


@contextmanager
def answering(address: str, source: str) -> Iterator[Listen]:
    """Echoes what comes to `address` from `source`; yields where it listens."""
    with ExitStack() as opened:
        listener, speaker = (
            opened.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)
        )
        listener.bind((address, 0))
        speaker.bind((source, 0))
        if source == address:
            speaker = listener

        def answer() -> None:
            query, client = listener.recvfrom(512)
            speaker.sendto(query, client)

        thread = threading.Thread(target=answer)
        thread.start()
        yield Listen(ip_address(address), listener.getsockname()[1])
        thread.join()


def test_each_reply_is_told_by_its_source() -> None:
    with (
        answering("127.0.0.1", "127.0.0.1") as right,
        answering("127.0.0.2", "127.0.0.3") as wrong,
    ):
        assert sources([right, wrong], ZONE) == {
            right: ip_address("127.0.0.1"),
            wrong: ip_address("127.0.0.3"),
        }


def test_where_nobody_listens_there_is_no_source() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        listen = Listen(ip_address("127.0.0.1"), sock.getsockname()[1])
    assert sources([listen], ZONE) == {listen: None}


def test_nobody_is_asked_where_there_is_nobody() -> None:
    assert sources([], ZONE) == {}
