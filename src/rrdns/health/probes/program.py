"""A program that is run, and all that it starts: one process group, which does not outlive it.

(A process that leaves the group by setsid(2) is beyond our reach.)
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import cast

from .prober import forget

OUTPUT_OCTETS = 1024
NO_PROCESS = (
    "no process can be started; raise the limit of the user or of the service "
    "(systemd: LimitNPROC=, TasksMax=)"
)
LAST_WORDS_S = 0.2  # for the end of the output, and for the kernel to bury a killed program


async def run(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit status, negative for a signal, and the first line of output.

    Beside `environment` it is told the PATH. OSError where it can not be started: BlockingIOError
    where no process can be. Cancelled, it leaves nothing running.
    """
    child = _Child()
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            lambda: child,
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), **environment},
            start_new_session=True,
        )
    )
    starting.add_done_callback(forget)
    try:
        # Shielded: a start broken off would leave a program running whose number nobody knows.
        try:
            await asyncio.shield(starting)
        except RuntimeError as error:  # asyncio's own loop needs a thread to wait for a program
            raise BlockingIOError(str(error)) from None
        status = await asyncio.shield(child.exited)
        child.kill_group()  # closes the output, if a process left behind still holds it
        await asyncio.wait({child.silent}, timeout=LAST_WORDS_S)
        return status, child.first_line()
    finally:
        await asyncio.wait({starting})
        await child.end()


class _Child(asyncio.SubprocessProtocol):
    """A running program: its exit, and the head of what it says. The rest is read and dropped."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self.silent: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self._output = bytearray()
        self._group_killed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._output += data[: OUTPUT_OCTETS - len(self._output)]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if not self.silent.done():
            self.silent.set_result(None)

    def process_exited(self) -> None:
        status = self._transport.get_returncode() if self._transport else None
        if not self.exited.done():
            self.exited.set_result(-signal.SIGKILL if status is None else status)

    def first_line(self) -> str:
        lines = self._output.decode(errors="replace").splitlines()
        return lines[0] if lines else ""

    def kill_group(self) -> None:
        """Kill the program and all that it has started. Once: its number may be given anew."""
        if self._transport is not None and not self._group_killed:
            self._group_killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    async def end(self) -> None:
        """Leave nothing behind, neither a process nor a zombie nor a descriptor."""
        if self._transport is None:
            return
        self.kill_group()
        await asyncio.wait({self.exited}, timeout=LAST_WORDS_S)
        self._transport.close()


def how_it_ended(status: int) -> str:
    """An exit status other than 0, for a person."""
    return f"exited with {status}" if status > 0 else f"was killed by {_signal_name(-status)}"


def why_not_started(program: str, error: OSError) -> str | None:
    """What keeps `program` from being started, and how to mend it; None: nothing of its own."""
    match error:
        case FileNotFoundError():
            return f"{program}, or its interpreter, is not there; look at its path"
        case PermissionError():
            return f"{program} may not be run; make it executable for this user"
        case BlockingIOError():  # EAGAIN of fork(2), and of clone(2)
            return NO_PROCESS
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
