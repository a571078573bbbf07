"""One Ethernet segment with hosts on it: who owns a virtual address, who may take it, who asks.

    a 10.0.0.11, the owner ──────┐
    b 10.0.0.12, a candidate ────┤
    d 10.0.0.13, another one ────┤ bridge br0 in sw
    c 10.0.0.100, a client ──────┤
    w 10.0.0.254, a witness ─────┘

The same numbers in fd00::/64. Nobody holds `VIP` or `VIP6` until told to.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest

from .forked import Forked, forked
from .lab import fresh_prefix, inside, make_namespace, missing, output, run

VIP, VIP6 = "10.0.0.127", "fd00::127"
DEVICE = "eth0"
NUMBERS = {"a": 11, "b": 12, "d": 13, "c": 100, "w": 254}

BRIDGE = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
# A host that forwards would pass on what reaches it for an address that it has just lost.
QUIET = (
    "net.ipv4.ip_forward=0",
    "net.ipv6.conf.all.forwarding=0",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.accept_ra=0",
)
STOP_S = 30.0  # bounds a hang


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """A process of a host, and those that it starts: a group of its own."""

    popen: "subprocess.Popen[bytes] | Forked"
    log_file: Path

    @property
    def log(self) -> str:
        """What it has written to stdout and stderr so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    def send(self, signum: signal.Signals) -> None:
        """Sends a signal to the process alone."""
        self.popen.send_signal(signum)

    def stop(self) -> int:
        """Its exit status after SIGTERM."""
        self.send(signal.SIGTERM)
        return self.popen.wait(STOP_S)

    def kill(self) -> None:
        """Ends the whole group at once, in whatever state it is."""
        if self.is_alive:
            with suppress(ProcessLookupError):  # it has no group yet
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.kill()
            self.popen.wait()


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """A host, by the cable from its `DEVICE` to a port of the switch."""

    name: str
    namespace: str
    switch: str
    undo: ExitStack

    @property
    def address(self) -> str:
        return f"10.0.0.{NUMBERS[self.name]}"

    @property
    def address6(self) -> str:
        return f"fd00::{NUMBERS[self.name]}"

    @property
    def port(self) -> str:
        """The switch's end of the cable."""
        return f"port_{self.name}"

    @property
    def mac(self) -> str:
        (link,) = json.loads(output(["ip", "-json", "-n", self.namespace, "link", "show", DEVICE]))
        return str(link["address"])

    def command(self, words: Sequence[str]) -> list[str]:
        """`words` as run on this host."""
        return inside(self.namespace, list(words))

    def start(self, words: Sequence[str], log: Path) -> Process:
        """Starts a process on this host, which ends with the segment at the latest. What it says
        is added to `log`."""
        with log.open("ab") as said:
            popen = subprocess.Popen(
                self.command(words),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self._undone(Process(popen, log))

    def start_rrdns(self, words: Sequence[str], log: Path) -> Process:
        """The same for `rrdns` with these words on its command line."""
        return self._undone(Process(forked(words, log, self.namespace, session=True), log))

    def _undone(self, process: Process) -> Process:
        self.undo.callback(process.kill)
        return process

    # Addresses

    def take(self, address: str) -> None:
        """Adds an address as an administrator would, and tells nobody."""
        self._ip(f"address add {_prefixed(address)} dev {DEVICE}")

    def drop(self, address: str) -> None:
        """Deletes an address, whoever has added it."""
        self._ip(f"address del {_prefixed(address)} dev {DEVICE}")

    def holds(self, address: str = VIP) -> bool:
        """Whether it has the address now."""
        words = ["ip", "-json", "-n", self.namespace, "address", "show", "to", address]
        return any(link.get("addr_info") for link in json.loads(output(words)))

    def neighbour(self, address: str = VIP) -> str | None:
        """The MAC to which it sends what is for `address`; None: it would have to ask."""
        words = ["ip", "-json", "-n", self.namespace, "neighbour", "show", "to", address]
        known = json.loads(output(words))
        return next((each["lladdr"] for each in known if "lladdr" in each), None)

    def forget_neighbours(self) -> None:
        self._ip(f"neighbour flush dev {DEVICE}")

    # Faults of the cable

    def unplug(self) -> None:
        """Pulls the cable: the host loses its carrier."""
        self._port("down")

    def plug(self) -> None:
        self._port("up")

    def shut(self) -> None:
        """Takes the host's own interface down, and with it its IPv6 addresses."""
        self._ip(f"link set {DEVICE} down")

    def open(self) -> None:
        """Takes it up again, with the main addresses."""
        self._ip(f"link set {DEVICE} up")
        self._ip(f"address replace {self.address6}/64 dev {DEVICE} nodad")

    def cut_off(self) -> None:
        """Has the switch pass on nothing of it or to it: the host keeps its carrier."""
        self._bridge("state", "0")

    def rejoin(self) -> None:
        """Ends `cut_off`."""
        self._bridge("state", "3")

    def lose(self, percent: int) -> None:
        """From now on so much of what it sends, and of what it is sent, is lost by chance; 0 ends
        that."""
        table = self._loss
        rules = [f"add table {table}", f"delete table {table}"]
        if percent:
            rules.append(f"add table {table}")
            for chain, hook in (("sent", "ingress"), ("received", "egress")):
                where = f"type filter hook {hook} device {self.port} priority 0;"
                rules.append(f"add chain {table} {chain} {{ {where} }}")
                chance = f"numgen random mod 100 < {percent}"
                rules.append(f"add rule {table} {chain} {chance} counter drop")
        run(inside(self.switch, ["nft", "; ".join(rules)]))

    def lost(self) -> int:
        """How many packets `lose` has lost since it was called last."""
        told = output(inside(self.switch, ["nft", "list", "table", *self._loss.split()]))
        return sum(map(int, re.findall(rb"counter packets (\d+)", told)))

    @property
    def _loss(self) -> str:
        """The table of nftables that loses what it sends and is sent."""
        return f"netdev loss_{self.name}"

    def _ip(self, words: str) -> None:
        run(["ip", "-n", self.namespace, *words.split()])

    def _port(self, state: str) -> None:
        run(["ip", "-n", self.switch, "link", "set", self.port, state])

    def _bridge(self, *words: str) -> None:
        run(inside(self.switch, ["bridge", "link", "set", "dev", self.port, *words]))

    def _isolate(self, state: str) -> None:
        self._bridge("isolated", state)


@dataclass(frozen=True, slots=True)
class Segment:
    """The hosts by their names."""

    hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def a(self) -> Host:
        """The owner of the virtual addresses."""
        return self.hosts["a"]

    @property
    def b(self) -> Host:
        """The candidate."""
        return self.hosts["b"]

    @property
    def d(self) -> Host:
        """Another candidate, or a stranger who holds what is not his."""
        return self.hosts["d"]

    @property
    def c(self) -> Host:
        """The client."""
        return self.hosts["c"]

    @property
    def w(self) -> Host:
        """The witness."""
        return self.hosts["w"]

    def holders(self, address: str = VIP) -> list[str]:
        """The names of the hosts that have the address now."""
        return [name for name, host in self.hosts.items() if host.holds(address)]

    def part(self, *hosts: Host) -> None:
        """These do not hear each other any more; all others hear them."""
        for host in hosts:
            host._isolate("on")

    def join(self, *hosts: Host) -> None:
        """Ends `part`."""
        for host in hosts:
            host._isolate("off")


@contextmanager
def segment() -> Iterator[Segment]:
    """The segment, with all hosts up. Skips where that is not allowed."""
    if reason := missing():
        pytest.skip(reason)
    prefix = fresh_prefix()
    with ExitStack() as undo:
        switch = make_namespace(f"{prefix}sw", undo)
        _batch(switch, f"link add name br0 {BRIDGE}", "link set br0 up")
        net = Segment()
        for name in NUMBERS:
            host = Host(name, make_namespace(f"{prefix}{name}", undo), switch, undo)
            _connect(host)
            net.hosts[name] = host
        yield net


def _connect(host: Host) -> None:
    run(host.command(["sysctl", "--quiet", "--write", *QUIET]))
    ends = f"type veth peer name {DEVICE} netns {host.namespace}"
    _batch(
        host.switch,
        f"link add name {host.port} {ends}",
        f"link set {host.port} master br0 up",
    )
    _batch(
        host.namespace,
        f"address add {host.address}/24 dev {DEVICE}",
        f"address add {host.address6}/64 dev {DEVICE} nodad",
        f"link set {DEVICE} up",
    )


def _batch(namespace: str, *lines: str) -> None:
    words = ["ip", "-n", namespace, "-batch", "-"]
    subprocess.run(words, input="\n".join(lines).encode(), check=True, capture_output=True)


def _prefixed(address: str) -> str:
    """As a host's address: of no network, so that it goes and comes alone."""
    return f"{address}/32" if ip_address(address).version == 4 else f"{address}/128 nodad"
