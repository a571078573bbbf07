"""UDP is answered on a thread of its own, which nothing that a client sends can end."""

import logging
import threading
from ipaddress import ip_address

import pytest

from harness.wire import UdpClient, has_ipv6
from rrdns.config.settings import Listen
from rrdns.serve.sockets import bind
from rrdns.serve.udp import LOGGED_FAULTS, UdpServer

HOST = "127.0.0.1"
HOSTS = (HOST, "::1") if has_ipv6() else (HOST,)


def test_a_defect_of_ours_costs_one_query_and_little_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answerers: set[int] = set()

    def answer(query: bytes, client: str) -> bytes:
        answerers.add(threading.get_ident())
        if query == b"poison":
            raise RecursionError
        return query

    bound = bind(Listen(ip_address(HOST), 0))
    server = UdpServer(bound.udp, answer)
    server.start()
    with UdpClient(HOST, bound.tcp.getsockname()[1]) as client, caplog.at_level(logging.ERROR):
        for _ in range(2 * LOGGED_FAULTS):
            client.send(b"poison")
            assert client.ask(b"query") == b"query"
    server.stop()
    bound.close()
    assert len(caplog.records) == LOGGED_FAULTS
    assert threading.get_ident() not in answerers


@pytest.mark.parametrize("host", HOSTS)
def test_the_answerer_is_told_who_asks(host: str) -> None:
    bound = bind(Listen(ip_address(host), 0))
    server = UdpServer(bound.udp, lambda _, client: client.encode())
    server.start()
    with UdpClient(host, bound.tcp.getsockname()[1]) as client:
        assert client.ask(host.encode()) == host.encode()
    server.stop()
    bound.close()
