"""The web mirrors of the demo as its parent sees them: started, stopped, continued, ended."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Self

from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.pool.member import Member
from rrdns.serve.sockets import bind_tcp

from .example import WWW

START_S = 10.0  # a slow machine; after that the checks tell what is wrong

PAGE = """<!doctype html>
<title>{name}</title>
<p>This is {name} at {address}, a mirror of {www}.</p>
"""


class Doing(StrEnum):
    """What a mirror's process does. STOPPED is that of SIGSTOP: it hears, and answers nothing."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class Mirror:
    """A web server on `address`, from its making until `close`. Raises ListenError."""

    def __init__(self, name: str, address: Address, port: int, folder: Path) -> None:
        self.name = name
        self.address = address
        self.port = port
        self._folder = folder
        folder.mkdir()
        page = PAGE.format(name=name, address=address, www=WWW)
        (folder / "index.html").write_text(page, encoding="utf-8")
        self._start()

    @property
    def pid(self) -> int:
        """Of the process that serves now, or served last."""
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/"

    @property
    def doing(self) -> Doing:
        """What the process does now, whoever made it do that."""
        if self._process.poll() is not None:
            return Doing.ENDED
        with suppress(ChildProcessError):  # it has ended just now
            if changed := os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WCONTINUED | os.WNOHANG):
                self._stopped = changed.si_code == os.CLD_STOPPED
        return Doing.STOPPED if self._stopped else Doing.RUNNING

    def await_start(self) -> None:
        """Blocks until the mirror answers or has ended, at most `START_S`."""
        if (started := self._process.stdout) is not None:
            select.select([started], [], [], START_S)

    def toggle(self) -> None:
        """Stops the mirror, or has it run again. Raises ListenError where that is not possible."""
        match self.doing:
            case Doing.RUNNING:
                self._process.send_signal(signal.SIGSTOP)
            case Doing.STOPPED:
                self._process.send_signal(signal.SIGCONT)
            case Doing.ENDED:
                self.close()
                self._start()

    def close(self) -> None:
        """Ends the process in whatever state it is."""
        self._process.kill()
        self._process.communicate()  # closes the pipes too

    def _start(self) -> None:
        """Starts the process on a socket that listens already: a taken port is known at once.

        A process group of its own keeps Ctrl-C to the demo. And should the demo be killed while
        the mirror is stopped, the kernel ends it: the group is an orphan then (POSIX, _exit).
        """
        with bind_tcp(Listen(self.address, self.port), "--mirror-port") as listening:
            listening.setblocking(True)
            number = listening.fileno()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "rrdns.demo.mirror", str(number), str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[number],
                process_group=0,
            )
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def mirrors_of(members: Iterable[Member], port: int, folder: Path) -> Iterator[list[Mirror]]:
    """A running mirror for each of `members`, their pages in `folder`. Raises ListenError."""
    with ExitStack() as opened:
        mirrors = []
        for member in members:
            name = member.name or str(member.address)
            mirror = Mirror(name, member.address, port, folder / name)
            mirrors.append(opened.enter_context(mirror))
        for mirror in mirrors:
            mirror.await_start()
        yield mirrors
