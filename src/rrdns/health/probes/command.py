"""Command: a program of the operator decides. Exit status 0, 1, other: PASS, FAIL, ERROR.

The program and all that it starts form one process group, which does not outlive the probe.
(A process that leaves the group by setsid(2) is beyond our reach.)
"""

import asyncio
import contextlib
import os
import signal
import time
from typing import cast

from rrdns.health.check import Address, CommandCheck
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from . import faults
from .prober import Prober, forget, milliseconds, since, within

NO_PROCESS = (
    "no process can be started; raise the limit of the user or of the service "
    "(systemd: LimitNPROC=, TasksMax=)"
)
OUTPUT_OCTETS = 1024
LAST_WORDS_S = 0.2  # for the end of the output, and for the kernel to bury a killed program


class CommandProber(Prober[CommandCheck]):
    """A process per probe. A program that exceeds the timeout has failed: so the check says."""

    async def probe(self, check: CommandCheck, address: Address) -> Result:
        started = time.monotonic()
        program = check.argv[0]
        try:
            status, said = await within(check.timeout_s, _run(check, address))
        except TimeoutError:
            return since(
                started, Outcome.FAIL, f"{program} did not end within {check.timeout_s:g} s"
            )
        except FileNotFoundError:
            reason = f"{program}, or its interpreter, is not there; look at the check's argv"
        except PermissionError:
            reason = f"{program} may not be run; make it executable for this user"
        except BlockingIOError:  # EAGAIN of fork(2), and of clone(2)
            reason = NO_PROCESS
        except OSError as error:
            return faults.judge(error, started)
        else:
            return _result(program, status, said, started)
        return since(started, Outcome.ERROR, reason)


def _result(program: str, status: int, said: str, started: float) -> Result:
    if status == 0:
        return since(started, Outcome.PASS, said or f"exit 0 in {milliseconds(started)}")
    if status == 1:
        return since(started, Outcome.FAIL, said or f"{program} exited with 1")
    how = f"exited with {status}" if status > 0 else f"was killed by {_signal_name(-status)}"
    mend = "it must exit with 0 (pass) or 1 (fail)"
    return since(started, Outcome.ERROR, f"{program} {how}; {mend}" + (f": {said}" * bool(said)))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _argv(check: CommandCheck, address: Address) -> list[str]:
    argv = [word.replace("{address}", str(address)) for word in check.argv]
    return argv if tuple(argv) != check.argv else [*argv, str(address)]


async def _run(check: CommandCheck, address: Address) -> tuple[int, str]:
    """The exit status, negative for a signal, and the first line of output."""
    child = _Child()
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            lambda: child,
            *_argv(check, address),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "RRDNS_ADDRESS": str(address)},
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
