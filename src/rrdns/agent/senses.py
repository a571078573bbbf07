"""What an agent perceives, of all its addresses: what the link, pings, hellos and orders have told.

It keeps what was heard and when, and makes of it what one machine is shown (`Seen`). It asks nobody
and decides nothing. Times are of the loop's clock.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from rrdns.health.check import Address
from rrdns.health.result import Health
from rrdns.health.verdict import State as Believed
from rrdns.takeover.hello import Hello
from rrdns.takeover.machine.seen import (
    Order,
    Ping,
    Proof,
    Rival,
    Seen,
    Verdict,
    Word,
)
from rrdns.takeover.plan import Plan, Vip

MOST_RIVALS = 16  # of an address: strangers could name any number
MOST_MACS = 256  # of all hosts: likewise


@dataclass(slots=True)
class Notes:
    """What was found out about one address, and what is wanted of it."""

    order: Order = Order.FOLLOW
    rivals: "OrderedDict[str, float]" = field(default_factory=OrderedDict)
    words: dict[int, Word] = field(default_factory=dict)
    proof: Proof | None = None
    hook: Verdict | None = None
    gate: Verdict | None = None
    held: Verdict | None = None


class Senses:
    """Of the agent that carries out `plan`; `clock` is the loop's."""

    def __init__(self, plan: Plan, clock: Callable[[], float]) -> None:
        self._plan = plan
        self._clock = clock
        self._hosts = {host.address: host.name for host in plan.hosts.values()}
        self._macs: OrderedDict[str, str] = OrderedDict()
        self._macs_of_agents: dict[str, str] = {}
        self._hosts_heard: dict[str, float] = {}
        self._agents_heard: dict[str, float] = {}
        self.differences: dict[str, tuple[str, ...]] = {}
        self.notes: Mapping[Address, Notes] = {vip.address: Notes() for vip in plan.ours}
        self.owners: dict[str, Health] = {}
        self.witnesses: dict[Address, Health] = {}
        self._answered: dict[Address, float] = {}
        self._connected_at = clock()
        self.unfit: str | None = None
        self.stalled_at = -inf

    def heard(self, address: Address, mac: str) -> list[Vip]:
        """Somebody on the link says to have `address`; the virtual addresses that it is news of."""
        now, host = self._clock(), self._hosts.get(address)
        if host is not None:
            self._is_at(host, mac)
            self._hosts_heard[host] = now
            return [vip for vip in self._plan.ours if vip.owner.name == host]
        notes = self.notes.get(address)
        if notes is None:
            return []
        notes.rivals[mac] = now
        notes.rivals.move_to_end(mac)
        if len(notes.rivals) > MOST_RIVALS:
            notes.rivals.popitem(last=False)
        return [vip for vip in self._plan.ours if vip.address == address]

    def _is_at(self, host: str, mac: str) -> None:
        """The host has that MAC now, as far as is known."""
        self._macs[mac] = host
        self._macs.move_to_end(mac)
        if len(self._macs) > MOST_MACS:
            self._macs.popitem(last=False)

    def answered(self, address: Address) -> None:
        """A host or a witness has answered a ping."""
        self._answered[address] = self._clock()
        if address in self._plan.witnesses:
            self._connected_at = self._clock()

    def greeted(self, hello: Hello) -> list[Vip]:
        """Another agent has spoken; the virtual addresses that it is news of."""
        now = self._clock()
        self._macs_of_agents[hello.host] = hello.mac
        self._agents_heard[hello.host] = self._connected_at = now
        self.differences[hello.host] = tuple(self._differences(hello))
        told = []
        for vip in self._plan.ours:
            rank, saying = vip.rank(hello.host), hello.sayings.get(vip.address)
            if rank is not None and saying is not None:
                word = Word(saying.says, now, saying.wants, saying.by_order)
                words = self.notes[vip.address].words
                words[rank] = word.after(words.get(rank))
                told.append(vip)
        return told

    def _differences(self, hello: Hello) -> Iterator[str]:
        """Where the speaker's file says otherwise than ours, of what all have to agree on."""
        ours_s = self._plan.timers.interval_s
        if hello.interval_s != ours_s:
            yield f"its interval is {hello.interval_s:g} s, and here {ours_s:g} s"
        for vip in self._plan.ours:
            here, saying = vip.rank(hello.host), hello.sayings.get(vip.address)
            there = saying.rank if saying is not None else None
            if here != there:
                yield f"{vip.address}: there it {_part(there)}, and here it {_part(here)}"

    def seen(self, vip: Vip, *, holds: bool, is_foreign: bool, carrier: bool) -> Seen:
        """All that the machine of `vip` is shown."""
        notes = self.notes[vip.address]
        of_agents = {mac: host for host, mac in self._macs_of_agents.items()}
        learned = {mac: host for mac, host in self._macs.items() if mac not in of_agents}
        ranks = {mac: vip.rank(host) for mac, host in (learned | of_agents).items()}
        return Seen(
            carrier=carrier,
            cut_off=self.cut_off,
            holds=holds,
            is_foreign=is_foreign,
            fit=self.unfit is None,
            order=notes.order,
            owner=_ping(self.owners.get(vip.owner.name)),
            owner_heard_at=self._hosts_heard.get(vip.owner.name, -inf),
            owner_answered_at=self._answered.get(vip.owner.address, -inf),
            stalled_at=self.stalled_at,
            rivals=tuple(Rival(mac, ranks.get(mac), at) for mac, at in notes.rivals.items()),
            words=dict(notes.words),
            macs={rank: mac for mac, rank in ranks.items() if rank is not None},
            proof=notes.proof,
            hook=notes.hook,
            gate=notes.gate,
            held=notes.held,
        )

    @property
    def cut_off(self) -> bool:
        """Whether no witness has answered for so long, and no agent spoken, that it can not be
        chance. Never where there is no witness."""
        if not self._plan.witnesses:
            return False
        since = max(self._connected_at, self.stalled_at)
        return self._clock() - since > self._plan.timers.cut_off_s

    def agents(self) -> Mapping[str, float]:
        """The other agents that were heard, and how many seconds ago."""
        now = self._clock()
        return {host: now - at for host, at in self._agents_heard.items()}


def _part(rank: int | None) -> str:
    if rank is None:
        return "has no part"
    return f"is candidate {rank}" if rank else "is the owner"


def _ping(health: Health | None) -> Ping:
    if health is None:
        return Ping.UNKNOWN
    match health.verdict.state:
        case Believed.UP:
            return Ping.DOUBTFUL if health.verdict.suspect else Ping.ANSWERS
        case Believed.DOWN:
            return Ping.SILENT
    return Ping.UNKNOWN
