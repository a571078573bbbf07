"""The whole of it: mirrors with virtual addresses, their agents, and a name server that asks them.

A mirror dies. Its address goes on answering, from its peer, for those who have it in their caches;
new visitors are sent elsewhere until it is back.
"""

import json
from pathlib import Path

from harness import process
from harness.awaiting import until
from harness.segment import VIP, Segment
from harness.takeover import config_of, scene

OTHER = "10.0.0.128"
VIPS = {
    VIP: {"owner": "a", "candidates": ["b"]},
    OTHER: {"owner": "b", "candidates": ["a"]},
}
STATUS_PORT = 8056
CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"]}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks: {{alive: {{type: icmp, interval: 500ms, timeout: 2s}}}}
takeover:
  status: ["http://10.0.0.11:{STATUS_PORT}/", "http://10.0.0.12:{STATUS_PORT}/"]
  interval: 100ms
pools: {{www.lab.example: {{checks: [alive]}}}}
"""
ZONE = f"""
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
www  A   {VIP}
www  A   {OTHER}
"""


def handed_out(server: process.ServerProcess) -> set[str]:
    [pool] = json.loads(server.get("/status"))["pools"].values()
    return set(pool["in_rotation"])


def cover_of(server: process.ServerProcess, vip: str) -> tuple[str, str | None]:
    """What the server knows of an address: its state, and by whom."""
    [pool] = json.loads(server.get("/status"))["pools"].values()
    [cover] = [member["cover"] for member in pool["members"] if member["address"] == vip]
    return cover["state"], cover["by"]


def test_visitors_are_sent_elsewhere_while_a_dead_mirrors_address_is_answered_by_its_peer(
    net: Segment, tmp_path: Path
) -> None:
    config = config_of(net, VIPS, status_port=STATUS_PORT)
    files = {"lab.example.zone": ZONE}
    wrapper = tuple(net.w.command([]))
    with (
        scene(net, tmp_path, config) as pair,
        process.serving(tmp_path, CONFIG, files, wrapper) as server,
    ):
        until(lambda: cover_of(server, VIP)[0] == "held")
        assert handed_out(server) == {VIP, OTHER}

        net.a.unplug()
        pair.await_holder("b", address=VIP)
        until(lambda: cover_of(server, VIP) == ("covered", "b"))
        until(lambda: handed_out(server) == {OTHER})
        [pool] = json.loads(server.get("/status"))["pools"].values()
        assert {member["state"] for member in pool["members"]} == {"up"}

        net.a.plug()
        pair.await_holder("a", address=VIP)
        until(lambda: handed_out(server) == {VIP, OTHER})
