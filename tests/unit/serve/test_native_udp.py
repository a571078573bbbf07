"""The C player's threads play what is published, from the moment that it is, over real sockets."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_address
from itertools import product

import dns.message
import pytest

from harness.awaiting import until
from harness.players import NOT_BUILT
from harness.wire import UdpClient
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import RCode
from rrdns.config.settings import Listen
from rrdns.serve.players import UdpServing
from rrdns.serve.sockets import bind
from rrdns.zone.tree import RRType

from .conftest import ADDRESSES, HOST, WWW, Served

native = pytest.importorskip("rrdns.serve.native", reason=NOT_BUILT, exc_type=ImportError)

HIT = dns.message.make_query("www.lab.example", "A").to_wire()
LEFT = dns.message.make_query("version.bind", "TXT", "CH").to_wire()
RESPONSE = HIT[:2] + b"\x80" + HIT[3:]


def addresses(reply: bytes) -> list[str]:
    return [r.address for rrset in dns.message.from_wire(reply).answer for r in rrset]


@pytest.fixture
def running(served: Served) -> Iterator[UdpServing]:
    server = served.server()
    server.start()
    yield server
    server.stop()


def test_it_answers_what_waited_and_stops_twice(served: Served) -> None:
    server = served.server()
    with UdpClient(HOST, served.port) as early:
        early.send(HIT)
        early.send(LEFT)
        server.start()
        assert {early.receive()[:2], early.receive()[:2]} == {HIT[:2], LEFT[:2]}
    server.stop()
    server.stop()
    assert all(sock.fileno() == -1 for sock in served.bound.udp)


def test_one_that_never_started_closes_its_sockets(served: Served) -> None:
    served.server().stop()
    assert all(sock.fileno() == -1 for sock in served.bound.udp)


def test_stop_answers_what_has_arrived(served: Served) -> None:
    """Several batches of it wait when the thread is told to stop, which has hardly begun."""
    packets = [HIT] * 9 + [LEFT]
    with closing(bind(Listen(ip_address(HOST), 0))) as bound, ExitStack() as opened:
        [sock] = bound.udp
        port = sock.getsockname()[1]
        clients = [opened.enter_context(UdpClient(HOST, port)) for _ in range(40)]
        for client, packet in product(clients, packets):
            client.send(packet)
        udp = native._player.Udp(((sock.fileno(), native._player.Tally()),))
        udp.publish(served.publisher.publication.edition.entries.table)
        udp.start()
        udp.stop()
        for client in clients:
            assert [client.receive()[:2] for _ in range(9)] == [HIT[:2]] * 9
        left = list(iter(udp.take_left, None))
        assert [query for query, _, _ in left] == [LEFT] * len(clients)


def test_stop_has_the_reference_answer_what_was_left(served: Served) -> None:
    server = served.server()
    with ExitStack() as opened:
        clients = [opened.enter_context(UdpClient(HOST, served.port)) for _ in range(100)]
        for client in clients:
            client.send(LEFT)
        server.start()
        server.stop()
        assert {client.receive()[:2] for client in clients} == {LEFT[:2]}


def test_what_is_left_is_answered_by_the_reference_and_counted(
    served: Served, running: UdpServing
) -> None:
    with UdpClient(HOST, served.port) as client:
        client.send(RESPONSE)
        for number in range(1, 6):
            assert client.ask(LEFT)[3] & 0xF == RCode.REFUSED
            assert client.ask(HIT)[3] & 0xF == RCode.NOERROR
            tally = served.players.tally(Transport.UDP)
            assert tally.left == number
            assert tally.rcodes == {RCode.NOERROR: number, RCode.REFUSED: number}
        until(lambda: served.players.tally(Transport.UDP).unanswered == 1)
        tally = served.players.tally(Transport.UDP)
        assert (tally.overflowed, tally.unsent, tally.faults) == (0, 0, 0)
        assert served.players.tally(Transport.TCP).rcodes == {}


def test_what_is_published_while_it_runs_is_played(served: Served, running: UdpServing) -> None:
    with UdpClient(HOST, served.port) as client:
        for _ in range(100):
            for down in ADDRESSES:
                served.refresh(down)
                assert set(addresses(client.ask(HIT))) == set(ADDRESSES) - {down}
        served.refresh()
        assert set(addresses(client.ask(HIT))) == set(ADDRESSES)


def test_who_came_first_is_counted_over_publications(served: Served, running: UdpServing) -> None:
    expected: Counter[str] = Counter()
    with UdpClient(HOST, served.port) as client:
        for down in ("", *ADDRESSES, ""):
            served.refresh(down)
            expected.update(addresses(client.ask(HIT))[0] for _ in range(6))
    counted = served.players.tally(Transport.UDP).firsts
    assert {str(ip_address(data)): n for (_, data), n in counted.items()} == expected
    assert {key for key, _ in counted} == {(WWW, RRType.A)}


def test_all_threads_together_give_everyone_the_same_turns(
    served: Served, running: UdpServing
) -> None:
    """Each client has a port of its own, so that every socket gets some."""
    firsts: Counter[str] = Counter()
    for _ in range(300):
        with UdpClient(HOST, served.port) as client:
            firsts[addresses(client.ask(HIT, tries=1))[0]] += 1
    assert firsts == dict.fromkeys(ADDRESSES, 100)
