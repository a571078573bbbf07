"""Starts `rrdns` as a process of its own that need not import what thousands like it have imported.

It is forked from one that has done nothing else (multiprocessing's fork server), and then is what
`python -m rrdns` is: the same commands, descriptors, environment, signals and exit status. The
start of a process costs a second of a core otherwise, which others miss who keep time.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from .namespaces import move_in

PRELOADED = (
    "harness.forked",
    "rrdns.agent.agent",
    "rrdns.agent.client",
    "rrdns.agent.site",
    "rrdns.agent.text",
    "rrdns.app",
    "rrdns.cli",
    "rrdns.config.schema",
    "rrdns.config.takeover_read",
    "rrdns.status.client",
)
# Where these differ, another rrdns is to be run, or another Python: it has to be started.
DECISIVE = ("PYTHONPATH", "LD_PRELOAD")

CLONE_NEWNS = 0x20000  # linux/sched.h
MS_REC, MS_SLAVE = 0x4000, 0x80000  # linux/mount.h
MNT_DETACH = 2

_server = get_context("forkserver")
_server.set_forkserver_preload([*PRELOADED])
_at_first = {name: os.environ.get(name) for name in DECISIVE}


@dataclass(frozen=True, slots=True)
class Start:
    """What a process is started with: words of the command line, and the files that it writes to.
    It is in this network `namespace`, or in ours, and may lead a `session` of its own."""

    words: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    out: Path
    err: Path
    namespace: str | None = None
    session: bool = False


class Forked:
    """A process that was started so, as far as tests use a `subprocess.Popen`."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process = _server.Process(target=_become, args=(start,), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._start.words, timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def can_fork() -> bool:
    """Whether what is to run is the rrdns that this process has."""
    return all(os.environ.get(name) == was for name, was in _at_first.items())


def forked(
    words: Sequence[str], log: Path, namespace: str | None = None, *, session: bool = False
) -> Forked:
    """`rrdns` with these words on its command line; what it says is added to `log`."""
    start = Start(tuple(words), Path.cwd(), dict(os.environ), log, log, namespace, session)
    return Forked(start)


def ran(
    words: Sequence[str], timeout_s: float, namespace: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """`rrdns` with these words on its command line, once it has ended."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        start = Start(tuple(words), Path.cwd(), dict(os.environ), out, err, namespace)
        process = Forked(start)
        try:
            status = process.wait(timeout_s)
        finally:
            process.kill()
        return subprocess.CompletedProcess(words, status, out.read_text(), err.read_text())


def _become(start: Start) -> None:
    """Runs the command in this process, which was forked for it."""
    if start.session:
        os.setsid()
    os.environ.clear()
    os.environ.update(start.environment)
    os.chdir(start.folder)
    _redirect(start.out, sys.stdout.fileno())
    _redirect(start.err, sys.stderr.fileno())
    if start.namespace is not None:
        move_in(start.namespace)
    sys.argv = ["rrdns", *start.words]
    from rrdns.cli import main

    main()


def _redirect(file: Path, descriptor: int) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)
