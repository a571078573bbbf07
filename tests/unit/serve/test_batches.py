"""Every reply of a batch goes to who asked, whatever becomes of the others."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_address
from typing import Any

import pytest

from harness.wire import UdpClient, has_ipv6
from rrdns.config.settings import Listen
from rrdns.serve import batches
from rrdns.serve.batches import BATCH, LARGEST_DATAGRAM, Batch
from rrdns.serve.sockets import bind

HOSTS = ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",)
WILDCARDS = {"127.0.0.1": "0.0.0.0", "::1": "::"}

SOME = {
    "the first": {0},
    "the last": {BATCH - 1},
    "a few": {3, 4, 9},
    "every other": set(range(0, BATCH, 2)),
    "all": set(range(BATCH)),
}
"""Places of a batch."""

Clients = list[UdpClient]
Gather = Callable[[str, int], tuple[Batch, Clients]]


@pytest.fixture
def gather() -> Iterator[Gather]:
    """A batch of a socket bound to an address, and so many clients on the loopback address of that
    family."""
    with ExitStack() as opened:

        def gather(host: str, count: int) -> tuple[Batch, Clients]:
            bound = opened.enter_context(closing(bind(Listen(ip_address(host), 0))))
            [sock] = bound.udp
            port = sock.getsockname()[1]
            here = "::1" if ":" in host else "127.0.0.1"
            clients = [opened.enter_context(UdpClient(here, port)) for _ in range(count)]
            return Batch(sock), clients

        yield gather


def numbered(number: int) -> bytes:
    """What no other number makes; of changing length, so that none fits in another's place."""
    return b"%d|" % number * (1 + number * 7 % 30)


def ask_all(clients: Clients) -> None:
    for number, client in enumerate(clients):
        client.send(numbered(number))


def assert_nothing_else(batch: Batch, clients: Clients) -> None:
    """What they hear next is the reply to what they ask next."""
    for client in clients:
        client.send(b"next")
    batch.send(batch.receive())
    assert [client.receive() for client in clients] == [b"next"] * len(clients)


def fail_at(monkeypatch: pytest.MonkeyPatch, batch: Batch, fails: set[int]) -> None:
    """Has the system take no reply in these places: it sends those before the first such one, or
    says of that one that it fails, and nothing of what is behind it (sendmmsg(2))."""
    send = batches._send

    def failing_send(fd: int, header: Any, count: int, flags: int) -> int:
        first = batch._headers.index(header)
        good = next((n for n in range(count) if first + n in fails), count)
        return int(send(fd, header, good, flags)) if good else -1

    monkeypatch.setattr(batches, "_send", failing_send)


@pytest.mark.parametrize("host", [*HOSTS, *map(WILDCARDS.__getitem__, HOSTS)])
def test_each_gets_the_reply_to_what_it_asked(gather: Gather, host: str) -> None:
    batch, clients = gather(host, BATCH + 6)
    for _ in range(3):
        ask_all(clients)
        for size in (BATCH, 6):
            queries = batch.receive()
            assert len(queries) == size
            assert batch.send([query[::-1] for query in queries]) == 0
        assert batch.receive() == []
        assert batch.send([]) == 0
        for number, client in enumerate(clients):
            assert client.receive() == numbered(number)[::-1]
        clients.reverse()


@pytest.mark.parametrize("silent", SOME.values(), ids=SOME)
def test_silence_is_sent_to_nobody(gather: Gather, silent: set[int]) -> None:
    batch, clients = gather("127.0.0.1", BATCH)
    ask_all(clients)
    replies = [None if at in silent else query for at, query in enumerate(batch.receive())]
    assert batch.send(replies) == 0
    for number in set(range(BATCH)) - silent:
        assert clients[number].receive() == numbered(number)
    assert_nothing_else(batch, clients)


@pytest.mark.parametrize("fails", SOME.values(), ids=SOME)
def test_what_the_system_does_not_take_costs_nobody_else_anything(
    gather: Gather, monkeypatch: pytest.MonkeyPatch, fails: set[int]
) -> None:
    """Each of the others gets its reply once; nothing is tried again, so that nothing waits."""
    batch, clients = gather("127.0.0.1", BATCH)
    ask_all(clients)
    with monkeypatch.context() as patched:
        fail_at(patched, batch, fails)
        assert batch.send(batch.receive()) == len(fails)
    for number in set(range(BATCH)) - fails:
        assert clients[number].receive() == numbered(number)
    assert_nothing_else(batch, clients)


def test_a_reply_without_room_is_not_sent_and_harms_no_other(gather: Gather) -> None:
    batch, clients = gather("127.0.0.1", 3)
    ask_all(clients)
    first, _, last = batch.receive()
    assert batch.send([first, bytes(LARGEST_DATAGRAM + 1), last]) == 1
    assert clients[0].receive() == first
    assert clients[2].receive() == last
    assert_nothing_else(batch, clients)


def test_what_is_too_long_is_cut_off_in_its_place(gather: Gather) -> None:
    batch, (client,) = gather("127.0.0.1", 1)
    sent = [b"before", bytes(range(256)) * 20, b"behind"]
    for packet in sent:
        client.send(packet)
    assert batch.receive() == [packet[:LARGEST_DATAGRAM] for packet in sent]


@pytest.mark.parametrize("host", HOSTS)
def test_each_sender_is_known_by_its_address(gather: Gather, host: str) -> None:
    batch, clients = gather(host, BATCH)
    ask_all(clients)
    assert len(batch.receive()) == BATCH
    assert {str(sender) for sender in batch.senders} == {host}


def test_senders_are_those_of_what_was_received_last(gather: Gather) -> None:
    batch, (client,) = gather("0.0.0.0", 1)
    port = client.socket.getpeername()[1]
    for last in (7, 200):
        hosts = [f"127.0.{last}.{number}" for number in range(1, 9)]
        for host in hosts:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((host, 0))
                sock.sendto(b"query", ("127.0.0.1", port))
        batch.receive()
        assert [str(sender) for sender in batch.senders[: len(hosts)]] == hosts


def test_a_wildcard_socket_replies_from_the_address_that_was_asked(gather: Gather) -> None:
    """The clients are connected, so that they hear nobody else; a batch has many addresses."""
    batch, (client,) = gather("0.0.0.0", 1)
    port = client.socket.getpeername()[1]
    with ExitStack() as opened:
        clients = [
            opened.enter_context(UdpClient(f"127.0.0.{number}", port)) for number in range(1, 33)
        ]
        for _ in range(2):
            ask_all(clients)
            assert batch.send(batch.receive()) == 0
            for number, asked in enumerate(clients):
                assert asked.receive() == numbered(number)


@pytest.mark.parametrize("host", [WILDCARDS[host] for host in HOSTS])
def test_a_reply_is_not_bound_to_the_interface_by_which_the_query_came(
    gather: Gather, host: str
) -> None:
    """The way back may be another one; which, the routing table says."""
    batch, clients = gather(host, 3)
    ask_all(clients)
    assert len(batch.receive()) == len(clients)
    assert batch._told_octets[0]
    assert batch._interfaces[: len(clients)].tolist() == [0] * len(clients)
