"""AddressSanitizer and UndefinedBehaviourSanitizer object to nothing that the C player does.

The sanitized copy of rrdns serves whatever is asked while members come and go and files are saved;
and the tests of its binding run in it.
"""

import json
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.seeds import seeds
from harness.awaiting import until
from harness.compiling import TESTS, ran
from harness.garbage import damaged
from harness.listening import listeners
from harness.players import needs_c
from harness.process import ServerProcess, free_ports, serving
from harness.sanitized import assert_clean, sanitized
from harness.wire import TcpClient, UdpClient, framed

pytestmark = [pytest.mark.timeout(600), needs_c]

SEED = 1035
RELOADS = 8
IN_FLIGHT = 50  # few enough for any socket buffer
STREAMS = 5  # of garbage, in each round

CONFIG = """
dns:
  listen: ["127.0.0.1:$DNS_PORT"]
  player: $PLAYER
  workers: 2
  identity: {nsid: sanitized}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {tricky.example: tricky.zone}
checks:
  open: {type: tcp, port: MIRROR_PORT, interval: 100ms, timeout: 100ms,
         rise: 1, fall: 1, rise_cap: 1}
pools:
  pool.tricky.example: {checks: [open], order: balanced}
"""
STEADY, FICKLE = ("127.0.1.1", "127.0.1.2"), tuple(f"127.0.2.{n}" for n in range(1, 7))
ZONE = (TESTS / "conformance" / "zones" / "tricky.zone").read_text()
POOL = "".join(f"pool A {address}\n" for address in STEADY + FICKLE)
QUERIES = [message for _, message in seeds() if len(message) > 2]
GOOD_QUERY = dict(seeds())["turns"]
POOL_QUERY = GOOD_QUERY.replace(b"\3www", b"\4pool")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the processes that are started from now on run the sanitized copy."""
    (tmp_path / "copy").mkdir()
    for name, value in sanitized(tmp_path / "copy").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def server(tmp_path: Path, environment: None) -> Iterator[ServerProcess]:
    """A sanitized server, whose members on STEADY are up."""
    [port] = free_ports(1)
    with listeners(STEADY, port):
        config = CONFIG.replace("MIRROR_PORT", str(port))
        with serving(tmp_path, config, {"tricky.zone": ZONE + POOL}, player="c") as running:
            yield running


def _report(server: ServerProcess) -> dict:
    return json.loads(server.get("/status"))


def _mirror_port(server: ServerProcess) -> int:
    return int(server.config.read_text().partition("port: ")[2].partition(",")[0])


def _ask_anything(server: ServerProcess, rng: random.Random) -> None:
    """Asks by UDP, by TCP in one write, and in garbage; the server answers all the while."""
    batch = [damaged(rng, QUERIES, number) for number in range(IN_FLIGHT)]
    batch += rng.choices(QUERIES, k=IN_FLIGHT)
    with UdpClient("127.0.0.1", server.dns_port) as client:
        for packet in batch:
            client.send(packet)
        for last in (GOOD_QUERY, POOL_QUERY):
            asked = rng.randbytes(2) + last[2:]
            while (reply := client.ask(asked))[:2] != asked[:2]:
                pass
            assert reply[2] & 0x80
    with TcpClient("127.0.0.1", server.dns_port) as client:
        client.socket.sendall(framed(batch))
        client.finish_sending()
        while client.socket.recv(65536):
            pass
    for _ in range(STREAMS):
        with TcpClient("127.0.0.1", server.dns_port) as client:
            client.socket.sendall(framed([GOOD_QUERY]) + rng.randbytes(rng.randint(0, 3000)))
            client.reset()


def _reload(server: ServerProcess, number: int) -> None:
    """Saves the zone with another serial and other names, and waits until it is in force."""
    before = _report(server)["reload"]["accepted"]
    text = ZONE.replace("2024010101", str(2024010102 + number)) + POOL
    text += "".join(f"n{name} A 192.0.2.{name}\n" for name in range(number % 7 * 30))
    (server.folder / "tricky.zone").write_text(text)
    server.send(signal.SIGHUP)
    until(lambda: _report(server)["reload"]["accepted"] > before)


def _members_up(server: ServerProcess) -> int:
    members = _report(server)["pools"]["pool.tricky.example."]["members"]
    return sum(member["state"] == "up" for member in members)


def test_the_server_under_load_while_members_and_files_change(server: ServerProcess) -> None:
    rng = random.Random(SEED)
    port = _mirror_port(server)
    for number in range(RELOADS):
        alive = rng.sample(FICKLE, rng.randint(1, len(FICKLE)))
        with listeners(alive, port):
            _ask_anything(server, rng)
            _reload(server, number)
            until(lambda alive=alive: _members_up(server) == len(STEADY) + len(alive))
            _ask_anything(server, rng)
    until(lambda: _members_up(server) == len(STEADY))
    server.stop()
    assert "the C player answers" in server.log
    assert "Traceback" not in server.log
    assert_clean(server.log)


def test_the_binding_takes_or_refuses_whatever_python_hands_to_it(environment: None) -> None:
    folder = TESTS / "unit" / "serve"
    tests = [*map(str, sorted(folder.glob("test_native*.py"))), str(folder / "test_tcp.py")]
    assert len(tests) > 2
    done = ran([sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *tests])
    assert_clean(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
