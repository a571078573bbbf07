"""The running server: joins the rooms, and owns what changes while it runs."""

import asyncio
import logging
import resource
import signal
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, aclosing, suppress
from random import SystemRandom
from secrets import token_bytes
from typing import Any, TypeVar

from rrdns.answer.cookie import SECRET_OCTETS, CookieJar, Secrets
from rrdns.aside import aside
from rrdns.config.settings import DnsSettings
from rrdns.covers.asker import Asker
from rrdns.load import Loaded, reload
from rrdns.memory import Memory
from rrdns.serve.players import TcpServing, players_for, udp_sockets
from rrdns.serve.sockets import Bound, bind
from rrdns.status.metrics import ProbeTimes
from rrdns.status.observed import Reloads
from rrdns.status.site import StatusSite
from rrdns.steward import Steward
from rrdns.systemd import keep_alive, notify
from rrdns.watch import saves

log = logging.getLogger(__name__)

REMEMBERED_EVERY_S = 10.0
REMEMBERED_AT_MOST_EVERY_S = 1.0
SECRET_LASTS_S = 24 * 3600  # a day, as RFC 7873 section 7.1 advises

T = TypeVar("T")


class App:
    """One server, from its sockets to its end: `await App(loaded).run()`.

    Everything here happens in one event loop; the threads of UDP and TCP read what is published.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.started_at = time.time()
        self.ready = False
        self.reloads = Reloads()
        self.probe_times = ProbeTimes()
        dns, state = loaded.settings.dns, loaded.settings.state
        self._jar = _new_jar() if dns.cookies else None
        self.players = players_for(dns.player, self._jar)
        self.udp_workers = 0
        self.tcp_connections_limit = dns.tcp.connections
        self.memory = Memory(state.kept_in, state.max_age_s, time.time)
        self.steward = Steward(
            self.players.blank,
            self.players.cursors,
            SystemRandom(),
            self.probe_times.observe,
            monotonic=time.monotonic,
            saved=self.memory.saved,
        )
        self._asker = Asker(self.steward.heard)
        self._tcp: TcpServing | None = None
        self._reloading = asyncio.Lock()
        self._reload_is_due = False
        self._stopping = asyncio.Event()
        self._background: set[asyncio.Task[Any]] = set()

    @property
    def tcp_connections(self) -> int:
        """How many DNS clients are connected now."""
        return self._tcp.connections if self._tcp else 0

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT. Raises ListenError."""
        _raise_file_limit()
        settings = self.loaded.settings
        async with AsyncExitStack() as opened:
            bound = _bind_all(settings.dns, udp_sockets(settings.dns, self.players), opened)
            site = StatusSite(self, settings.status, settings.control)
            await site.start()
            opened.push_async_callback(site.stop)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
            loop.add_signal_handler(signal.SIGHUP, self._reload_on_signal)
            opened.push_async_callback(self.steward.aclose)
            opened.push_async_callback(self._asker.aclose)
            opened.push_async_callback(self._end_background)
            begun = self._in_background(self._begin())
            stopped = self._in_background(self._stopping.wait())
            await asyncio.wait((begun, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not self._stopping.is_set():
                await begun
                await self._serve(bound, opened)
            notify("STOPPING=1")
            log.info("stopping")

    def stop(self) -> None:
        """Ends `run`, as SIGTERM does; before `run` it ends that at once."""
        self._stopping.set()

    async def _serve(self, bound: list[Bound], opened: AsyncExitStack) -> None:
        """From the first answer to the last."""
        publisher = self.steward.publisher
        played = publisher.publication, publisher.cursors
        udp = self.players.udp(*played, [sock for each in bound for sock in each.udp])
        limits = self.loaded.settings.dns.tcp
        self._tcp = self.players.tcp(*played, [each.tcp for each in bound], limits)
        opened.callback(self.memory.close)
        opened.push_async_callback(self.remember)  # after the last answer
        opened.callback(udp.stop)
        opened.callback(self._tcp.stop)
        udp.start()
        self._tcp.start()
        self._in_background(self._follow_saves())
        self._in_background(self._remember())
        self._in_background(keep_alive())
        if self._jar:
            self._in_background(self._renew_secrets(self._jar))
        self.ready = True
        self.udp_workers = max((len(each.udp) for each in bound), default=0)
        self.steward.narrator.serving(self.loaded, [each.address for each in bound])
        self.steward.narrator.playing(self.players.choice, self.udp_workers)
        notify("READY=1")
        await self._stopping.wait()
        self.ready = False

    async def reload(self) -> None:
        """Reads the files again and puts the good ones in force, all at once.

        Members that are new are probed before they are handed out, those that are gone no longer.
        """
        async with self._reloading:
            self._reload_is_due = False
            self.reloads.begun += 1
            accepted = False
            before = self.loaded
            try:
                after = await aside(reload, before.settings.path, before)
                if after.differs_from(before):
                    await self.steward.take_force(after)
                    self._asker.follow(after.settings.takeover)
                self.loaded = after
                await self.steward.publisher.let_go()
                await aside(self.steward.narrator.reloaded, before, after)
                accepted = not after.rejected
            finally:
                self.reloads.done(accepted=accepted, now=time.time())

    async def _begin(self) -> None:
        async with self._reloading:
            if self.memory.is_young:
                self.steward.narrator.trusting(self.memory.age_s)
            self._asker.follow(self.loaded.settings.takeover)
            await self.steward.take_force(self.loaded, trusted=self.memory.is_young)

    def _reload_on_signal(self) -> None:
        """Reloads; a signal that comes while a reload has yet to begin is served by that one."""
        if not self._reload_is_due:
            self._reload_is_due = True
            self._in_background(self._reload_or_report())

    async def _follow_saves(self) -> None:
        """A save is enough: reads the files again whenever they have changed."""
        async with aclosing(saves(lambda: self.loaded.stamps)) as settled:
            async for _ in settled:
                await self._reload_or_report()

    async def remember(self) -> bool:
        """Writes down what a restart is to know; whether that was possible."""
        return await self.memory.keep(self.steward.remember())

    async def _remember(self) -> None:
        """Writes it down from time to time: nobody says good-bye before a crash."""
        news = self.steward.news
        while True:
            news.clear()
            try:
                await self.remember()
            except Exception:  # a defect of ours must not end this for good
                log.exception("the state could not be put in words; please report this")
            await asyncio.sleep(REMEMBERED_AT_MOST_EVERY_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(REMEMBERED_EVERY_S):
                    await news.wait()

    async def _renew_secrets(self, jar: CookieJar) -> None:
        """Makes cookies with another secret from time to time (RFC 7873 section 7.1)."""
        while True:
            await asyncio.sleep(SECRET_LASTS_S)
            jar.rotate(token_bytes(SECRET_OCTETS))
            self.steward.publisher.republish()

    async def _reload_or_report(self) -> None:
        """A defect of ours must not end the watching of saves."""
        try:
            await self.reload()
        except Exception:
            log.exception("the files could not be read again; please report this")

    def _in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Runs `work` until it is done or the server ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _end_background(self) -> None:
        tasks = tuple(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _new_jar() -> CookieJar:
    secrets = Secrets(token_bytes(SECRET_OCTETS), token_bytes(SECRET_OCTETS))
    return CookieJar(secrets, time.time)


def _bind_all(dns: DnsSettings, udp_sockets: int, opened: AsyncExitStack) -> list[Bound]:
    """The sockets of all addresses. Raises ListenError."""
    found = []
    for listen in dns.listen:
        bound = bind(listen, udp_sockets)
        opened.callback(bound.close)
        found.append(bound)
    return found


def _raise_file_limit() -> None:
    """Lets the process open as many files as it may: each client and each probe takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
