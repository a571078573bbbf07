"""Probes: one file per check type. A new type is a class of check, a file here, a line below."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rrdns.health.check import Check, CommandCheck, HttpCheck, IcmpCheck, Target, TcpCheck
from rrdns.health.result import Result

from .command import CommandProber
from .http import HttpProber
from .icmp import IcmpProber
from .prober import Prober
from .tcp import TcpProber

PROBERS: Mapping[type[Check], Callable[[], Prober[Any]]] = {
    IcmpCheck: IcmpProber,
    TcpCheck: TcpProber,
    HttpCheck: HttpProber,
    CommandCheck: CommandProber,
}


class Probers:
    """One prober per type, made when the first probe of its type needs it."""

    def __init__(self, probers: Mapping[type[Check], Callable[[], Prober[Any]]] = PROBERS) -> None:
        self._probers = probers
        self._open: dict[type[Check], Prober[Any]] = {}

    def probe(self, target: Target) -> Awaitable[Result]:
        """Probe once; ends soon after the check's timeout and does not raise."""
        kind = type(target.check)
        prober = self._open.get(kind)
        if prober is None:
            prober = self._open[kind] = self._probers[kind]()
        return prober.probe(target.check, target.address)

    async def aclose(self) -> None:
        """Close the sockets and sessions; the next probe would open new ones."""
        for prober in self._open.values():
            await prober.aclose()
        self._open.clear()
