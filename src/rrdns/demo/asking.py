"""Asks the demo's own server once a second, over UDP, as any client would."""

import asyncio
import random
import socket
import time
from collections import deque
from dataclasses import dataclass

from rrdns.answer.wire import FormatError, addresses_in, encode_query
from rrdns.config.settings import Listen
from rrdns.zone.name import Name
from rrdns.zone.tree import RRType

ASK_EVERY_S = 1.0
PATIENCE_S = 1.0
KEPT = 5
LARGEST_REPLY = 65535


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question at `at` (time.time): addresses in their order, or why none."""

    at: float
    found: tuple[str, ...]
    failure: str = ""


class Asking:
    """The last answers to A questions for `qname`, as long as `run` runs."""

    def __init__(self, server: Listen, qname: Name) -> None:
        self.server = server
        self._qname = qname
        self.last: deque[Asked] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Asks until cancelled."""
        while True:
            self.last.append(await self.ask())
            await asyncio.sleep(ASK_EVERY_S)

    async def ask(self) -> Asked:
        """Asks once; at most `PATIENCE_S` long."""
        at = time.time()
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await self._addresses()
        except TimeoutError:
            return Asked(at, (), f"no answer within {PATIENCE_S:g} s")
        except OSError as error:
            return Asked(at, (), error.strerror or str(error))
        except FormatError as error:
            return Asked(at, (), f"a broken answer: {error}")
        return Asked(at, tuple(found), "" if found else "no address")

    async def _addresses(self) -> list[str]:
        """The addresses in the reply. Raises OSError, FormatError."""
        query = encode_query(self._qname, RRType.A, random.getrandbits(16))
        family = socket.AF_INET if self.server.host.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((str(self.server.reachable_host), self.server.port))
            sock.send(query)
            loop = asyncio.get_running_loop()
            while (reply := await loop.sock_recv(sock, LARGEST_REPLY))[:2] != query[:2]:
                pass
        return addresses_in(reply)
