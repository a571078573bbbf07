"""`rrdns doctor` sees what stands in the way on a real host, and disturbs nothing.

The hosts are network namespaces of the test's own wherever more is needed than the loopback.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.message
import pytest

from harness.process import ServerProcess, free_ports, serving
from harness.wire import UdpClient
from rrdns.config.settings import PlayerChoice

CONFIG = """
dns: {listen: LISTEN, player: $PLAYER}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.rrdns.test: lab.zone}
"""
ZONE = """
$TTL 60
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    127.0.0.1
www  A    127.0.4.1
www  A    127.0.4.2
"""
PINGING = """
checks: {alive: {type: icmp}}
pools: {www.lab.rrdns.test: {checks: [alive]}}
"""
NO_PRIVILEGE = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")


class Found:
    """What a run of the doctor printed, and how it ended."""

    def __init__(self, ended: "subprocess.CompletedProcess[str]") -> None:
        self.status, self.errors = ended.returncode, ended.stderr
        *lines, self.summary = ended.stdout.splitlines() or [""]
        self.findings = [line.split(": ", 2) for line in lines]
        assert "Traceback" not in self.errors

    def texts(self, level: str, examination: str) -> list[str]:
        return [text for *kind, text in self.findings if kind == [level, examination]]

    def only(self, level: str, examination: str) -> str:
        """The one finding of that level that the examination made."""
        found = self.texts(level, examination)
        assert len(found) == 1, self.findings
        return found[0]


def doctor(config: Path, *options: str, under: Sequence[str] = ()) -> Found:
    """Runs `rrdns doctor`, perhaps under another program."""
    command = [*under, sys.executable, "-m", "rrdns", "doctor", "-c", str(config), *options]
    return Found(subprocess.run(command, capture_output=True, text=True, timeout=60))


def write(folder: Path, *listen: str, more: str = "", zone: str = ZONE) -> Path:
    """A configuration without a server; the path of it."""
    (folder / "lab.zone").write_text(zone)
    config = folder / "rrdns.yaml"
    config.write_text(
        f"dns: {{listen: {json.dumps(listen)}}}\n"
        f'status: {{listen: "127.0.0.1:{free_ports(1)[0]}"}}\n'
        f"zones: {{lab.rrdns.test: lab.zone}}\n{more}"
    )
    return config


@pytest.fixture
def host() -> Iterator[tuple[str, ...]]:
    """What runs a command in a network of its own, when it is put before it."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip", "setpriv"))):
        pytest.skip("needs root, and unshare, nsenter, ip and setpriv")
    keeper = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
        stdout=subprocess.PIPE,
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"up\n"
        yield ("nsenter", f"--net=/proc/{keeper.pid}/ns/net")
    finally:
        keeper.kill()
        keeper.communicate()


def holder(name: str, address: str, host: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process of that name that has UDP port 53 of `address`; it says when it has."""
    script = (
        "import socket, sys, time\n"
        "open('/proc/self/comm', 'w').write(sys.argv[1])\n"
        "sock = socket.socket(type=socket.SOCK_DGRAM)\n"
        "sock.bind((sys.argv[2], 53))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [*host, sys.executable, "-c", script, name, address], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def asked(server: ServerProcess) -> dns.message.Message:
    with UdpClient("127.0.0.1", server.dns_port) as client:
        query = dns.message.make_query("www.lab.rrdns.test", "A").to_wire()
        return dns.message.from_wire(client.ask(query))


@pytest.mark.usefixtures("_unforked")
def test_beside_a_running_server_all_is_well_and_nothing_is_disturbed(
    tmp_path: Path, player: PlayerChoice
) -> None:
    config = CONFIG.replace("LISTEN", '["0.0.0.0:$DNS_PORT"]')
    with serving(tmp_path, config, {"lab.zone": ZONE}, player=player) as server:
        before = asked(server), server.log
        found = doctor(server.config)
        assert found.status == 0, found.findings
        assert f"(pid {server.process.pid}) runs and is ready" in found.only("ok", "server")
        assert all(f"(pid {server.process.pid})" in text for text in found.texts("ok", "ports"))
        assert len(found.texts("ok", "ports")) == 2
        assert f"127.0.0.1:{server.dns_port}" in found.only("ok", "reply source")
        assert "127.0.0.1 (lo)" in " ".join(
            found.texts("ok", "addresses") + found.texts("note", "addresses")
        )
        assert f"the running server (pid {server.process.pid})" in found.only("ok", "descriptors")
        after = asked(server)
        # Nobody's turn was used up, and nothing is worth a line in the log.
        assert [str(a) for a in before[0].answer[0]] == [str(a) for a in after.answer[0]][::-1]
        assert server.log == before[1]


def test_a_port_that_another_process_has_is_failed_with_its_name(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = doctor(write(tmp_path, f"127.0.0.1:{port}"))
    assert found.status == 1
    text = found.only("failure", "ports")
    assert f"127.0.0.1:{port}" in text
    assert f"(pid {os.getpid()})" in text
    assert found.summary.startswith("something stands in the way (1 failure")


def test_what_is_hidden_without_privilege_is_said(tmp_path: Path) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = doctor(write(tmp_path, f"127.0.0.1:{port}"), under=NO_PRIVILEGE)
    assert found.status == 1
    assert "sudo rrdns doctor" in found.only("failure", "ports")


def test_the_running_server_is_known_without_privilege_too(tmp_path: Path) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv")
    config = CONFIG.replace("LISTEN", '["127.0.0.1:$DNS_PORT"]')
    with serving(tmp_path, config, {"lab.zone": ZONE}) as server:
        found = doctor(server.config, under=NO_PRIVILEGE)
    assert found.status == 0, found.findings
    assert len(found.texts("ok", "ports")) == 2


def test_systemd_resolved_is_recognised_and_cured(tmp_path: Path, host: tuple[str, ...]) -> None:
    resolved = holder("systemd-resolve", "127.0.0.53", host)
    try:
        found = doctor(write(tmp_path, "0.0.0.0:53"), under=host)
        text = found.only("failure", "ports")
        assert f"systemd-resolve (pid {resolved.pid}) has UDP 127.0.0.53:53" in text
        assert "DNSStubListener=no" in text
        named = doctor(write(tmp_path, "127.0.0.1:53"), under=host)
        assert named.texts("failure", "ports") == []
    finally:
        resolved.send_signal(signal.SIGTERM)
        resolved.communicate()


def test_an_address_that_is_not_there_is_failed(tmp_path: Path) -> None:
    found = doctor(write(tmp_path, f"192.0.2.7:{free_ports(1)[0]}"))
    assert found.status == 1
    assert "no interface of this host has 192.0.2.7" in found.only("failure", "addresses")


def test_aliases_are_shown_with_their_labels(tmp_path: Path, host: tuple[str, ...]) -> None:
    for last in range(1, 101):  # more than fit into what is first asked for
        label = ["label", "lo:marc"] if last == 1 else []
        add = ["ip", "address", "add", f"10.77.9.{last}/32", "dev", "lo", *label]
        subprocess.run([*host, *add], check=True)
    found = doctor(write(tmp_path, "0.0.0.0:53"), under=host)
    assert found.status == 0, found.findings
    text = found.only("ok", "addresses")
    assert "10.77.9.1 (lo:marc), 10.77.9.2 (lo)" in text
    assert text.endswith(" and 89 more")


def test_pings_that_are_forbidden_are_failed(tmp_path: Path, host: tuple[str, ...]) -> None:
    config = write(tmp_path, "127.0.0.1:5300", more=PINGING)
    assert doctor(config, under=host).texts("failure", "ping") == []
    without = (*host, "setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-all")
    found = doctor(config, under=without)
    assert found.status == 1
    assert "CAP_NET_RAW" in found.only("failure", "ping")


def test_too_few_descriptors_are_failed(tmp_path: Path) -> None:
    config = write(tmp_path, f"127.0.0.1:{free_ports(1)[0]}")
    found = doctor(config, under=["prlimit", "--nofile=500:500"])
    assert found.status == 1
    assert "may open 500 files" in found.only("failure", "descriptors")


def test_a_mistake_in_the_files_is_bad_input(tmp_path: Path) -> None:
    found = doctor(write(tmp_path, "127.0.0.1:5300", zone="nonsense"))
    assert found.status == 2
    assert "lab.zone:1" in found.errors


@pytest.mark.parametrize("resolver", ["ns.example", "192.0.2.300", "127.0.0.1:0x35"])
def test_a_resolver_that_is_no_address_is_bad_input(tmp_path: Path, resolver: str) -> None:
    found = doctor(write(tmp_path, "127.0.0.1:5300"), "--resolver", resolver)
    assert found.status == 2
    assert "--resolver" in found.errors


# The parent, a server of ours that is also asked as the resolver, on a host without any other.

PARENT = """
dns: {listen: ["127.0.0.2:53"]}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {rrdns.net: parent.zone}
"""
PARENT_ZONE = """
$TTL 60
@        SOA  ns hostmaster ( 1 3600 900 604800 30 )
@        NS   ns
ns       A    127.0.0.2
"""
CHILD = ZONE.replace("127.0.0.1", "10.77.9.1")
DELEGATION = "lab NS ns1.lab\nns1.lab A {}\n"


def delegation(folder: Path, host: tuple[str, ...], parent_zone: str, zone: str = CHILD) -> Found:
    """What the doctor says where the parent serves `parent_zone` and we `zone`."""
    config = write(folder, "10.77.9.1:53", zone=zone)
    config.write_text(config.read_text().replace("rrdns.test", "rrdns.net"))
    parent = folder / "parent"
    parent.mkdir()
    files = {"parent.zone": PARENT_ZONE + parent_zone}
    add = ["ip", "address", "add", "10.77.9.1/32", "dev", "lo"]
    subprocess.run([*host, *add], check=True)
    with serving(parent, PARENT, files, host):
        return doctor(config, "--resolver", "127.0.0.2", under=host)


def test_a_delegation_that_agrees_is_well(tmp_path: Path, host: tuple[str, ...]) -> None:
    found = delegation(tmp_path, host, DELEGATION.format("10.77.9.1"))
    assert found.status == 0, found.findings
    assert found.only("ok", "delegation") == (
        "lab.rrdns.net. is delegated to ns1.lab.rrdns.net., says the parent rrdns.net."
    )


def test_glue_that_leads_elsewhere_is_failed(tmp_path: Path, host: tuple[str, ...]) -> None:
    found = delegation(tmp_path, host, DELEGATION.format("10.77.9.99"))
    assert found.status == 1
    assert "10.77.9.99, the zone has it at 10.77.9.1" in found.only("failure", "delegation")


def test_name_servers_that_the_parent_lacks_are_warned_of(
    tmp_path: Path, host: tuple[str, ...]
) -> None:
    zone = CHILD + "@ NS ns2\nns2 A 10.77.9.2\n"
    found = delegation(tmp_path, host, DELEGATION.format("10.77.9.1"), zone)
    assert found.status == 0, found.findings
    text = found.only("warning", "delegation")
    assert re.search(r"parent rrdns\.net\. does not have ns2\.lab\.rrdns\.net\.", text)


def test_a_zone_that_is_not_delegated_is_a_warning(tmp_path: Path, host: tuple[str, ...]) -> None:
    found = delegation(tmp_path, host, "www A 10.77.9.3\n")
    assert found.status == 0, found.findings
    assert "is not delegated" in found.only("warning", "delegation")


def test_without_a_network_the_delegation_is_only_noted(
    tmp_path: Path, host: tuple[str, ...]
) -> None:
    config = write(tmp_path, "127.0.0.1:5300")
    config.write_text(config.read_text().replace("rrdns.test", "rrdns.net"))
    found = doctor(config, "--resolver", "192.0.2.53", under=host)
    assert found.status == 0, found.findings
    assert "is not known" in found.only("note", "delegation")
