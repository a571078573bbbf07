"""UDP is answered on a thread of its own, which nothing that a client sends can end."""

import logging
import threading
from contextlib import ExitStack, closing
from ipaddress import ip_address

import pytest

from harness.wire import UdpClient, has_ipv6
from rrdns.answer.cookie import Client
from rrdns.answer.player import Tally
from rrdns.config.settings import Listen
from rrdns.serve import batches
from rrdns.serve.batches import BATCH
from rrdns.serve.sockets import bind
from rrdns.serve.udp import LOGGED_FAULTS, UdpServer

HOST = "127.0.0.1"
HOSTS = (HOST, "::1") if has_ipv6() else (HOST,)


def test_a_defect_of_ours_costs_one_query_and_little_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answerers: set[int] = set()

    def answer(query: bytes, client: Client) -> bytes:
        answerers.add(threading.get_ident())
        if query == b"poison":
            raise RecursionError
        return query

    bound = bind(Listen(ip_address(HOST), 0))
    server = UdpServer(bound.udp, answer, Tally())
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
    server = UdpServer(bound.udp, lambda _, client: str(client).encode(), Tally())
    server.start()
    with UdpClient(host, bound.tcp.getsockname()[1]) as client:
        assert client.ask(host.encode()) == host.encode()
    server.stop()
    bound.close()


def test_a_defect_of_ours_costs_nobody_else_in_its_batch_the_reply() -> None:
    def answer(query: bytes, client: Client) -> bytes:
        if query == b"poison":
            raise RecursionError
        return query

    with ExitStack() as opened:
        bound = opened.enter_context(closing(bind(Listen(ip_address(HOST), 0))))
        port = bound.tcp.getsockname()[1]
        clients = [opened.enter_context(UdpClient(HOST, port)) for _ in range(BATCH)]
        for number, client in enumerate(clients):
            client.send(b"%d" % number)
            client.send(b"poison")
        server = UdpServer(bound.udp, answer, Tally())
        server.start()
        server.stop()
        for number, client in enumerate(clients):
            assert client.receive() == b"%d" % number


@pytest.mark.parametrize("has_begun", [True, False], ids=["at once", "when it has begun"])
def test_stop_answers_what_has_arrived_at_all_sockets(has_begun: bool) -> None:
    """Several batches of it."""
    with ExitStack() as opened:
        bounds = [opened.enter_context(closing(bind(Listen(ip_address(h), 0)))) for h in HOSTS]
        ports = [bound.tcp.getsockname()[1] for bound in bounds]
        sockets = [sock for bound in bounds for sock in bound.udp]
        server = UdpServer(sockets, lambda query, client: query, Tally())
        asked = [
            (opened.enter_context(UdpClient(host, port)), b"%d" % number)
            for host, port in zip(HOSTS, ports, strict=True)
            for number in range(3 * BATCH + 1)
        ]
        if has_begun:
            server.start()
        for client, query in asked:
            client.send(query)
        if not has_begun:
            server.start()
        server.stop()
        assert [client.receive() for client, _ in asked] == [query for _, query in asked]
        assert {sock.fileno() for sock in sockets} == {-1}


def test_what_the_system_does_not_take_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_send", lambda fd, header, count, flags: -1)
    tally = Tally()
    with closing(bind(Listen(ip_address(HOST), 0))) as bound:
        with UdpClient(HOST, bound.tcp.getsockname()[1]) as client:
            for query in (b"query", b"silence", b"query"):
                client.send(query)
        replies = {b"query": b"reply", b"silence": None}
        server = UdpServer(bound.udp, lambda query, client: replies[query], tally)
        server.start()
        server.stop()
    assert tally.unsent == 2
