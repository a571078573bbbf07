"""The demo does what it says, and nothing of it is left however it ends.

Needed: no privilege. All of it is on 127.0.0.0/8, on ports that nobody uses.
"""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dns.message
import pytest

from harness.process import POLL_S, START_S, free_ports
from harness.wire import UdpClient

WWW = "www.linux.example."
ADDRESSES = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]
ESCAPE = "\x1b"


@dataclass(slots=True)
class Demo:
    """A running demo. `output` is all that it has written so far."""

    process: "subprocess.Popen[bytes]"
    dns_port: int
    status_port: int
    folder: Path
    output: Callable[[], str]

    @property
    def pids(self) -> list[int]:
        """Of the mirrors, in the order of their addresses."""
        return [int(pid) for pid in re.findall(r"kill -STOP (\d+)", self.output())]

    @property
    def zone(self) -> Path:
        """The zone file that the demo says can be edited."""
        [path] = re.findall(r"^\s+(/.*\.zone)\s*$", self.output(), re.MULTILINE)
        return Path(path)

    def answer(self) -> dns.message.Message:
        self.output()  # a terminal that nobody reads keeps waiting who writes to it
        with UdpClient("127.0.0.1", self.dns_port) as client:
            return dns.message.from_wire(client.ask(dns.message.make_query(WWW, "A").to_wire()))

    def addresses(self) -> list[str]:
        """What www has now, sorted."""
        return sorted(rdata.address for rrset in self.answer().answer for rdata in rrset)

    def assert_gone(self, pids: list[int]) -> None:
        """Nothing runs any more, and nothing is left in the file system."""
        await_that(lambda: not any(map(is_running, pids)))
        assert list(self.folder.iterdir()) == []


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < deadline, "what was awaited has not come"
        time.sleep(POLL_S)


def state_of(pid: int) -> str:
    """The letter that proc(5) has for it: `T` is stopped, `Z` waits to be reaped, `X` is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "X"
    return stat.rpartition(")")[2].split()[0]


def is_running(pid: int) -> bool:
    return state_of(pid) not in "ZX"


def command(dns_port: int, status_port: int, mirror_port: int) -> list[str]:
    ports = {"dns": dns_port, "status": status_port, "mirror": mirror_port}
    options = (part for name, port in ports.items() for part in (f"--{name}-port", str(port)))
    return [sys.executable, "-m", "rrdns", "demo", *options]


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Sees to it that the process does not outlive the test; its mirrors end with it."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo puts its temporary files: a socket too, whose path may not be long."""
    folder = tmp_path_factory.mktemp("demo")
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def demo(folder: Path, tmp_path: Path) -> Iterator[Demo]:
    """A demo without a terminal, that has said what to try."""
    ports = free_ports(3)
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command(*ports), stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    demo = Demo(process, ports[0], ports[1], folder, log.read_text)
    with ended(process):
        await_that(lambda: "Ctrl-C" in demo.output() or process.poll() is not None)
        yield demo


@pytest.fixture
def on_terminal(folder: Path) -> Iterator[tuple[Demo, int]]:
    """A demo on a terminal of its own, and the descriptor of who sits there."""
    ports = free_ports(3)
    person, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (50, 100))
    seen = bytearray()

    def output() -> str:
        with suppress(BlockingIOError):
            while piece := os.read(person, 65536):
                seen.extend(piece)
        return seen.decode(errors="replace")

    os.set_blocking(person, False)
    process = subprocess.Popen(
        command(*ports),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**os.environ, "TERM": "xterm-256color"},
    )
    demo = Demo(process, ports[0], ports[1], folder, output)
    with ended(process):
        await_that(lambda: "answers of" in demo.output() or process.poll() is not None)
        yield demo, person
    os.close(person)
    os.close(terminal)


def test_a_stopped_mirror_leaves_the_answers_and_comes_back(demo: Demo) -> None:
    assert demo.addresses() == ADDRESSES
    os.kill(demo.pids[1], signal.SIGSTOP)
    await_that(lambda: demo.addresses() == ["127.0.0.11", "127.0.0.13"])
    os.kill(demo.pids[1], signal.SIGCONT)
    await_that(lambda: demo.addresses() == ADDRESSES)


def test_without_a_terminal_there_are_plain_lines_only(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(START_S)
    text = demo.output()
    assert text.replace("\n", "").isprintable()
    assert f"dig @127.0.0.1 -p {demo.dns_port} www.linux.example" in text
    assert "INFO serving 1 zone" in text


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_it_ends_well_and_leaves_nothing(demo: Demo, signum: signal.Signals) -> None:
    pids = demo.pids
    os.kill(pids[0], signal.SIGSTOP)
    demo.process.send_signal(signum)
    assert demo.process.wait(START_S) == 0
    demo.assert_gone(pids)


def test_a_second_signal_does_not_keep_it_from_clearing_away(demo: Demo) -> None:
    pids = demo.pids
    while demo.process.poll() is None:
        demo.process.send_signal(signal.SIGINT)
    demo.assert_gone(pids)


def test_no_mirror_outlives_a_demo_that_is_killed(demo: Demo) -> None:
    pids = demo.pids
    os.kill(pids[0], signal.SIGSTOP)
    await_that(lambda: state_of(pids[0]) == "T")
    demo.process.kill()
    await_that(lambda: not any(map(is_running, pids)))


def test_each_mirror_says_which_it_is_and_the_status_is_there(demo: Demo) -> None:
    for name, url in re.findall(r"# (\w+), (http://\S+)", demo.output()):
        with urllib.request.urlopen(url, timeout=START_S) as response:
            assert f"This is {name} at {url.split('/')[2].split(':')[0]}" in str(response.read())
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.status_port}/") as response:
        assert b"3 of 3 in rotation" in response.read()


def test_the_zone_file_it_names_can_be_edited(demo: Demo) -> None:
    assert [rrset.ttl for rrset in demo.answer().answer] == [60]
    text = demo.zone.read_text()
    demo.zone.write_text(text.replace("www     60", "www     30"))
    await_that(lambda: [rrset.ttl for rrset in demo.answer().answer] == [30])
    demo.zone.write_text(text + "\nwww 60 A 192.168.0.300\n")
    await_that(lambda: "each part is 0 to 255" in demo.output())
    assert demo.addresses() == ADDRESSES


@pytest.mark.parametrize(
    ("host", "kind", "taken"),
    [
        ("127.0.0.1", socket.SOCK_DGRAM, 0),
        ("0.0.0.0", socket.SOCK_DGRAM, 0),
        ("127.0.0.1", socket.SOCK_STREAM, 1),
        ("127.0.0.13", socket.SOCK_STREAM, 2),
    ],
    ids=["DNS", "DNS on all addresses, as mDNS has it", "status", "a mirror"],
)
def test_a_taken_port_is_named_with_a_way_out(
    folder: Path, host: str, kind: socket.SocketKind, taken: int
) -> None:
    ports = free_ports(3)
    with socket.socket(socket.AF_INET, kind) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, ports[taken]))
        if kind == socket.SOCK_STREAM:
            other.listen()
        done = subprocess.run(
            command(*ports), capture_output=True, text=True, timeout=START_S, check=False
        )
    assert done.returncode == 1
    assert re.search(rf"can not listen on 127\.0\.0\.\d+:{ports[taken]}: .* in use", done.stderr)
    assert "--dns-port" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


def test_a_key_stops_a_mirror_and_lets_it_run_on(on_terminal: tuple[Demo, int]) -> None:
    demo, person = on_terminal
    assert demo.addresses() == ADDRESSES
    os.write(person, b"1")
    await_that(lambda: demo.addresses() == ["127.0.0.12", "127.0.0.13"])
    await_that(lambda: "stopped" in demo.output())
    os.write(person, b"1")
    await_that(lambda: demo.addresses() == ADDRESSES)


def test_a_key_starts_a_mirror_that_has_been_killed(on_terminal: tuple[Demo, int]) -> None:
    demo, person = on_terminal
    os.kill(demo.pids[2], signal.SIGKILL)
    await_that(lambda: "ended" in demo.output())
    await_that(lambda: demo.addresses() == ["127.0.0.11", "127.0.0.12"])
    os.write(person, b"3")
    await_that(lambda: demo.addresses() == ADDRESSES)


def test_the_key_q_ends_it_and_gives_the_terminal_back(on_terminal: tuple[Demo, int]) -> None:
    demo, person = on_terminal
    assert ESCAPE in demo.output()
    pids, local_modes = demo.pids, 3
    assert not termios.tcgetattr(person)[local_modes] & termios.ICANON
    os.write(person, b"q")
    await_that(lambda: bool(demo.output()) and demo.process.poll() is not None)
    assert demo.process.returncode == 0
    modes = termios.tcgetattr(person)[local_modes]
    assert modes & termios.ICANON
    assert modes & termios.ECHO
    demo.assert_gone(pids)


def test_ctrl_c_ends_it(on_terminal: tuple[Demo, int]) -> None:
    demo, person = on_terminal
    pids = demo.pids
    os.write(person, b"\x03")
    await_that(lambda: bool(demo.output()) and demo.process.poll() is not None)
    assert demo.process.returncode == 0
    demo.assert_gone(pids)


def test_it_ends_with_its_terminal(on_terminal: tuple[Demo, int]) -> None:
    demo, person = on_terminal
    pids = demo.pids
    # This closes the terminal, and keeps its number for the fixture to close.
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), person)
    demo.process.wait(START_S)
    demo.assert_gone(pids)
