"""The C player's TCP thread plays what is published, and gives each connection its own replies.

However a stream is cut into segments, its replies are the same and in the order of the queries.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_address
from pathlib import Path

import dns.message
import pytest

from harness.awaiting import until
from harness.players import NOT_BUILT
from harness.wire import WAIT_S, TcpClient, framed
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import RCode
from rrdns.config.settings import Listen, TcpLimits
from rrdns.serve import Answer
from rrdns.serve.players import TcpServing
from rrdns.serve.sockets import bind, bind_tcp

from .conftest import ADDRESSES, HOST, Served

native = pytest.importorskip("rrdns.serve.native_servers", reason=NOT_BUILT, exc_type=ImportError)

HIT = dns.message.make_query("www.lab.example", "A", id=1).to_wire()
REFUSED = dns.message.make_query("elsewhere.test", "A", id=2).to_wire()
LEFT = dns.message.make_query("version.bind", "TXT", "CH", id=3).to_wire()
RESPONSE = HIT[:2] + b"\x80" + HIT[3:]
LONG = LEFT + bytes(60_000)  # more than one segment
SILENT = [b"", b"x", RESPONSE]  # what gets no reply

Client = Callable[[], TcpClient]


def addresses(reply: bytes) -> list[str]:
    return [r.address for rrset in dns.message.from_wire(reply).answer for r in rrset]


@pytest.fixture
def running(served: Served) -> Iterator[TcpServing]:
    publication, cursors = served.publisher.publication, served.publisher.cursors
    server = served.players.tcp(publication, cursors, [served.bound.tcp], TcpLimits())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(served: Served, running: TcpServing) -> Iterator[TcpClient]:
    with TcpClient(HOST, served.port) as connected:
        yield connected


def test_what_is_published_while_it_runs_is_played(served: Served, client: TcpClient) -> None:
    for down in ADDRESSES * 30:
        served.refresh(down)
        assert set(addresses(client.ask(HIT))) == set(ADDRESSES) - {down}
    served.refresh()
    assert set(addresses(client.ask(HIT))) == set(ADDRESSES)


def test_what_is_answered_is_counted_once_whoever_answers(
    served: Served, client: TcpClient
) -> None:
    client.send(RESPONSE, *[HIT, LEFT, REFUSED] * 5)
    assert [client.receive()[:2] for _ in range(15)] == [HIT[:2], LEFT[:2], REFUSED[:2]] * 5
    tally = served.players.tally(Transport.TCP)
    assert tally.rcodes == {RCode.NOERROR: 5, RCode.REFUSED: 10}
    assert (tally.left, tally.unanswered, tally.overflowed, tally.unsent) == (5, 1, 0, 0)
    assert sum(tally.firsts.values()) == 5
    assert served.players.tally(Transport.UDP).rcodes == {}


def test_all_connections_together_give_everyone_the_same_turns(
    served: Served, running: TcpServing
) -> None:
    firsts: Counter[str] = Counter()
    for _ in range(150):
        with TcpClient(HOST, served.port) as client:
            firsts[addresses(client.ask(HIT))[0]] += 1
    assert firsts == dict.fromkeys(ADDRESSES, 50)


def cut_anywhere(rng: random.Random, stream: bytes, most: int) -> Iterator[bytes]:
    """The segments of `stream`, none longer than `most`."""
    while stream:
        octets = rng.randint(1, most)
        yield stream[:octets]
        stream = stream[octets:]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("most", [1, 3, 40, 1000, 20_000])
def test_however_a_stream_is_cut_its_replies_are_the_same(
    client: TcpClient, running: TcpServing, most: int, seed: int
) -> None:
    rng = random.Random(seed)
    long = [LONG] * (most >= 1000)
    asked = rng.choices([HIT, REFUSED, LEFT, *long, *SILENT], k=rng.randint(1, 60))
    for segment in cut_anywhere(rng, framed(asked), most):
        client.socket.sendall(segment)
    client.finish_sending()
    owed = [query[:2] for query in asked if query not in SILENT]
    assert [client.receive()[:2] for _ in owed] == owed
    assert client.is_closed_by_server()
    until(lambda: running.connections == 0)


# -- with an answerer that takes its time ----------------------------------------------------------


class Slow:
    """Answers nothing until it is let go; then it echoes."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.has_been_asked = threading.Event()
        self.may_answer = threading.Event()

    def answer(self, query: bytes, client: str) -> bytes:
        self.asked.append(query)
        self.has_been_asked.set()
        self.may_answer.wait(WAIT_S)
        return query


@pytest.fixture
def serve(served: Served) -> Iterator[Callable[[Answer, TcpLimits], Client]]:
    """Serves with an answerer for what is left; gives what connects a client."""
    with ExitStack() as opened:

        def start(answer: Answer, limits: TcpLimits) -> Client:
            sock = bind_tcp(Listen(ip_address(HOST), 0), "dns.listen")
            port = sock.getsockname()[1]
            server = native.NativeTcpServer([sock], limits, native._player.Tally(), answer)
            server.publish(served.publisher.publication.edition.entries.table)
            server.start()
            opened.callback(server.stop)
            return lambda: opened.enter_context(TcpClient(HOST, port))

        yield start


def test_whoever_has_the_place_of_another_does_not_get_its_reply(
    serve: Callable[[Answer, TcpLimits], Client],
) -> None:
    slow = Slow()
    connect = serve(slow.answer, TcpLimits(connections=1))
    first = connect()
    first.send(LEFT)
    assert slow.has_been_asked.wait(WAIT_S)
    second = connect()
    second.send(HIT, LEFT + b"mine")
    assert second.receive()[:2] == HIT[:2]
    assert first.is_closed_by_server()
    slow.may_answer.set()
    assert second.receive() == LEFT + b"mine"


def test_replies_wait_for_the_one_before_them_and_other_clients_do_not(
    serve: Callable[[Answer, TcpLimits], Client],
) -> None:
    slow = Slow()
    connect = serve(slow.answer, TcpLimits())
    waiting, other = connect(), connect()
    waiting.send(HIT, LEFT, REFUSED)
    assert waiting.receive()[:2] == HIT[:2]
    for _ in range(100):
        assert other.ask(HIT)[:2] == HIT[:2]
    slow.may_answer.set()
    assert [waiting.receive()[:2] for _ in range(2)] == [LEFT[:2], REFUSED[:2]]


def test_a_client_that_resets_leaves_nothing_behind(
    serve: Callable[[Answer, TcpLimits], Client],
) -> None:
    slow = Slow()
    connect = serve(slow.answer, TcpLimits(per_client=1000))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(200):
        client = connect()
        client.send(*[LEFT, HIT][: 1 + number % 2], HIT)
        client.reset()
    slow.may_answer.set()
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)
    assert connect().ask(LEFT) == LEFT


def test_both_families_are_served_on_one_thread(served: Served) -> None:
    with closing(bind(Listen(ip_address("127.0.0.9"), 0))) as bound:
        publication, cursors = served.publisher.publication, served.publisher.cursors
        both = [served.bound.tcp, bound.tcp]
        server = served.players.tcp(publication, cursors, both, TcpLimits())
        server.start()
        for sock in both:
            with TcpClient(*sock.getsockname()) as client:
                assert client.ask(HIT)[:2] == HIT[:2]
        server.stop()
