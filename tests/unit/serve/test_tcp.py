"""TCP has a thread of its own, in which no connection keeps the others waiting for long."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from harness.wire import WAIT_S, TcpClient, framed
from rrdns.config.settings import Listen, TcpLimits
from rrdns.serve import Answer, tcp
from rrdns.serve.sockets import bind_tcp
from rrdns.serve.stream import message_end, one_by_one
from rrdns.serve.tcp import GRACE_S, TURN_S, TcpServer

HOST = "127.0.0.1"
Serve = Callable[..., tuple[TcpServer, int]]


def echo(query: bytes, client: str) -> bytes:
    return query


def bound() -> socket.socket:
    return bind_tcp(Listen(ip_address(HOST), 0), "dns.listen")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on a free port; gives it and the port."""
    with ExitStack() as opened:

        def start(answer: Answer, limits: TcpLimits | None = None) -> tuple[TcpServer, int]:
            sock = bound()
            server = TcpServer([sock], one_by_one(answer), limits or TcpLimits())
            opened.callback(server.stop)
            port = sock.getsockname()[1]
            server.start()
            return server, port

        yield start


@pytest.fixture
def clients() -> Iterator[Callable[[int], TcpClient]]:
    """Connects a client to a port, until the test ends."""
    with ExitStack() as opened:
        yield lambda port: opened.enter_context(TcpClient(HOST, port))


def test_whoever_starts_the_server_is_not_the_one_who_answers(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    answerers: set[int] = set()

    def answer(query: bytes, client: str) -> bytes:
        answerers.add(threading.get_ident())
        return query

    _, port = serve(answer)
    packets = [b"%d" % number for number in range(500)]
    asking = [clients(port) for _ in range(10)]
    for client in asking:
        client.send(*packets)
    for client in asking:
        assert [client.receive() for _ in packets] == packets
    assert len(answerers) == 1
    assert threading.get_ident() not in answerers


def test_a_connection_with_many_queries_lets_a_newcomer_in_between(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    answered: list[bytes] = []
    newcomer_has_asked = threading.Event()

    def answer_slowly(query: bytes, client: str) -> bytes:
        newcomer_has_asked.wait(WAIT_S)
        threading.Event().wait(2 * TURN_S)
        answered.append(query)
        return query

    _, port = serve(answer_slowly)
    greedy = clients(port)
    greedy.send(*[b"greedy"] * 100)
    newcomer = clients(port)
    newcomer.send(b"newcomer")
    newcomer_has_asked.set()
    assert newcomer.receive() == b"newcomer"
    assert all(greedy.receive() == b"greedy" for _ in range(100))
    assert answered.index(b"newcomer") < 50


def test_open_connections_are_counted(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    server, port = serve(echo)
    assert server.connections == 0
    for number in (1, 2, 3):
        assert clients(port).ask(b"query") == b"query"
        assert server.connections == number
    server.stop()
    assert server.connections == 0


@pytest.mark.parametrize(
    "limits",
    [TcpLimits(connections=2), TcpLimits(per_client=2)],
    ids=["of all connections", "of one client"],
)
def test_at_a_limit_the_connection_idle_longest_gives_way(
    serve: Serve, clients: Callable[[int], TcpClient], limits: TcpLimits
) -> None:
    server, port = serve(echo, limits)
    first, second = clients(port), clients(port)
    for client in (first, second, first):
        assert client.ask(b"query") == b"query"
    third = clients(port)
    assert third.ask(b"query") == b"query"
    assert second.is_closed_by_server()
    assert first.ask(b"query") == b"query"
    assert server.connections == 2


def test_stop_answers_what_was_read(
    serve: Serve, clients: Callable[[int], TcpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "GRACE_S", WAIT_S)  # a slow machine is not what is tested
    stopping = threading.Thread(target=lambda: server.stop())
    packets = [b"%d" % number for number in range(20)]

    def answer(query: bytes, client: str) -> bytes:
        if query == packets[0]:
            stopping.start()
        stopping.join(5 * TURN_S)  # it ends later; meanwhile it has asked for the end
        return query

    server, port = serve(answer)
    client = clients(port)
    client.send(*packets)
    assert [client.receive() for _ in packets] == packets
    assert client.is_closed_by_server()
    stopping.join(WAIT_S)
    assert not stopping.is_alive()


def test_stop_waits_no_longer_than_its_grace_for_a_client_that_never_reads(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    server, port = serve(lambda query, client: query * 6000)
    stuck = clients(port)
    stuck.socket.settimeout(GRACE_S)
    with pytest.raises(TimeoutError):
        stuck.send(*[b"0123456789"] * 1_000_000)
    server.stop()
    assert server.connections == 0


def test_a_server_starts_where_one_has_stopped(clients: Callable[[int], TcpClient]) -> None:
    port = 0
    for _ in range(2):
        sock = bind_tcp(Listen(ip_address(HOST), port), "dns.listen")
        port = sock.getsockname()[1]
        server = TcpServer([sock], one_by_one(echo), TcpLimits())
        server.start()
        assert clients(port).ask(b"query") == b"query"
        server.stop()
        server.stop()
        assert sock.fileno() == -1


def test_a_server_that_never_started_closes_its_sockets() -> None:
    sock = bound()
    TcpServer([sock], one_by_one(echo), TcpLimits()).stop()
    assert sock.fileno() == -1


def test_what_keeps_the_server_from_starting_is_raised() -> None:
    sock = bound()
    sock.close()
    server = TcpServer([sock], one_by_one(echo), TcpLimits())
    with pytest.raises((OSError, ValueError)):
        server.start()
    server.stop()


def test_a_defect_costs_its_connection_and_no_other(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    def defective(query: bytes, client: str) -> bytes:
        if query == b"poison":
            raise RecursionError
        return query

    _, port = serve(defective)
    poisonous, other = clients(port), clients(port)
    poisonous.send(b"poison")
    assert other.ask(b"query") == b"query"
    assert clients(port).ask(b"query") == b"query"


def test_the_answerer_is_told_who_asks(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    _, port = serve(lambda query, client: client.encode())
    assert clients(port).ask(b"query") == HOST.encode()


def test_a_stream_may_be_answered_a_turn_at_a_time(clients: Callable[[int], TcpClient]) -> None:
    """The answerer says how far it has come; silence for some is not the end of the others."""

    def answer_two(received: bytearray, at: int, client: str) -> tuple[bytes, int]:
        end = message_end(received, at) or at
        further = message_end(received, end)
        if further is None:
            return framed([received[at + 2 : end]]), end
        return framed([received[end + 2 : further]]), further

    sock = bound()
    server = TcpServer([sock], answer_two, TcpLimits())
    server.start()
    client = clients(sock.getsockname()[1])
    client.send(*[b"silence", b"reply"] * 1000, b"last")
    assert [client.receive() for _ in range(1001)] == [b"reply"] * 1000 + [b"last"]
    server.stop()
