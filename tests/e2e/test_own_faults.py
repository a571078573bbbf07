"""What goes wrong on the server's own host takes nobody out, is said, and passes by itself."""

import json
import resource
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness import lab, process
from harness.awaiting import until
from rrdns.health.probes.icmp import NOT_PERMITTED

FEW = 4  # fewer descriptors than the server has open

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"], player: python}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
checks: {it: {CHECK, interval: 200ms, timeout: 2s}}
pools: {www.lab.example: {checks: [it]}}
"""

ZONE = """
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
"""


def zone(*addresses: str) -> dict[str, str]:
    return {"lab.example.zone": ZONE + "".join(f"www A {address}\n" for address in addresses)}


def pool(server: process.ServerProcess) -> Any:
    return json.loads(server.get("/pools/www.lab.example"))


def states(server: process.ServerProcess) -> set[str]:
    return {member["state"] for member in pool(server)["members"]}


def test_without_the_permission_to_ping_everybody_is_handed_out(tmp_path: Path) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("taking a capability away needs setpriv")
    with lab.lab(tmp_path, mirrors=2) as hosts:
        addresses = [mirror.address for mirror in hosts.mirrors]
        unprivileged = (*hosts.wrapper, "setpriv", "--bounding-set", "-net_raw")
        config = CONFIG.replace("CHECK", "type: icmp")
        with process.serving(tmp_path, config, zone(*addresses), unprivileged) as server:
            until(lambda: len(pool(server)["members"][0]["checks"][0]["recent"]) > 3)
            assert states(server) == {"unknown"}
            assert set(pool(server)["in_rotation"]) == set(addresses)
            [reason] = {member["checks"][0]["reason"] for member in pool(server)["members"]}
            assert reason == NOT_PERMITTED
            said = [line for line in server.log.splitlines() if "can not be carried out" in line]
            assert len(said) == len(addresses), "once for each member"


def test_without_a_file_descriptor_to_spare_nobody_is_taken_out(tmp_path: Path) -> None:
    addresses = [f"127.0.5.{n}" for n in range(1, 4)]
    with ExitStack() as mirrors:
        first = mirrors.enter_context(socket.create_server((addresses[0], 0)))
        port = first.getsockname()[1]
        for address in addresses[1:]:
            mirrors.enter_context(socket.create_server((address, port)))
        config = CONFIG.replace("CHECK", f"type: tcp, port: {port}")
        with process.serving(tmp_path, config, zone(*addresses)) as server:
            until(lambda: states(server) == {"up"})
            pid = server.process.pid
            plenty = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW, plenty[1]))
            until(lambda: "no file descriptor left" in server.log)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, plenty)
            until(lambda: pool(server)["members"][0]["checks"][0]["outcome"] == "pass")
            recent = [m["checks"][0]["recent"] for m in pool(server)["members"]]
            assert {outcome for probes in recent for _, outcome, _ in probes} == {"pass", "error"}
            assert states(server) == {"up"}
            assert "DOWN" not in server.log
