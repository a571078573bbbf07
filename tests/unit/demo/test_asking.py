"""A question that fails is told in words, whatever the reason."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

import dns.message
import pytest

from rrdns.config.settings import Listen
from rrdns.demo.asking import Asked, Asking
from rrdns.zone.name import from_text


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A UDP socket in the server's place."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        yield sock


async def outcome(sock: socket.socket, *replies: bytes) -> Asked:
    """What came of a question to which `sock` replies with these octets.

    Where they begin with the ID 0, they get that of the query.
    """
    listen = Listen(IPv4Address("127.0.0.1"), sock.getsockname()[1])
    asking = asyncio.create_task(Asking(listen, from_text("www.linux.example")).ask())
    query, client = await asyncio.get_running_loop().sock_recvfrom(sock, 512)
    for reply in replies:
        sock.sendto((query[:2] if reply[:2] == b"\0\0" else reply[:2]) + reply[2:], client)
    return await asking


def reply(*addresses: str, message_id: int = 0) -> bytes:
    message = dns.message.make_response(dns.message.make_query("www.linux.example", "A"))
    message.id = message_id
    # dnspython would shuffle the addresses of one name.
    lines = "\n".join(f"{n}.linux.example. 60 IN A {it}" for n, it in enumerate(addresses))
    text = f"{message.to_text().split(';ANSWER')[0]};ANSWER\n{lines}\n;AUTHORITY\n;ADDITIONAL\n"
    return dns.message.from_text(text).to_wire()


async def test_the_addresses_are_kept_in_the_order_of_the_reply(server: socket.socket) -> None:
    asked = await outcome(server, reply("127.0.0.12", "127.0.0.11"))
    assert asked.found == ("127.0.0.12", "127.0.0.11")


async def test_a_reply_to_another_question_is_passed_over(server: socket.socket) -> None:
    asked = await outcome(server, b"\x01", reply("127.0.0.11"))
    assert asked.found == ("127.0.0.11",)


async def test_a_reply_without_addresses_is_told(server: socket.socket) -> None:
    assert (await outcome(server, reply())).failure == "no address"


async def test_a_broken_reply_is_told(server: socket.socket) -> None:
    assert "a broken answer" in (await outcome(server, b"\0\0\0")).failure


async def test_silence_is_told(server: socket.socket) -> None:
    assert (await outcome(server)).failure == "no answer within 1 s"


async def test_a_server_that_is_gone_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    asking = Asking(Listen(IPv4Address("127.0.0.1"), port), from_text("www.linux.example"))
    assert (await asking.ask()).failure == "Connection refused"
