"""The agent: joins what perceives, what decides and what acts, from its start to its stop."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial

from rrdns.health.check import Address, IcmpCheck, Target
from rrdns.health.monitor import Monitor
from rrdns.health.probes import PROBERS, Probers
from rrdns.health.probes.icmp import IcmpProber
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State
from rrdns.systemd import keep_alive, notify
from rrdns.takeover.hello import Hello
from rrdns.takeover.herald import Herald
from rrdns.takeover.link import Link, LinkError
from rrdns.takeover.machine.seen import Order
from rrdns.takeover.netlink import Netlink, NetlinkError
from rrdns.takeover.peers import Peers, PeersError
from rrdns.takeover.plan import Host, OnExit, Plan

from .leftovers import AgentError, the_only_one
from .means import Means, RealMeans, ShownMeans
from .orders import keep_orders, read_orders
from .senses import Senses
from .sentry import Sentry

log = logging.getLogger(__name__)

WITNESS_PINGS = 2  # in a proof, of each: one may be lost
GOODBYES = 3  # as datagrams are lost
LEAVE_S = 30.0  # for all to be given away; each has a shorter patience of its own
LEAST_BEAT_S = 0.02
LONG_STALL_S = 1.0  # which an operator should know of
OWNER, WITNESS = "owner", "witness"

Serve = Callable[["Agent", AsyncExitStack], Awaitable[None]]
"""Shows the agent to others; what it opens is to be closed with the stack."""


class Agent:
    """Carries out `plan` on this host, from `run` until `stop`; for show only in a `dry_run`.

    Made inside the running event loop, which has to be asyncio's own.
    """

    def __init__(self, plan: Plan, *, dry_run: bool = False) -> None:
        self.plan = plan
        self.dry_run = dry_run
        self.started_at = time.time()
        self.sentries: dict[Address, Sentry] = {}
        self._loop = asyncio.get_running_loop()
        self.senses = Senses(plan, self._loop.time)
        self._stopping = asyncio.Event()
        self._hellos = 0
        self._is_news = False

    async def run(self, serve: Serve) -> None:
        """Stands at all posts until SIGTERM or SIGINT. Raises AgentError."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stop)
        self._loop.add_signal_handler(signal.SIGHUP, _say_how_to_reload)
        async with AsyncExitStack() as opened:
            try:
                await self._begin(opened)
            except (NetlinkError, LinkError, PeersError) as error:
                raise AgentError(str(error)) from None
            await serve(self, opened)
            notify("READY=1")
            await self._stopping.wait()
            notify("STOPPING=1")
            await self._leave()

    def stop(self) -> None:
        """Ends `run`, as SIGTERM does."""
        self._stopping.set()

    def obey(self, address: Address, order: Order) -> str | None:
        """Follows an order from now on; why a restart will not know of it, or None."""
        self.sentries[address].obey(order)
        orders = {each: sentry.order for each, sentry in self.sentries.items()}
        return keep_orders(self.plan.control, orders)

    # -- from start to stop ---------------------------------------------------------------------

    async def _begin(self, opened: AsyncExitStack) -> None:
        plan = self.plan
        if not self.dry_run:
            opened.enter_context(the_only_one(plan.control))
        self._netlink = netlink = await opened.enter_async_context(Netlink())
        await netlink.open(self._stir_all)
        if not self.dry_run:
            await netlink.require_rights()
        self._link = Link(plan.here.interface, self._heard)
        opened.callback(self._link.close)
        self._peers = Peers(plan.here, self._partners(), plan.port, self._greeted)
        opened.callback(self._peers.close)
        self._probers = Probers({**PROBERS, IcmpCheck: partial(IcmpProber, plan.here.address)})
        self._monitor = Monitor(self._health_changed, self._probed, self._probers)
        opened.push_async_callback(self._monitor.aclose)
        herald = None if self.dry_run else Herald(plan.hooks.timeout_s)
        if herald is not None:
            opened.push_async_callback(herald.aclose, plan.hooks.timeout_s)
        real = RealMeans(plan.here.interface, self._link, netlink)
        means: Means = ShownMeans(real) if self.dry_run else real
        if not self.dry_run:
            await self._drop_leftovers(netlink)
        await self._begin_to_probe()
        orders = {} if self.dry_run else read_orders(plan.control)
        for vip in plan.ours:
            sentry = Sentry(vip, plan, self.senses, means, herald, self._ask_witnesses, self._news)
            self.sentries[vip.address] = sentry
            opened.push_async_callback(sentry.aclose)
            if vip.address in orders:
                log.info("vip=%s is ordered since before: %s", vip.address, orders[vip.address])
                sentry.obey(orders[vip.address])
        self._stir_all()  # before the first hello, which tells what came of it
        for work in (self._keep_saying_hello, self._watch_for_stalls, keep_alive):
            opened.callback(self._loop.create_task(work()).cancel)

    def _partners(self) -> list[Host]:
        """The other hosts of the addresses that are ours too."""
        hosts = {host.name: host for vip in self.plan.ours for host in vip.hosts}
        hosts.pop(self.plan.here.name, None)
        return list(hosts.values())

    async def _drop_leftovers(self, netlink: Netlink) -> None:
        """What an agent before us has held is adopted; what is no more of the plan goes."""
        ours = {(vip.address, self.plan.here.interface) for vip in self.plan.ours}
        for held in netlink.tagged():
            if (held.address, held.interface) not in ours:
                log.warning(
                    "vip=%s is left over on %s and no more in the configuration; it is taken away",
                    held.address,
                    held.interface,
                )
                await netlink.drop(held.address, held.interface)

    async def _leave(self) -> None:
        """Has peers take what we hold, and says good-bye."""
        log.info("stopping")
        if self.plan.on_exit is OnExit.LEASE or self.dry_run:
            return
        for sentry in self.sentries.values():
            sentry.obey(Order.STOP)
        outs = [sentry.is_out.wait() for sentry in self.sentries.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*outs)
        for _ in range(GOODBYES):
            self._say_hello()

    # -- what is perceived ----------------------------------------------------------------------

    async def _begin_to_probe(self) -> None:
        """Local checks are known before anything is decided; pings come in as they do."""
        plan = self.plan
        local = [Target(check, plan.here.address) for check in plan.gate.checks]
        if local:
            self.senses.unfit = "local checks have not been carried out yet"
            await self._monitor.first_round(local)
        owners = {v.owner for v in plan.ours if v.owner.name != plan.here.name}
        self._owner_of = {Target(self._ping(OWNER), host.address): host.name for host in owners}
        witnesses = [Target(self._ping(WITNESS), address) for address in plan.witnesses]
        self._monitor.watch([*local, *self._owner_of, *witnesses])
        self._local = local
        self._judge_ourselves()

    def _ping(self, name: str) -> IcmpCheck:
        timers = self.plan.timers
        return IcmpCheck(
            name=name,
            interval_s=timers.interval_s,
            timeout_s=timers.timeout_s,
            fast_interval_s=timers.fast_interval_s,
            fall=timers.fall,
            rise=timers.rise if name == OWNER else 1,
            down_interval_s=timers.fast_interval_s,
            rise_cap=1,  # who flaps is held down by the machine
        )

    def _health_changed(self, target: Target, _before: Health, after: Health) -> None:
        if target in self._owner_of:
            self.senses.owners[self._owner_of[target]] = after
        elif target.check.name == WITNESS and target.address in self.plan.witnesses:
            self.senses.witnesses[target.address] = after
        else:
            self._judge_ourselves()
        self._stir_all()

    def _probed(self, target: Target, result: Result) -> None:
        if result.outcome is Outcome.PASS and isinstance(target.check, IcmpCheck):
            self.senses.answered(target.address)

    def _judge_ourselves(self) -> None:
        """All local checks have to pass; one that can not be carried out has no say."""
        failing = [
            f"{target.check.name}: {health.last.reason}"
            for target in self._local
            if (health := self._monitor.health(target)).verdict.state is State.DOWN and health.last
        ]
        unfit = failing[0] if failing else None
        if unfit != self.senses.unfit:
            log.log(
                logging.WARNING if unfit else logging.INFO,
                "%s",
                f"local checks fail: {unfit}" if unfit else "local checks pass",
            )
        self.senses.unfit = unfit

    async def _ask_witnesses(self, seconds: float) -> int:
        """How many witnesses answer a ping within so long, of a few."""
        apart_s = seconds / WITNESS_PINGS
        check = IcmpCheck(name=WITNESS, timeout_s=apart_s)
        answered: set[Address] = set()
        for _ in range(WITNESS_PINGS):
            silent = [each for each in self.plan.witnesses if each not in answered]
            probes = [self._probers.probe(Target(check, address)) for address in silent]
            results = await asyncio.gather(*probes)
            answered |= {
                address
                for address, result in zip(silent, results, strict=True)
                if result.outcome is Outcome.PASS
            }
        return len(answered)

    def _heard(self, address: Address, mac: str) -> None:
        if mac in self._netlink.macs():
            return  # of another interface of ours on the same link, which answers as well
        for vip in self.senses.heard(address, mac):
            self._stir(vip.address)

    def _greeted(self, hello: Hello) -> None:
        before = self.senses.differences.get(hello.host, ())
        for vip in self.senses.greeted(hello):
            self._stir(vip.address)
        differences = self.senses.differences[hello.host]
        if differences and differences != before:
            log.warning("%s has another takeover.yaml: %s", hello.host, "; ".join(differences))
        elif before and not differences:
            log.info("%s has the same takeover.yaml again", hello.host)

    async def _watch_for_stalls(self) -> None:
        """A process that did not run for as long as an answer takes may have missed some."""
        timers = self.plan.timers
        beat_s = max(LEAST_BEAT_S, timers.timeout_s / 4)
        while True:
            due = self._loop.time() + beat_s
            await asyncio.sleep(beat_s)
            late_s = self._loop.time() - due
            if late_s > timers.timeout_s:
                level = logging.WARNING if late_s > LONG_STALL_S else logging.DEBUG
                log.log(
                    level, "this process did not run for %.2f s; what it found then is void", late_s
                )
                self.senses.stalled_at = self._loop.time()
                self._stir_all()

    def _stir(self, address: Address) -> None:
        sentry = self.sentries.get(address)
        if sentry is not None:
            sentry.stir()

    def _stir_all(self) -> None:
        for sentry in self.sentries.values():
            sentry.stir()

    # -- what others are told -------------------------------------------------------------------

    def _news(self) -> None:
        """Something of what we say has changed: said at once, all of this moment together."""
        if not self._is_news:
            self._is_news = True
            self._loop.call_soon(self._say_hello)

    def _say_hello(self) -> None:
        self._is_news = False
        if self.dry_run:
            return
        self._hellos += 1
        sayings = {address: sentry.saying() for address, sentry in self.sentries.items()}
        plan, run = self.plan, int(self.started_at * 1000)
        mac, interval_s = self._link.mac, plan.timers.interval_s
        self._peers.say(Hello(plan.here.name, mac, run, self._hellos, interval_s, sayings))

    async def _keep_saying_hello(self) -> None:
        while True:
            self._say_hello()
            await asyncio.sleep(self.plan.timers.interval_s)


def _say_how_to_reload() -> None:
    """SIGHUP, which would end a process that does not care, and what it holds with its lease."""
    log.warning("takeover.yaml is read at the start alone; restart the agent to have it read again")
