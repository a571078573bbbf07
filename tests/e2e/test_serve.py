"""`rrdns serve` from its start to its end, as a user and systemd see it."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from harness.awaiting import until
from harness.listening import listeners, silent
from harness.process import ServerProcess, await_ready, free_ports, serving, start
from harness.wire import TcpClient, UdpClient, has_ipv6
from rrdns.config.settings import PlayerChoice

PROMPT_S = 1.0  # what SIGTERM may take
SLACK_S = 2.0  # for a busy machine

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
"""

POOL = """
checks:
  open: {type: tcp, port: MIRROR_PORT, interval: 200ms, timeout: 200ms, fast_interval: 100ms}
pools:
  www.lab.example: {checks: [open], all_down: LADDER, members: MEMBERS}
"""

ZONE = """
$TTL 60
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    127.0.0.1
www  A    127.0.4.1
www  A    127.0.4.2
www  A    127.0.4.3
"""
MIRRORS = ("127.0.4.1", "127.0.4.2", "127.0.4.3")


def query(name: str = "www.lab.example", rtype: str = "A") -> bytes:
    return dns.message.make_query(name, rtype).to_wire()


def ask(server: ServerProcess, host: str = "127.0.0.1") -> dns.message.Message:
    with UdpClient(host, server.dns_port) as client:
        return dns.message.from_wire(client.ask(query()))


def addresses(reply: dns.message.Message) -> set[str]:
    return {record.address for rrset in reply.answer for record in rrset}


def pool_report(server: ServerProcess) -> dict:
    return json.loads(server.get("/status"))["pools"]["www.lab.example."]


def serve(folder: Path, config: str, zone: str = ZONE) -> "subprocess.CompletedProcess[str]":
    """Runs `rrdns serve` where it is expected to end by itself."""
    (folder / "rrdns.yaml").write_text(config)
    (folder / "lab.example.zone").write_text(zone)
    command = [sys.executable, "-m", "rrdns", "serve", "-c", str(folder / "rrdns.yaml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_mistakes_are_all_told_at_once_and_nothing_is_served(tmp_path: Path) -> None:
    ended = serve(tmp_path, "zones: {a.example: a.zone, b.example: b.zone}\nhoo: 1\ndns: {lisn: 1}")
    assert ended.returncode == 2
    assert ended.stderr.count("rrdns.yaml:") == 2
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_named_with_a_mend(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = f'dns: {{listen: ["127.0.0.1:{port}"]}}\nzones: {{lab.example: lab.example.zone}}'
        ended = serve(tmp_path, config)
    assert ended.returncode == 1
    assert f"can not listen on 127.0.0.1:{port}" in ended.stderr
    assert "ss -lnptu" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_sigterm_ends_it_promptly_and_answers_what_has_been_read(
    tmp_path: Path, player: PlayerChoice
) -> None:
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}, player=player) as server:
        with (
            UdpClient("127.0.0.1", server.dns_port) as udp,
            TcpClient("127.0.0.1", server.dns_port) as tcp,
        ):
            tcp.ask(query())
            server.send(signal.SIGSTOP)
            for _ in range(20):
                udp.send(query())
            server.send(signal.SIGTERM)
            server.send(signal.SIGCONT)
            begun = time.monotonic()
            server.process.wait(PROMPT_S + SLACK_S)
            assert time.monotonic() - begun < PROMPT_S + SLACK_S
            for _ in range(20):
                udp.receive()
        assert server.process.returncode == 0


def test_it_is_ready_after_the_first_round_and_answers_those_who_asked_before(
    tmp_path: Path, player: PlayerChoice
) -> None:
    address = "127.0.4.9"
    with silent(address) as port:
        zone = ZONE.replace("127.0.4.3", address)
        config = CONFIG + POOL.replace("MIRROR_PORT", str(port)).replace("LADDER", "[all]").replace(
            "MEMBERS", "{}"
        ).replace("timeout: 200ms", "timeout: 1500ms").replace("interval: 200ms", "interval: 2s")
        with listeners(MIRRORS[:2], port):
            server = start(tmp_path, config, {"lab.example.zone": zone}, player=player)
            try:
                until(lambda: server.has("/healthz"))
                assert not server.is_ready()
                with UdpClient("127.0.0.1", server.dns_port) as early:
                    early.send(query())
                    reply = dns.message.from_wire(early.receive())
                await_ready(server)
                assert addresses(reply) == set(MIRRORS[:2])
                server.stop()
            finally:
                server.kill()


@pytest.mark.parametrize(
    ("ladder", "members", "rung", "handed_out"),
    [
        ("[all]", "{}", "all", set(MIRRORS)),
        ("[nodata]", "{}", "nodata", set()),
        ("[backup, all]", "{127.0.4.3: {backup: true}}", "backup", {MIRRORS[2]}),
    ],
    ids=["all", "nodata", "backup"],
)
def test_when_all_are_down_the_ladder_decides(
    tmp_path: Path,
    player: PlayerChoice,
    ladder: str,
    members: str,
    rung: str,
    handed_out: set[str],
) -> None:
    """The mirrors fail one after the other, the first one last; a backup stays up."""
    with ExitStack() as opened:
        [port] = free_ports(1)
        closers = {m: opened.enter_context(ExitStack()) for m in MIRRORS}
        for mirror, closer in closers.items():
            closer.enter_context(listeners([mirror], port))
        pool = POOL.replace("MIRROR_PORT", str(port))
        config = CONFIG + pool.replace("LADDER", ladder).replace("MEMBERS", members)
        with serving(tmp_path, config, {"lab.example.zone": ZONE}, player=player) as server:
            failing = [m for m in reversed(MIRRORS) if m not in handed_out or rung != "backup"]
            for mirror in failing:
                closers[mirror].close()
                until(lambda m=mirror: state(server, m) == "down")
            until(lambda: pool_report(server)["fallback"] == rung)
            reply = ask(server)
            assert reply.rcode() == dns.rcode.NOERROR
            assert addresses(reply) == handed_out
            if not handed_out:
                assert reply.authority[0].rdtype == dns.rdatatype.SOA
            assert f"no member is up; {rung}" in server.log
            closers[MIRRORS[0]].enter_context(listeners([MIRRORS[0]], port))
            until(lambda: pool_report(server)["fallback"] is None)
            assert addresses(ask(server)) == {MIRRORS[0]}


def state(server: ServerProcess, address: str) -> str:
    members = pool_report(server)["members"]
    return next(str(m["state"]) for m in members if m["address"] == address)


def test_a_reply_leaves_from_the_address_that_was_asked(
    tmp_path: Path, player: PlayerChoice
) -> None:
    listen = '["0.0.0.0:$DNS_PORT", "[::]:$DNS_PORT"]' if has_ipv6() else '["0.0.0.0:$DNS_PORT"]'
    config = CONFIG.replace('["127.0.0.1:$DNS_PORT"]', listen)
    with serving(tmp_path, config, {"lab.example.zone": ZONE}, player=player) as server:
        for host in ("127.0.0.1", "127.9.8.7", *(["::1"] if has_ipv6() else [])):
            # The client is connected, so the kernel hands it nothing from another address.
            assert addresses(ask(server, host)) == set(MIRRORS)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd listens on, which servers that are started from now on are told of."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


def test_systemd_is_told_when_it_is_ready_and_when_it_stops(
    tmp_path: Path, manager: socket.socket
) -> None:
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}) as server:
        assert manager.recv(100) == b"READY=1"
        server.stop()
        assert manager.recv(100) == b"STOPPING=1"


def test_systemd_is_told_all_the_time_that_the_server_lives(
    tmp_path: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}):
        told = [manager.recv(100) for _ in range(5)]
        assert sorted(told) == [b"READY=1", *4 * [b"WATCHDOG=1"]]


def test_using_up_all_descriptors_ends_nothing(tmp_path: Path, player: PlayerChoice) -> None:
    """With its files limited, more clients than that connect; UDP and then TCP are served on."""
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}, player=player) as server:
        limit_files(server, 40)
        with ExitStack() as opened:
            for _ in range(80):
                opened.enter_context(TcpClient("127.0.0.1", server.dns_port))
            assert addresses(ask(server)) == set(MIRRORS)
            if player is PlayerChoice.C:  # uvloop keeps it to itself
                until(lambda: "Too many open files" in server.log)
        until(lambda: tcp_answers(server))
        assert server.is_alive


def limit_files(server: ServerProcess, number: int) -> None:
    subprocess.run(
        ["prlimit", f"--nofile={number}:{number}", "--pid", str(server.process.pid)], check=True
    )


def tcp_answers(server: ServerProcess) -> bool:
    try:
        with TcpClient("127.0.0.1", server.dns_port) as client:
            return addresses(dns.message.from_wire(client.ask(query()))) == set(MIRRORS)
    except (OSError, EOFError):  # refused, or closed for want of a descriptor
        return False
