"""Replies over UDP that the system does not take are dropped and counted, and hold up nobody.

A firewall of the server's own refuses replies to mirror 1, or the link there hardly takes any.
"""

import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.message
import pytest

from harness import lab, process
from harness.awaiting import until
from harness.lab import Lab, inside, run
from harness.process import ServerProcess
from harness.wire import UdpClient
from rrdns.config.settings import PlayerChoice

CONFIG = """
dns: {listen: ["0.0.0.0:$DNS_PORT"], player: $PLAYER, workers: 1}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
"""
TEXTS = 5  # of 200 octets each: replies are long, so that few fill a queue
ZONE = f"""
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   10.77.1.1
txt  TXT {" ".join(['"' + 200 * "x" + '"'] * TEXTS)}
"""
CLIENTS = 100  # on each side
CUT = (
    "add table ip cut;"
    "add chain ip cut out { type filter hook output priority 0; };"
    "add rule ip cut out ip daddr 10.77.1.2 drop"
)
SLOW = ("root", "tbf", "rate", "8kbit", "burst", "1600", "limit", "100000000")

SHORT = dns.message.make_query("ns1.lab.example", "A").to_wire()
LONG = dns.message.make_query("txt.lab.example", "TXT", use_edns=0, payload=1232).to_wire()


@pytest.fixture
def running(tmp_path: Path, player: PlayerChoice) -> Iterator[tuple[Lab, ServerProcess]]:
    with lab.lab(tmp_path, mirrors=2) as hosts:
        files = {"lab.example.zone": ZONE}
        with process.serving(tmp_path, CONFIG, files, hosts.wrapper, player) as server:
            yield hosts, server


@pytest.fixture
def sides(running: tuple[Lab, ServerProcess]) -> Iterator[list[tuple[UdpClient, UdpClient]]]:
    """Clients on mirror 1, where replies do not get, and on mirror 2."""
    hosts, server = running
    first, second = (mirror.namespace for mirror in hosts.mirrors)
    with ExitStack() as opened:
        yield [
            (
                opened.enter_context(lab.udp_client(first, "10.77.1.1", server.dns_port)),
                opened.enter_context(lab.udp_client(second, "10.77.2.1", server.dns_port)),
            )
            for _ in range(CLIENTS)
        ]


@contextmanager
def stopped(server: ServerProcess) -> Iterator[None]:
    """The server reads nothing until the block ends."""
    server.send(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send(signal.SIGCONT)


def unsent(server: ServerProcess) -> float:
    pattern = r'^rrdns_unsent_replies_total{protocol="udp"} (\S+)$'
    [value] = re.findall(pattern, server.get("/metrics").decode(), re.M)
    return float(value)


def test_clients_that_can_not_be_reached_cost_the_others_no_reply(
    running: tuple[Lab, ServerProcess], sides: list[tuple[UdpClient, UdpClient]]
) -> None:
    """They stand side by side in what the server reads at once."""
    hosts, server = running
    run(inside(hosts.namespace, ["nft", CUT]))
    with stopped(server):
        for unreachable, other in sides:
            unreachable.send(SHORT)
            other.send(SHORT)
    assert {other.receive()[:2] for _, other in sides} == {SHORT[:2]}
    until(lambda: unsent(server) == CLIENTS)


def test_a_link_that_takes_no_more_does_not_hold_up_the_server(
    running: tuple[Lab, ServerProcess], sides: list[tuple[UdpClient, UdpClient]]
) -> None:
    """What waits for the link fills the memory that the socket has for it. All more is dropped at
    once: the server goes on reading, and is there when the link is."""
    hosts, server = running
    if not shutil.which("tc"):
        pytest.skip("a slow link needs tc, of iproute2")
    link = ["dev", "m1"]
    run(inside(hosts.namespace, ["tc", "qdisc", "add", *link, *SLOW]))

    def drops_more_than(count: float) -> bool:
        for slow, _ in sides:
            slow.send(LONG)
        return unsent(server) > count

    until(lambda: drops_more_than(0))
    full_at = unsent(server)
    until(lambda: drops_more_than(full_at + CLIENTS))
    run(inside(hosts.namespace, ["tc", "qdisc", "del", *link, "root"]))
    for _, other in sides:
        assert other.ask(SHORT)[:2] == SHORT[:2]
