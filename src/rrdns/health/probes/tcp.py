"""TCP: a connection is accepted. Nothing is sent."""

import asyncio
import socket
import struct
import time

from rrdns.health.check import Address, TcpCheck
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from . import faults
from .prober import Prober, milliseconds, no_answer, since, within

# Closing resets the connection: no TIME_WAIT is left behind, however many members there are.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TcpProber(Prober[TcpCheck]):
    """A socket per probe, closed at once."""

    async def probe(self, check: TcpCheck, address: Address) -> Result:
        started = time.monotonic()
        try:
            accepted = await within(check.timeout_s, _connect(address, check.port))
        except TimeoutError as error:
            if error.errno:  # the kernel's ETIMEDOUT, which is a TimeoutError too
                return faults.judge(error, started)
            return since(started, Outcome.FAIL, no_answer(check.timeout_s))
        except OSError as error:
            return faults.judge(error, started)
        if not accepted:
            return since(started, Outcome.FAIL, "connection refused")
        return since(started, Outcome.PASS, milliseconds(started))


async def _connect(address: Address, port: int) -> bool:
    """Whether somebody else accepted; OSError where nobody did."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
        # On an address of this host the kernel may pick `port` itself as the source port, and
        # TCP then connects to itself (RFC 9293 section 3.5, simultaneous open).
        return bool(sock.getsockname() != sock.getpeername())
