"""UDP is answered on a thread of its own, which nothing that a client sends can end."""

import logging
import threading
from ipaddress import ip_address

import pytest

from harness.wire import UdpClient
from rrdns.config.settings import Listen
from rrdns.serve.sockets import bind_pair
from rrdns.serve.udp import LOGGED_FAULTS, UdpServer

HOST = "127.0.0.1"


def test_a_defect_of_ours_costs_one_query_and_little_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answerers: set[int] = set()

    def answer(query: bytes) -> bytes:
        answerers.add(threading.get_ident())
        if query == b"poison":
            raise RecursionError
        return query

    pair = bind_pair(Listen(ip_address(HOST), 0))
    server = UdpServer([pair.udp], answer)
    server.start()
    with UdpClient(HOST, pair.tcp.getsockname()[1]) as client, caplog.at_level(logging.ERROR):
        for _ in range(2 * LOGGED_FAULTS):
            client.send(b"poison")
            assert client.ask(b"query") == b"query"
    server.stop()
    pair.close()
    assert len(caplog.records) == LOGGED_FAULTS
    assert threading.get_ident() not in answerers
