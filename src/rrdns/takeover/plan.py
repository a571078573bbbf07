"""What takeover is to do, as configured: hosts, virtual addresses, timers. Values only.

The same plan may be read on all hosts; `Plan.here` says which of them this one is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from rrdns.errors import Problem
from rrdns.health.check import Address, Check

AGENT_PORT = 8055  # UDP, between agents

AGENT_CONTROL_SOCKET = Path("/run/rrdns-takeover/control.sock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """The rhythm of pings, proofs and leases; durations in seconds.

    A host is silent after `fall` pings in a row without an answer and back after `rise` answers. It
    is pinged every `interval_s`, and every `fast_interval_s` while that is in doubt. A proof asks
    `asks` times, `ask_gap_s` apart. The candidate of rank n waits (n - 1) x `stagger_s`, which is
    longer than two hosts may be apart in noticing the same death: the interval.

    An address is held for `lease_s` at a time. Its owner takes it back `preempt_delay_s` after it
    could. After a takeover that ended, the next waits `hold_down_s`, doubled with each within
    `flap_window_s`, of which there are `most_takeovers` at most.
    """

    interval_s: float = 1.0
    timeout_s: float = 0.5
    fast_interval_s: float = 0.25
    fall: int = 3
    rise: int = 5
    asks: int = 8
    ask_gap_s: float = 0.03
    stagger_s: float = 1.5
    lease_s: float = 30.0
    preempt_delay_s: float = 3.0
    hold_down_s: float = 1.0
    flap_window_s: float = 600.0
    most_takeovers: int = 5

    @property
    def proof_s(self) -> float:
        """How long a proof takes: all asking, and as long again for the last answer."""
        return (self.asks + 1) * self.ask_gap_s

    def taken_within_s(self, rank: int) -> float:
        """How long after a host's death the candidate of that rank has its address, where those
        before it do not take it. A hook that is asked comes on top."""
        noticed_s = self.interval_s + self.timeout_s
        doubted_s = (self.fall - 1) * self.fast_interval_s
        if rank == 1:  # who proves it meanwhile
            return noticed_s + max(doubted_s, self.proof_s)
        return noticed_s + doubted_s + (rank - 1) * self.stagger_s + self.proof_s

    @property
    def watch_s(self) -> float:
        """How often who stands by looks whether anybody holds the address, and who holds it
        whether anybody else does."""
        return max(self.interval_s, 0.25)

    @property
    def heard_s(self) -> float:
        """How long the word of another agent, or an answer of who holds the address, is good."""
        return 3 * self.watch_s

    @property
    def cut_off_s(self) -> float:
        """How long neither a witness nor another agent is heard by a host that is cut off: longer
        than chance could have it on a link that loses a third."""
        return max(2 * self.heard_s, 3.0)


PROFILES: Mapping[str, Timers] = {
    # As in the scripts that this replaces: ping every 2 s, two misses, back at the first answer.
    "seed": Timers(
        interval_s=2.0, timeout_s=1.0, fast_interval_s=0.5, fall=2, rise=1, stagger_s=3.0
    ),
    "default": Timers(),
    "fast": Timers(
        interval_s=0.1,
        timeout_s=0.1,
        fast_interval_s=0.03,
        rise=20,
        asks=5,
        ask_gap_s=0.02,
        stagger_s=0.2,
        lease_s=10.0,
        preempt_delay_s=1.0,
    ),
}


class OnExit(StrEnum):
    """What an agent does with the addresses it holds when it is stopped.

    HAND_OVER: has a peer take them first, and keeps them for their lease where none does. LEASE:
    keeps them for their lease, so that a restart within it is not noticed.
    """

    HAND_OVER = "hand-over"
    LEASE = "lease"


@dataclass(frozen=True, slots=True)
class Host:
    """A host by its main address, which is pinged. Without an `agent` it can only own."""

    name: str
    address: Address
    interface: str
    agent: bool = True


@dataclass(frozen=True, slots=True)
class Vip:
    """A virtual address: its owner has it unless it is silent, then the first candidate that can.

    `label` is the interface's alias while it is held (`eth0:marc`), for IPv4.
    """

    address: Address
    owner: Host
    candidates: tuple[Host, ...]
    label: str | None = None

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All who may hold it, best first: the place is the rank, 0 the owner's."""
        return (self.owner, *self.candidates)

    def rank(self, host: str) -> int | None:
        """The rank of the host of that name; None: it has none here."""
        names = [each.name for each in self.hosts]
        return names.index(host) if host in names else None


@dataclass(frozen=True, slots=True)
class Hooks:
    """Commands that are told what happens. `pre_claim` is asked: another status than 0 is a veto.

    Each is a program and its arguments; empty: none.
    """

    pre_claim: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Gate:
    """What this host has to show to hold an address: local checks of its own main address pass,
    and, for the owner who wants one back, a command that ends with 0."""

    checks: tuple[Check, ...] = ()
    command: tuple[str, ...] = ()
    command_timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of takeover.yaml as it concerns the host `here`. `vips` are all, also those in
    which it has no part.

    At least `quorum` of the `witnesses` have to answer before an address is taken. Agents speak to
    each other at `port`; the status is shown at `status_port` of the main address, None: nowhere.
    `warnings` are what is allowed and yet hardly meant.
    """

    path: Path
    here: Host
    hosts: Mapping[str, Host]
    vips: tuple[Vip, ...]
    witnesses: tuple[Address, ...] = ()
    quorum: int = 1
    timers: Timers = Timers()
    on_exit: OnExit = OnExit.HAND_OVER
    hooks: Hooks = Hooks()
    gate: Gate = field(default_factory=Gate)
    port: int = AGENT_PORT
    status_port: int | None = None
    control: Path = AGENT_CONTROL_SOCKET
    warnings: tuple[Problem, ...] = ()

    @property
    def ours(self) -> tuple[Vip, ...]:
        """The addresses that this host may hold."""
        return tuple(vip for vip in self.vips if vip.rank(self.here.name) is not None)
