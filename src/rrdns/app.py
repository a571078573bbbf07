"""The running server: joins the rooms, and owns what changes while it runs."""

import asyncio
import logging
import resource
import signal
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, aclosing
from random import SystemRandom

from rrdns.answer.player import Player
from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.health.check import Target
from rrdns.health.monitor import Monitor
from rrdns.health.result import Health
from rrdns.health.verdict import State
from rrdns.heap import undisturbed
from rrdns.load import Loaded, reload
from rrdns.narrator import Narrator
from rrdns.pool.member import Pool
from rrdns.pool.standing import Standings
from rrdns.publisher import Publisher
from rrdns.serve.sockets import BoundPair, bind_pair
from rrdns.serve.tcp import TcpServer
from rrdns.serve.udp import UdpServer
from rrdns.status.metrics import ProbeTimes
from rrdns.status.report import Reloads
from rrdns.status.site import StatusSite
from rrdns.systemd import notify
from rrdns.watch import saves

log = logging.getLogger(__name__)


class App:
    """One server, from its sockets to its end: `await App(loaded).run()`.

    Everything here happens in one event loop; only the UDP thread reads what is published.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.started_at = time.time()
        self.ready = False
        self.reloads = Reloads()
        self.probe_times = ProbeTimes()
        self.standings = Standings()
        self.monitor = Monitor(self._health_changed, self.probe_times.observe)
        self.publisher = Publisher(self._state_of, SystemRandom())
        self.players = {
            transport: Player(self.publisher.publication, self.publisher.cursors, transport)
            for transport in Transport
        }
        self._narrator = Narrator(self.monitor.health)
        self._tcp: TcpServer | None = None
        self._pools_of: dict[Target, list[Pool]] = {}
        self._stale: set[Pool] = set()
        self._reloading = asyncio.Lock()
        self._reload_is_due = False
        self._stopping = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def tcp_connections(self) -> int:
        """How many DNS clients are connected now."""
        return self._tcp.connections if self._tcp else 0

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT. Raises ListenError."""
        _raise_file_limit()
        settings = self.loaded.settings
        async with AsyncExitStack() as opened:
            pairs = [_bind(listen, opened) for listen in settings.dns.listen]
            site = StatusSite(self, settings.status)
            await site.start()
            opened.push_async_callback(site.stop)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
            loop.add_signal_handler(signal.SIGHUP, self._reload_on_signal)
            opened.push_async_callback(self.monitor.aclose)
            first_round = asyncio.create_task(self._begin())
            ended = asyncio.create_task(self._stopping.wait())
            await asyncio.wait((first_round, ended), return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                first_round.cancel()
                return
            await first_round
            await self._serve(pairs, opened)

    def stop(self) -> None:
        """Ends `run`, as SIGTERM does; before `run` it ends that at once."""
        self._stopping.set()

    async def _serve(self, pairs: list[BoundPair], opened: AsyncExitStack) -> None:
        """From the first answer to the last."""
        udp = UdpServer([pair.udp for pair in pairs], self.players[Transport.UDP].answer)
        self._tcp = TcpServer(
            [pair.tcp for pair in pairs],
            self.players[Transport.TCP].answer,
            self.loaded.settings.dns.tcp,
        )
        opened.callback(udp.stop)
        opened.push_async_callback(self._tcp.stop)
        udp.start()
        await self._tcp.start()
        watching = asyncio.create_task(self._follow_saves())
        opened.callback(watching.cancel)
        self.ready = True
        self._narrator.serving(self.loaded, [pair.address for pair in pairs])
        notify("READY=1")
        await self._stopping.wait()
        self.ready = False
        notify("STOPPING=1")
        log.info("stopping")

    async def reload(self) -> None:
        """Reads the files again and puts the good ones in force, all at once.

        Members that are new are probed before they are handed out, those that are gone no longer.
        """
        async with self._reloading:
            self._reload_is_due = False
            before = self.loaded
            with undisturbed():
                after = await asyncio.to_thread(reload, before.settings.path, before)
                if after.differs_from(before):
                    await self._take_force(after)
            self.loaded = after
            self.reloads.note(accepted=not after.rejected, now=time.time())
            self._narrator.reloaded(before, after)

    async def _begin(self) -> None:
        async with self._reloading:
            with undisturbed():
                await self._take_force(self.loaded)

    async def _take_force(self, loaded: Loaded) -> None:
        """Probes what has not been probed yet, then answers from `loaded`."""
        targets = [
            target
            for pool in loaded.pools
            for member in pool.members
            for target in pool.targets(member)
        ]
        await self.monitor.first_round(targets)
        zones = {apex: version.loaded.zone for apex, version in loaded.zones.items()}
        await self.publisher.publish(zones, loaded.pools, loaded.settings.dns.identity)
        self._pools_of = {target: [] for target in targets}
        for pool in loaded.pools:
            for member in pool.members:
                for target in pool.targets(member):
                    self._pools_of[target].append(pool)
        self.monitor.watch(targets)
        self.standings.forget_all_but(loaded.pools)
        self._stale.clear()
        self._review(loaded.pools)

    def _health_changed(self, target: Target, before: Health, after: Health) -> None:
        """Has the pools of `target` reviewed, once, after all that happens at this moment."""
        if before.verdict.state is after.verdict.state:
            return
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._review_stale)
        self._stale.update(self._pools_of.get(target, ()))

    def _review_stale(self) -> None:
        pools, self._stale = self._stale, set()
        self._review(pools)

    def _review(self, pools: Iterable[Pool]) -> None:
        """Brings the answers of `pools` up to their members' health, and says what changed."""
        pools = tuple(pools)
        self.publisher.refresh(pools)
        for change in self.standings.review(pools, self.publisher.state, time.time()):
            self._narrator.member_changed(change)
        for pool in pools:
            self._narrator.rotations(pool, self.publisher.rotations)

    def _state_of(self, target: Target) -> State:
        return self.monitor.health(target).verdict.state

    def _reload_on_signal(self) -> None:
        """Reloads; a signal that comes while a reload has yet to begin is served by that one."""
        if not self._reload_is_due:
            self._reload_is_due = True
            self._background.add(task := asyncio.create_task(self._reload_or_report()))
            task.add_done_callback(self._background.discard)

    async def _follow_saves(self) -> None:
        """A save is enough: reads the files again whenever they have changed."""
        async with aclosing(saves(lambda: self.loaded.stamps)) as settled:
            async for _ in settled:
                await self._reload_or_report()

    async def _reload_or_report(self) -> None:
        """A defect of ours must not end the watching of saves."""
        try:
            await self.reload()
        except Exception:
            log.exception("the files could not be read again; please report this")


def _bind(listen: Listen, opened: AsyncExitStack) -> BoundPair:
    pair = bind_pair(listen)
    opened.callback(pair.close)
    return pair


def _raise_file_limit() -> None:
    """Lets the process open as many files as it may: each client and each probe takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
