"""`rrdns watch` shows in a terminal what changes, and leaves the terminal as it was."""

import os
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import process
from harness.awaiting import until
from harness.process import ServerProcess

ALTERNATE, ORDINARY = "\x1b[?1049h", "\x1b[?1049l"

# What says how large the terminal is, whatever that itself says; xdist does so.
UNSIZED = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"]}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
checks:
  file: {type: command, argv: [sh, -c, "test -e FOLDER/mirror"],
         interval: 200ms, fast_interval: 100ms}
pools:
  www.lab.example: {checks: [file], members: {127.0.0.11: {name: hertz}}}
  ftp.lab.example: {checks: [file]}
"""

ZONE = """
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
www  A   127.0.0.11
ftp  A   127.0.0.12
"""


@dataclass(slots=True)
class Watching:
    """A running `rrdns watch` and the descriptor of who sits at its terminal."""

    process: "subprocess.Popen[bytes]"
    person: int
    seen: bytearray = field(default_factory=bytearray)

    def output(self) -> str:
        """All that it has written so far."""
        with suppress(OSError):  # it has ended
            while select.select([self.person], [], [], 0)[0]:
                self.seen += os.read(self.person, 65536)
        return self.seen.decode(errors="replace")

    def latest(self) -> str:
        """What it has written since it was asked for this the last time."""
        self.output()
        text = self.seen.decode(errors="replace")
        self.seen.clear()
        return text


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    (tmp_path / "mirror").touch()
    config = CONFIG.replace("FOLDER", str(tmp_path))
    with process.serving(tmp_path, config, {"lab.example.zone": ZONE}) as server:
        yield server


def command(server: ServerProcess, *options: str) -> list[str]:
    return [sys.executable, "-m", "rrdns", "watch", "-c", str(server.config), *options]


@contextmanager
def watching(server: ServerProcess, *options: str) -> Iterator[Watching]:
    """A person watches at a terminal of 100 by 30."""
    person, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (30, 100))
    script = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    script += "os.execv(sys.argv[1], sys.argv[1:])"
    watch = subprocess.Popen(
        [sys.executable, "-c", script, *command(server, *options)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={**UNSIZED, "TERM": "xterm-256color"},
    )
    before = termios.tcgetattr(terminal)
    shown = Watching(watch, person)
    try:
        until(lambda: "127.0.0.1" in shown.output())
        yield shown
        until(lambda: shown.output() is not None and watch.poll() is not None)
        assert termios.tcgetattr(terminal)[3] == before[3]
        assert ORDINARY in shown.output()
        assert "Traceback" not in shown.output()
    except BaseException:
        print(f"what it has written last:\n{shown.output()[-2000:]!r}", file=sys.stderr)
        raise
    finally:
        watch.kill()
        watch.wait()
        os.close(person)
        os.close(terminal)


def test_what_changes_is_shown_and_q_ends_it(server: ServerProcess) -> None:
    with watching(server) as shown:
        until(lambda: "All is well" in shown.output())
        (server.folder / "mirror").unlink()
        until(lambda: "Nobody is fit to serve in 2 pools" in shown.output())
        (server.folder / "mirror").touch()
        shown.latest()
        until(lambda: "All is well" in shown.output())
        os.write(shown.person, b"q")
    assert shown.process.returncode == 0


def test_a_signal_ends_it_in_good_order(server: ServerProcess) -> None:
    with watching(server) as shown:
        shown.process.send_signal(signal.SIGINT)
    assert shown.process.returncode == 0


def test_only_the_pools_that_are_wanted_are_shown(server: ServerProcess) -> None:
    with watching(server, "--pool", "ftp") as shown:
        assert "ftp.lab.example." in shown.output()
        assert "www.lab.example." not in shown.output()
        os.write(shown.person, b"q")


def test_a_terminal_of_another_size_is_used_at_once(server: ServerProcess) -> None:
    with watching(server) as shown:
        termios.tcsetwinsize(shown.person, (30, 30))
        shown.process.send_signal(signal.SIGWINCH)
        until(lambda: "…" in shown.output())
        os.write(shown.person, b"q")


def test_a_server_that_goes_and_comes_back_is_told(server: ServerProcess) -> None:
    with watching(server) as shown:
        server.kill()
        until(lambda: "Trying again" in shown.output())
        server.start_again()
        process.await_ready(server)
        shown.latest()
        until(lambda: "q ends" in shown.latest())
        os.write(shown.person, b"q")


def test_without_a_terminal_it_is_shown_once(server: ServerProcess) -> None:
    ran = subprocess.run(command(server), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0
    assert "pool www.lab.example." in ran.stdout
    assert ran.stderr == "this is no terminal to watch on, so it is shown once\n"


def test_without_a_server_it_says_so(server: ServerProcess) -> None:
    server.kill()
    ran = subprocess.run(command(server), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: no rrdns answers on 127.0.0.1:")
    server.start_again()
    process.await_ready(server)
