"""TCP has a thread of its own, in which no connection keeps the others waiting for long.

All of this holds for the server in Python and for the one in C, whose table is empty here: what
the tests ask, both have the answerer answer.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from typing import Any, Protocol

import pytest

from harness.awaiting import until
from harness.players import PLAYERS
from harness.wire import WAIT_S, TcpClient
from rrdns.config.settings import Listen, PlayerChoice, TcpLimits
from rrdns.serve import Answer
from rrdns.serve.players import TcpServing
from rrdns.serve.sockets import bind_tcp
from rrdns.serve.tcp import GRACE_S, TURN_S, TcpServer

HOST = "127.0.0.1"
USUAL = TcpLimits()


class Make(Protocol):
    """Makes a server, which is not started."""

    def __call__(
        self, sock: socket.socket, answer: Answer, limits: TcpLimits = ..., grace_s: float = ...
    ) -> TcpServing: ...


class Serve(Protocol):
    """Starts a server on a free port; gives it and the port."""

    def __call__(
        self, answer: Answer, limits: TcpLimits = ..., grace_s: float = ...
    ) -> tuple[TcpServing, int]: ...


def asked(text: str | int) -> bytes:
    """A message that is left to the answerer: its opcode is unassigned."""
    return b"\0\0\x78" + bytes(9) + str(text).encode()


QUERY = asked("query")


def echo(query: bytes, client: str) -> bytes:
    return query


def bound() -> socket.socket:
    return bind_tcp(Listen(ip_address(HOST), 0), "dns.listen")


def in_python(
    sock: socket.socket,
    answer: Answer,
    limits: TcpLimits = USUAL,
    grace_s: float = GRACE_S,
) -> TcpServer:
    return TcpServer([sock], answer, limits, grace_s)


def in_c(
    sock: socket.socket,
    answer: Answer,
    limits: TcpLimits = USUAL,
    grace_s: float = GRACE_S,
) -> Any:
    from rrdns.serve import _player
    from rrdns.serve.native_servers import NativeTcpServer

    server = NativeTcpServer([sock], limits, _player.Tally(), answer, grace_s)
    server.publish(_player.Table(None, None))
    return server


@pytest.fixture(params=PLAYERS)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a server of each kind."""
    return in_c if request.param is PlayerChoice.C else in_python


@pytest.fixture
def serve(make: Make) -> Iterator[Serve]:
    """Starts a server on a free port, which is stopped after the test."""
    with ExitStack() as opened:

        def start(
            answer: Answer, limits: TcpLimits = USUAL, grace_s: float = GRACE_S
        ) -> tuple[TcpServing, int]:
            sock = bound()
            server = make(sock, answer, limits, grace_s)
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
    packets = [asked(number) for number in range(500)]
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
    greedy.send(*[asked("greedy")] * 100)
    newcomer = clients(port)
    newcomer.send(asked("newcomer"))
    newcomer_has_asked.set()
    assert newcomer.receive() == asked("newcomer")
    assert all(greedy.receive() == asked("greedy") for _ in range(100))
    assert answered.index(asked("newcomer")) < 50


def test_open_connections_are_counted(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    server, port = serve(echo)
    assert server.connections == 0
    for number in (1, 2, 3):
        assert clients(port).ask(QUERY) == QUERY
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
        assert client.ask(QUERY) == QUERY
    third = clients(port)
    assert third.ask(QUERY) == QUERY
    assert second.is_closed_by_server()
    assert first.ask(QUERY) == QUERY
    assert server.connections == 2


def test_stop_answers_what_was_read(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    stopping = threading.Thread(target=lambda: server.stop())
    packets = [asked(number) for number in range(20)]

    def answer(query: bytes, client: str) -> bytes:
        if query == packets[0]:
            stopping.start()
        stopping.join(5 * TURN_S)  # it ends later; meanwhile it has asked for the end
        return query

    server, port = serve(answer, grace_s=WAIT_S)  # a slow machine is not what is tested
    client = clients(port)
    client.send(*packets)
    assert [client.receive() for _ in packets] == packets
    assert client.is_closed_by_server()
    stopping.join(WAIT_S)
    assert not stopping.is_alive()


def test_stop_waits_no_longer_than_its_grace_for_a_client_that_never_reads(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    server, port = serve(lambda query, client: query + bytes(60_000))
    stuck = clients(port)
    stuck.socket.settimeout(GRACE_S)
    with pytest.raises(TimeoutError):
        stuck.send(*[QUERY] * 1_000_000)
    server.stop()
    assert server.connections == 0


def test_a_server_starts_where_one_has_stopped(
    make: Make, clients: Callable[[int], TcpClient]
) -> None:
    port = 0
    for _ in range(2):
        sock = bind_tcp(Listen(ip_address(HOST), port), "dns.listen")
        port = sock.getsockname()[1]
        server = make(sock, echo)
        server.start()
        assert clients(port).ask(QUERY) == QUERY
        server.stop()
        server.stop()
        assert sock.fileno() == -1


def test_a_server_that_never_started_closes_its_sockets(make: Make) -> None:
    sock = bound()
    make(sock, echo).stop()
    assert sock.fileno() == -1


def test_what_keeps_the_server_from_starting_is_raised(make: Make) -> None:
    sock = bound()
    sock.close()
    server = make(sock, echo)
    with pytest.raises((OSError, ValueError)):
        server.start()
    server.stop()


@pytest.mark.parametrize("make", [in_python], ids=["python"], indirect=False)
def test_a_defect_costs_its_connection_and_no_other(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    def defective(query: bytes, client: str) -> bytes:
        if query == asked("poison"):
            raise RecursionError
        return query

    _, port = serve(defective)
    poisonous, other = clients(port), clients(port)
    poisonous.send(asked("poison"))
    assert other.ask(QUERY) == QUERY
    assert clients(port).ask(QUERY) == QUERY


def test_the_answerer_is_told_who_asks(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    _, port = serve(lambda query, client: client.encode())
    assert clients(port).ask(QUERY) == HOST.encode()


def test_silence_for_one_query_is_not_the_end_of_the_others(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    _, port = serve(lambda query, client: None if query == asked("silence") else query)
    client = clients(port)
    client.send(*[asked("silence"), QUERY] * 100, asked("last"))
    assert [client.receive() for _ in range(101)] == [QUERY] * 100 + [asked("last")]


def test_the_longest_messages_go_both_ways(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    _, port = serve(echo)
    client = clients(port)
    longest = QUERY + bytes(65_535 - len(QUERY))
    client.send(longest, QUERY, longest)
    assert [client.receive() for _ in range(3)] == [longest, QUERY, longest]


def test_many_clients_wait_for_one_answerer_and_none_is_forgotten(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    all_have_asked = threading.Event()

    def answer(query: bytes, client: str) -> bytes:
        all_have_asked.wait(WAIT_S)
        return query

    _, port = serve(answer, TcpLimits(per_client=1000))
    asking = [clients(port) for _ in range(300)]
    for number, client in enumerate(asking):
        client.send(asked(number), asked("again"))
    all_have_asked.set()
    for number, client in enumerate(asking):
        assert [client.receive(), client.receive()] == [asked(number), asked("again")]


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\x40abc"], ids=["nothing", "half", "a part"])
def test_what_is_not_a_query_keeps_no_connection_open(
    serve: Serve, clients: Callable[[int], TcpClient], sent: bytes
) -> None:
    server, port = serve(echo, TcpLimits(idle_s=0.1))
    client = clients(port)
    client.socket.sendall(sent)
    assert client.is_closed_by_server()
    assert server.connections == 0


def test_who_reads_no_replies_is_inactive(
    serve: Serve, clients: Callable[[int], TcpClient]
) -> None:
    server, port = serve(lambda query, client: query + bytes(60_000), TcpLimits(idle_s=0.2))
    stuck = clients(port)
    with pytest.raises(ConnectionError):
        stuck.send(*[QUERY] * 1_000_000)
    until(lambda: server.connections == 0)


def test_half_a_query_is_no_activity(serve: Serve, clients: Callable[[int], TcpClient]) -> None:
    server, port = serve(echo, TcpLimits(per_client=2))
    trickling, quiet = clients(port), clients(port)
    trickling.socket.sendall(b"\0")
    assert quiet.ask(QUERY) == QUERY
    trickling.socket.sendall(b"\x40abc")
    third = clients(port)
    assert third.ask(QUERY) == QUERY
    assert trickling.is_closed_by_server()
    assert quiet.ask(QUERY) == QUERY
    assert server.connections == 2
