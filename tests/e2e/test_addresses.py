"""A server on all addresses replies from the one that was asked, on hosts with several of them.

mirror 1 reaches all addresses of the server over its one link; a reply that took the address of
that link would not be let in by the client, whose socket is connected.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.message
import pytest

from harness import lab, process
from harness.awaiting import until
from harness.lab import Lab, inside, run
from rrdns.config.settings import PlayerChoice

CONFIG = """
dns: {listen: ["0.0.0.0:$DNS_PORT", "[::]:$DNS_PORT"], player: $PLAYER, workers: 2}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
"""
ZONE = """
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   10.77.1.1
"""
SERVER, MIRROR = "m1", "up0"  # the ends of the first link
GLOBAL = ("10.77.1.1", "10.77.2.1", "fd77:1::1", "fd77:2::1")
PORTS = 20  # of clients, so that each worker gets some

HELD = dns.message.make_query("ns1.lab.example", "A").to_wire()
LEFT = dns.message.make_query("version.bind", "TXT", "CH").to_wire()


@pytest.fixture
def running(tmp_path: Path, player: PlayerChoice) -> Iterator[tuple[Lab, process.ServerProcess]]:
    with lab.lab(tmp_path, mirrors=2) as hosts:
        _number(hosts)
        files = {"lab.example.zone": ZONE}
        with process.serving(tmp_path, CONFIG, files, hosts.wrapper, player) as server:
            yield hosts, server


def _number(hosts: Lab) -> None:
    """Gives the server IPv6 addresses too, and mirror 1 a way to all of them."""
    mirror = hosts.mirrors[0].namespace
    for namespace, device, address in (
        (hosts.namespace, "m1", "fd77:1::1/64"),
        (hosts.namespace, "m2", "fd77:2::1/64"),
        (mirror, MIRROR, "fd77:1::2/64"),
    ):
        run(inside(namespace, ["ip", "address", "add", address, "dev", device, "nodad"]))
    run(inside(mirror, ["ip", "route", "add", "default", "via", "10.77.1.1"]))
    run(inside(mirror, ["ip", "-6", "route", "add", "default", "via", "fd77:1::1"]))


def link_local(namespace: str, device: str) -> str | None:
    """The address that `device` has made itself, once nobody else turned out to have it."""
    show = ["ip", "-6", "-oneline", "address", "show", "dev", device, "scope", "link", "-tentative"]
    said = subprocess.run(inside(namespace, show), check=True, capture_output=True, text=True)
    found = re.search(r"inet6 (fe80::[^/]+)/", said.stdout)
    return found[1] if found else None


def assert_answered(hosts: Lab, host: str, port: int, source: str | None = None) -> None:
    """Whether the table holds the answer or not."""
    for _ in range(PORTS):
        with lab.udp_client(hosts.mirrors[0].namespace, host, port, source) as client:
            for query in (HELD, LEFT):
                assert client.ask(query)[2] & 0x80


@pytest.mark.parametrize("address", GLOBAL)
def test_a_reply_comes_from_the_address_that_was_asked(
    running: tuple[Lab, process.ServerProcess], address: str
) -> None:
    hosts, server = running
    assert_answered(hosts, address, server.dns_port)


@pytest.mark.parametrize(
    "source", [None, "fd77:1::2"], ids=["from such a one", "from a global one"]
)
def test_link_local_addresses_are_answered_on_their_link(
    running: tuple[Lab, process.ServerProcess], source: str | None
) -> None:
    hosts, server = running
    mirror = hosts.mirrors[0].namespace
    until(lambda: link_local(hosts.namespace, SERVER) and link_local(mirror, MIRROR))
    address = link_local(hosts.namespace, SERVER)
    assert_answered(hosts, f"{address}%{MIRROR}", server.dns_port, source)
