"""An rrdns whose members go down and up when it is told: `flipping.py CONFIG`.

Everything is the server's own but the monitor, which probes nothing. One member for each line on
stdin, an address, changes sides; the line that answers says when (time.monotonic). Before that
stands a line with the seconds that it took to compile; the end of stdin ends the server, and the
last line has the seconds that each change took to compile and publish.
"""

import asyncio
import json
import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `harness` is

from harness.awaiting import until
from rrdns import app, steward
from rrdns.health.check import Target, TcpCheck
from rrdns.health.monitor import Monitor, OnChange, OnProbe, Probing
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State, Verdict
from rrdns.load import Loaded, load
from rrdns.pool.member import Member, Pool
from rrdns.publisher import Publisher
from rrdns.serve.loops import fastest_loop
from rrdns.zone.tree import RRType

START_S = 600.0  # bounds a hang: 100,000 pools take their time
CHECK = TcpCheck(name="told", port=80)
_UP = Health(Verdict(State.UP), 0.0, Result(Outcome.PASS, "told so", 0.0))
_DOWN = Health(Verdict(State.DOWN), 0.0, Result(Outcome.FAIL, "told so", 0.0))


class ToldMonitor(Monitor):
    """Everybody is up until told otherwise."""

    def __init__(
        self, on_change: OnChange, on_probe: OnProbe | None, probers: Probing | None, **more: Any
    ) -> None:
        super().__init__(on_change, on_probe, probers, **more)
        self._changed = on_change
        self._down: set[Target] = set()

    def flip(self, target: Target) -> None:
        before = self.health(target)
        self._down ^= {target}
        self._changed(target, before, self.health(target))

    def health(self, target: Target) -> Health:
        return _DOWN if target in self._down else _UP

    async def first_round(self, targets: Collection[Target], *, trusted: bool = False) -> None:
        pass

    def watch(self, targets: Collection[Target]) -> None:
        pass


class TimedPublisher(Publisher[Any]):
    """Remembers how long it took, in seconds."""

    published_s = 0.0
    refreshed_s: tuple[float, ...] = ()

    async def publish(self, *given: Any) -> None:
        began = time.monotonic()
        await super().publish(*given)
        self.published_s = time.monotonic() - began

    def refresh(self, pools: Iterable[Pool]) -> None:
        began = time.monotonic()
        super().refresh(pools)
        self.refreshed_s += (time.monotonic() - began,)


def with_pools(loaded: Loaded) -> Loaded:
    """Every name with addresses becomes a pool that is checked."""
    pools = [
        Pool(
            owner,
            tuple(Member(IPv4Address(rdata)) for rdata in node[RRType.A].rdatas),
            checks=(CHECK,),
        )
        for version in loaded.zones.values()
        for owner, node in version.loaded.zone.nodes.items()
        if RRType.A in node
    ]
    return replace(loaded, pools=tuple(pools))


async def serve(server: app.App) -> None:
    """Runs `server` and does what stdin says until that ends."""
    monitor, publisher = server.steward.monitor, server.steward.publisher
    assert isinstance(monitor, ToldMonitor)
    assert isinstance(publisher, TimedPublisher)
    running = asyncio.create_task(server.run())
    await asyncio.to_thread(until, lambda: server.ready or running.done(), START_S)
    say(publisher.published_s)
    publisher.refreshed_s = ()  # what the start has brought up to date
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        now = time.monotonic()
        monitor.flip(Target(CHECK, ip_address(line.decode().strip())))
        say(now)
    say(publisher.refreshed_s)
    server.stop()
    await running


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    loaded = with_pools(load(Path(sys.argv[1])))
    with (
        patch.object(steward, "Monitor", ToldMonitor),
        patch.object(steward, "Publisher", TimedPublisher),
        asyncio.Runner(loop_factory=fastest_loop()) as runner,
    ):
        runner.run(serve(app.App(loaded)))


if __name__ == "__main__":
    main()
