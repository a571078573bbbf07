"""The name server asks the agents, and sends visitors to hosts that serve at their own address."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message

from harness.awaiting import until
from harness.lab import inside, udp_client
from harness.process import ServerProcess, serving
from harness.segment import Segment
from harness.takeover import Scene, config_of, scene

FIRST, SECOND = "10.0.0.127", "10.0.0.128"
NAME, POOL = "www.lab.example", "www.lab.example."
STATUS_PORT = 8056
VIPS = {
    FIRST: {"owner": "a", "candidates": ["b"]},
    SECOND: {"owner": "b", "candidates": ["a"]},
}
CONFIG = """
dns: {{listen: ["127.0.0.1:$DNS_PORT"]}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks: {{ping: {{type: icmp, interval: 200ms, timeout: 2s}}}}
pools: {{www.lab.example: {{checks: [ping]}}}}
takeover: {{status: [{urls}], interval: 200ms, timeout: 1s}}
"""
ZONE = f"""
$TTL 2
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
www  A   {FIRST}
www  A   {SECOND}
"""


class Visitor:
    """Who asks the server on the client's host."""

    def __init__(self, net: Segment, server: ServerProcess) -> None:
        self.server = server
        self._net = net

    def answer(self) -> set[str]:
        """The addresses that are handed out."""
        query = dns.message.make_query(NAME, "A")
        with udp_client(self._net.c.namespace, "127.0.0.1", self.server.dns_port) as client:
            reply = dns.message.from_wire(client.ask(query.to_wire()))
        return {record.address for rrset in reply.answer for record in rrset}

    def cover(self, address: str) -> dict[str, Any]:
        """What the server knows of an address."""
        members = json.loads(self.server.get("/status"))["pools"][POOL]["members"]
        (found,) = [member["cover"] for member in members if member["address"] == address]
        return dict(found or {})

    def await_cover(self, address: str, state: str) -> None:
        until(lambda: self.cover(address).get("state") == state)


@contextmanager
def visited(folder: Path, net: Segment) -> Iterator[tuple[Scene, Visitor]]:
    config = config_of(net, VIPS, status_port=STATUS_PORT)
    urls = ", ".join(f'"http://{host.address}:{STATUS_PORT}/"' for host in (net.a, net.b))
    wrapper = tuple(inside(net.c.namespace, []))
    with (
        scene(net, folder, config) as pair,
        serving(folder, CONFIG.format(urls=urls), {"lab.example.zone": ZONE}, wrapper) as server,
    ):
        visitor = Visitor(net, server)
        for vip in VIPS:
            visitor.await_cover(vip, "held")
        yield pair, visitor


def test_an_address_that_is_taken_over_is_covered_until_its_owner_is_back(
    net: Segment, tmp_path: Path
) -> None:
    with visited(tmp_path, net) as (pair, visitor):
        assert visitor.answer() == {FIRST, SECOND}
        net.a.unplug()
        visitor.await_cover(FIRST, "covered")
        assert visitor.cover(FIRST)["by"] == "b"
        until(lambda: visitor.answer() == {SECOND})
        net.a.plug()
        visitor.await_cover(FIRST, "held")
        until(lambda: visitor.answer() == {FIRST, SECOND})
        pair.await_rest()
        assert "CONTESTED" not in visitor.server.log


def test_what_two_hosts_hold_is_contested(net: Segment, tmp_path: Path) -> None:
    """Neither of them can know it, but whoever hears both can."""
    with visited(tmp_path, net) as (pair, visitor):
        net.part(net.a, net.b)
        pair.await_holder("a", "b", address=FIRST)
        visitor.await_cover(FIRST, "contested")
        net.join(net.a, net.b)
        visitor.await_cover(FIRST, "held")
        pair.await_rest()
        until(lambda: visitor.answer() == {FIRST, SECOND})


def test_a_stranger_contests_it_too(net: Segment, tmp_path: Path) -> None:
    with visited(tmp_path, net) as (_, visitor):
        net.d.take(FIRST)
        visitor.await_cover(FIRST, "contested")
        assert net.d.mac in visitor.cover(FIRST)["reason"]
        until(lambda: visitor.answer() == {SECOND})
        net.d.drop(FIRST)
        visitor.await_cover(FIRST, "held")
