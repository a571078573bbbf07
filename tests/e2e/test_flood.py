"""A flood of what the table does not hold degrades only itself.

One socket sends without end what the reference answerer has to look at; everything else goes on:
answers from the table, TCP, health, and the memory stays as it is.
"""

import json
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.message
import pytest

from harness import flooder
from harness.awaiting import until
from harness.listening import listeners
from harness.players import needs_c
from harness.process import ServerProcess, free_ports, serving
from harness.wire import TcpClient, UdpClient

pytestmark = needs_c

INTERVAL_S, FAST_S, TIMEOUT_S, FALL = 1.0, 0.25, 0.5, 2
BOUND_S = INTERVAL_S + (FALL - 1) * FAST_S + TIMEOUT_S
SLACK_S = 2.0  # for a busy machine: the flood takes a core of it
ASKED = 300
MOST_GROWTH_KIB = 16 << 10  # all that may wait is 4 MiB

CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"], player: c, workers: 1}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks:
  open: {{type: tcp, port: MIRROR_PORT, interval: {INTERVAL_S}s, timeout: {TIMEOUT_S}s,
         fast_interval: {FAST_S}s, fall: {FALL}}}
pools:
  www.lab.example: {{checks: [open]}}
"""
MIRRORS = ("127.0.5.1", "127.0.5.2", "127.0.5.3")
ZONE = """
$TTL 60
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    127.0.0.1
"""
ZONE += "".join(f"www A {mirror}\n" for mirror in MIRRORS)

HELD = dns.message.make_query("www.lab.example", "A").to_wire()
CHAOS = dns.message.make_query("version.bind", "TXT", "CH").to_wire()


def _malformed_opt() -> bytes:
    """A query whose OPT says that it has an option longer than itself."""
    query = dns.message.make_query("www.lab.example", "A", use_edns=0).to_wire()
    return query[:-2] + struct.pack("!HHH", 4, 10, 100)


LEFT = {"CHAOS": CHAOS, "a malformed OPT": _malformed_opt()}


@contextmanager
def flood(server: ServerProcess, packet: bytes) -> Iterator[None]:
    """Sends `packet` to `server` until the block ends, as fast as one process can."""
    command = [sys.executable, flooder.__file__, "127.0.0.1", str(server.dns_port), packet.hex()]
    process = subprocess.Popen(command)
    try:
        yield
        assert process.poll() is None, "the flood has run dry"
    finally:
        process.kill()
        process.wait()


def counted(server: ServerProcess, name: str) -> float:
    """The counter of that name for UDP."""
    pattern = rf'^{name}_total{{protocol="udp"}} (\S+)$'
    [value] = re.findall(pattern, server.get("/metrics").decode(), re.M)
    return float(value)


def resident_kib(server: ServerProcess) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def addresses(reply: bytes) -> set[str]:
    return {record.address for rrset in dns.message.from_wire(reply).answer for record in rrset}


def state(server: ServerProcess, address: str) -> str:
    members = json.loads(server.get("/status"))["pools"]["www.lab.example."]["members"]
    return next(str(m["state"]) for m in members if m["address"] == address)


@pytest.mark.parametrize("packet", LEFT.values(), ids=LEFT)
def test_a_flood_of_what_the_table_does_not_hold_harms_only_itself(
    tmp_path: Path, packet: bytes
) -> None:
    with ExitStack() as opened:
        [port] = free_ports(1)
        alive, dying = opened.enter_context(ExitStack()), opened.enter_context(ExitStack())
        alive.enter_context(listeners(MIRRORS[:2], port))
        dying.enter_context(listeners(MIRRORS[2:], port))
        config = CONFIG.replace("MIRROR_PORT", str(port))
        server = opened.enter_context(serving(tmp_path, config, {"lab.example.zone": ZONE}))
        client = opened.enter_context(UdpClient("127.0.0.1", server.dns_port))
        assert addresses(client.ask(HELD)) == set(MIRRORS)
        before = resident_kib(server)
        with flood(server, packet):
            until(lambda: counted(server, "rrdns_overflowed_queries"))
            for _ in range(ASKED):
                assert addresses(client.ask(HELD)) == set(MIRRORS)
            dying.close()
            died_at = time.monotonic()
            until(lambda: addresses(client.ask(HELD)) == set(MIRRORS[:2]))
            assert time.monotonic() - died_at < BOUND_S + SLACK_S
            with TcpClient("127.0.0.1", server.dns_port) as stream:
                for query in (HELD, CHAOS) * 20:
                    assert stream.ask(query)[:2] == query[:2]
            dying.enter_context(listeners(MIRRORS[2:], port))
            until(lambda: state(server, MIRRORS[2]) == "up")
            assert counted(server, "rrdns_left_queries") > 0
        assert resident_kib(server) - before < MOST_GROWTH_KIB
        answered = counted(server, "rrdns_left_queries")
        until(lambda: client.ask(CHAOS)[2] & 0x80)
        assert counted(server, "rrdns_left_queries") > answered
