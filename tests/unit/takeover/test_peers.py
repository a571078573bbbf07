"""Agents hear each other, and nobody else; here over the loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_address

import pytest

from harness.awaiting import eventually
from harness.process import free_ports
from rrdns.takeover import peers
from rrdns.takeover.hello import Hello, Saying, encode
from rrdns.takeover.machine.seen import Says
from rrdns.takeover.peers import TTL, Peers, PeersError
from rrdns.takeover.plan import Host

MARCONI = Host("marconi", ip_address("127.0.0.71"), "lo")
HERTZ = Host("hertz", ip_address("127.0.0.72"), "lo")
POPOV = Host("popov", ip_address("127.0.0.73"), "lo", agent=False)
MORSE = Host("morse", ip_address("127.0.0.74"), "lo")
VIP = ip_address("10.0.0.1")
STRANGER = "127.0.0.79"
HELLO = Hello("hertz", "02:00:00:00:00:02", 5, 1, 1.0, {VIP: Saying(Says.HOLDS, 0)})


class Ear:
    """The peers of marconi, and what it has heard of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[Hello] = []
        self.peers = Peers(MARCONI, [HERTZ, POPOV, MORSE], port, self.heard.append)
        self._marks = 0

    async def heard_of(
        self, octets: bytes, source: Host | str = HERTZ, ttl: int = TTL
    ) -> list[Hello]:
        """What it hears when these octets come from there."""
        before = len(self.heard)
        address = source if isinstance(source, str) else str(source.address)
        self._marks += 1
        mark = replace(HELLO, host="morse", number=self._marks)
        self._send(octets, address, ttl)
        self._send(encode(mark), str(MORSE.address), TTL)  # comes after it, and is heard
        await eventually(lambda: mark in self.heard)
        return [hello for hello in self.heard[before:] if hello != mark]

    def _send(self, octets: bytes, source: str, ttl: int) -> None:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            sock.bind((source, 0))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            sock.sendto(octets, (str(MARCONI.address), self.port))


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
async def ear(port: int) -> AsyncIterator[Ear]:
    ear = Ear(port)
    yield ear
    ear.peers.close()


async def test_two_hear_each_other(ear: Ear) -> None:
    heard: list[Hello] = []
    hertz = Peers(HERTZ, [MARCONI], ear.port, heard.append)
    try:
        hertz.say(HELLO)
        ear.peers.say(replace(HELLO, host="marconi"))
        await eventually(lambda: ear.heard and heard)
    finally:
        hertz.close()
    assert ear.heard == [HELLO]
    assert [hello.host for hello in heard] == ["marconi"]


async def test_a_hello_is_heard(ear: Ear) -> None:
    assert await ear.heard_of(encode(HELLO)) == [HELLO]


async def test_what_a_router_has_passed_on_is_not_heard(ear: Ear) -> None:
    assert await ear.heard_of(encode(HELLO), ttl=TTL - 1) == []


@pytest.mark.parametrize("source", [STRANGER, POPOV])
async def test_who_is_no_peer_is_not_heard(ear: Ear, source: Host | str) -> None:
    assert await ear.heard_of(encode(HELLO), source) == []


async def test_nobody_speaks_for_another(ear: Ear) -> None:
    assert await ear.heard_of(encode(replace(HELLO, host="popov"))) == []


@pytest.mark.parametrize("octets", [b"", b"hello", b"\xff" * 1000, b"x" * 65_000])
async def test_what_is_no_hello_is_passed_over(ear: Ear, octets: bytes) -> None:
    assert await ear.heard_of(octets) == []


async def test_who_is_not_understood_is_told_once_until_it_is(
    ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    not_understood = "the agent of hertz is not understood: "
    other_version = encode(HELLO).replace(b'takeover":1', b'takeover":2')
    for octets in (other_version, b"hello", encode(replace(HELLO, host="popov"))):
        assert await ear.heard_of(octets) == []
    (told,) = caplog.messages
    assert told.startswith(f"{not_understood}it speaks version 2 ")
    assert await ear.heard_of(encode(HELLO)) == [HELLO]
    await ear.heard_of(encode(replace(HELLO, host="popov")))
    told = f"{not_understood}it calls itself 'popov'; name it alike in both files"
    assert caplog.messages[1:] == [told]


async def test_what_was_said_before_is_not_heard_after(ear: Ear) -> None:
    first, second = replace(HELLO, run=5), replace(HELLO, run=6)
    assert await ear.heard_of(encode(second)) == [second]
    assert await ear.heard_of(encode(first)) == []
    assert await ear.heard_of(encode(second)) == []


async def test_a_host_whose_clock_was_set_back_is_believed_after_a_while(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ear.heard_of(encode(HELLO))
    set_back = replace(HELLO, run=1)
    assert await ear.heard_of(encode(set_back)) == []
    monkeypatch.setattr(peers, "FORGOTTEN_S", -1.0)
    assert await ear.heard_of(encode(set_back)) == [set_back]


async def test_who_is_not_there_is_no_failure(ear: Ear) -> None:
    """What was sent before to a port where nobody listens comes back as an error, and is none."""
    ear.peers.say(replace(HELLO, host="marconi"))
    await asyncio.sleep(0)
    assert await ear.heard_of(encode(HELLO)) == [HELLO]


@pytest.fixture
def other(port: int) -> Iterator[None]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((str(MARCONI.address), port))
        yield


@pytest.mark.usefixtures("other")
async def test_a_port_that_is_taken_is_named(port: int) -> None:
    with pytest.raises(PeersError, match=rf"from 127\.0\.0\.71 port {port}: Address already in"):
        Peers(MARCONI, [HERTZ], port, print)


async def test_an_address_that_is_not_this_hosts_is_named(port: int) -> None:
    elsewhere = Host("marconi", ip_address("192.0.2.1"), "eth0")
    mend = "this machine does not have that address now"
    with pytest.raises(PeersError, match=rf"from 192\.0\.2\.1 port \d+: .*; {mend}"):
        Peers(elsewhere, [HERTZ], port, print)
