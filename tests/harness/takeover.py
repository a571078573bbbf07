"""Takeover agents on the hosts of a segment, as their users run them: a process and a file each."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rrdns.agent.client import fetch_report, give_order
from rrdns.status.client import NoServerError

from .awaiting import LONGEST_S, POLL_S, until
from .forked import ran
from .lab import run
from .segment import DEVICE, VIP, Host, Process, Segment

RRDNS = (sys.executable, "-m", "rrdns")
COMMAND_S = 60.0  # bounds a hang

# As quick as they may be where other work has the processor too.
QUICK: Mapping[str, Any] = {
    "interval": "100ms",
    "timeout": "200ms",
    "fast_interval": "50ms",
    "fall": 3,
    "rise": 3,
    "preempt_delay": "300ms",
    "hold_down": "100ms",
    "lease": "2s",
    "flap_window": "1s",  # what is tried one after the other is no flapping
}
LEASE_S = 2.0

Config = dict[str, Any]
Report = dict[str, Any]


def config_of(
    net: Segment,
    vips: Mapping[str, Any] | None = None,
    timers: Mapping[str, Any] | None = None,
    **more: Any,
) -> Config:
    """A configuration of a, b and d, where a owns `VIP` and b is its candidate unless `vips` say
    otherwise; `timers` differ from `QUICK`."""
    return {
        "hosts": {name: net.hosts[name].address for name in ("a", "b", "d")},
        "interface": DEVICE,
        "witnesses": [net.w.address],
        "profile": "fast",
        "timers": {**QUICK, **(timers or {})},
        "vips": vips or {VIP: {"owner": "a", "candidates": ["b"]}},
        **more,
    }


def stays(condition: Callable[[], object], seconds: float) -> None:
    """AssertionError unless `condition` holds for so long, whenever it is looked at."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), "it did not stay so"
        time.sleep(POLL_S)


@dataclass(slots=True, eq=False)
class Agent:
    """The agent of a host; its files are in `folder`, and what `wrapper` has goes before it."""

    host: Host
    folder: Path
    wrapper: Sequence[str] = ()
    process: Process | None = None

    @property
    def config(self) -> Path:
        return self.folder / f"{self.host.name}.yaml"

    @property
    def control(self) -> Path:
        return self.folder / f"{self.host.name}.sock"

    @property
    def _log_file(self) -> Path:
        return self.folder / f"{self.host.name}.log"

    @property
    def log(self) -> str:
        """All that it has said, from its first start on."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    @property
    def running(self) -> Process:
        assert self.process is not None, "it was never started"
        return self.process

    def configure(self, config: Config) -> None:
        """Writes its file, with a control socket of its own: all hosts here share their files."""
        self.config.write_text(json.dumps({**config, "control": str(self.control)}, indent=1))

    def start(self, *more: str) -> None:
        """Starts it, and waits for nothing."""
        words = ["takeover", "run", *more, "-c", str(self.config)]
        if self.wrapper:
            self.process = self.host.start([*self.wrapper, *RRDNS, *words], self._log_file)
        else:
            self.process = self.host.start_rrdns(words, self._log_file)

    def run(self, command: str, *more: str) -> "subprocess.CompletedProcess[str]":
        """What a command on this host says, and its exit status."""
        words = ["takeover", command, *more, "-c", str(self.config)]
        return ran(words, COMMAND_S, self.host.namespace)

    def order(self, word: str, vip: str = VIP) -> str:
        """What is printed when an operator orders so; AssertionError where that fails."""
        done = self.run(word, vip)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def obey(self, word: str, vip: str = VIP) -> None:
        """Orders so, without a command."""
        give_order(self.control, ip_address(vip), word)

    # What it says of itself

    def report(self) -> Report:
        return fetch_report(self.control)

    def vip(self, address: str = VIP) -> Report:
        """What it says of an address."""
        found: Report = self.report()["vips"][address]
        return found

    def is_in(self, state: str, reason: str = "", address: str = VIP) -> bool:
        """Whether it stands there, for a reason that has these words in it."""
        with suppress(NoServerError):
            found = self.vip(address)
            return bool(found["state"] == state and reason in found["reason"])
        return False

    def is_at_rest(self) -> bool:
        """Whether it has what it owns, and stands by for the rest."""
        with suppress(NoServerError):
            vips = self.report()["vips"].values()
            return all(vip["state"] == ("standby" if vip["rank"] else "holding") for vip in vips)
        return False

    def await_state(
        self, state: str, reason: str = "", address: str = VIP, longest_s: float = LONGEST_S
    ) -> None:
        """Waits until it stands there, for such a reason."""
        self.until(partial(self.is_in, state, reason, address), longest_s)

    def await_log(self, words: str, count: int = 1) -> None:
        """Waits until it has said so, so many times."""
        self.until(lambda: self.log.count(words) >= count)

    def until(self, condition: Callable[[], object], longest_s: float = LONGEST_S) -> None:
        """As the one of `awaiting`, with its log where it does not come to that."""
        try:
            until(condition, longest_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.host.name}:\n{self.log}") from None

    # What befalls it

    def stop(self) -> None:
        """Ends it with SIGTERM; AssertionError unless it goes in good order."""
        status = self.running.stop()
        assert status == 0, f"exit status {status}:\n{self.log}"

    def crash(self) -> None:
        """Ends it with SIGKILL."""
        self.running.kill()

    def freeze(self) -> None:
        self.running.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.running.send(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Scene:
    """A segment with agents on some of its hosts."""

    net: Segment
    folder: Path
    agents: dict[str, Agent] = field(default_factory=dict)

    @property
    def a(self) -> Agent:
        return self.agents["a"]

    @property
    def b(self) -> Agent:
        return self.agents["b"]

    @property
    def d(self) -> Agent:
        return self.agents["d"]

    @property
    def logs(self) -> str:
        return "\n".join(f"log of {name}:\n{agent.log}" for name, agent in self.agents.items())

    def add(self, name: str, config: Config, wrapper: Sequence[str] = ()) -> Agent:
        """An agent for a host, not yet started."""
        agent = self.agents[name] = Agent(self.net.hosts[name], self.folder, wrapper)
        agent.configure(config)
        return agent

    def await_holder(self, *hosts: str, address: str = VIP, longest_s: float = LONGEST_S) -> None:
        """Waits until these alone have the address."""
        try:
            until(lambda: self.net.holders(address) == [*hosts], longest_s)
        except AssertionError:
            holders = ", ".join(self.net.holders(address)) or "nobody"
            raise AssertionError(f"{address} is held by {holders}:\n{self.logs}") from None

    def await_rest(self) -> None:
        """Waits until each owner has its address, and all others stand by."""
        for agent in self.agents.values():
            agent.until(agent.is_at_rest)

    def heal(self) -> None:
        """Ends all faults of cables and agents, and waits until all is at rest."""
        for host in self.net.hosts.values():
            host.plug()
            host.rejoin()
            host.lose(0)
        self.net.join(*self.net.hosts.values())
        for agent in self.agents.values():
            if not agent.running.is_alive:
                agent.start()
            agent.thaw()
        self.await_rest()


@contextmanager
def scene(
    net: Segment, folder: Path, config: Config | None = None, hosts: Sequence[str] = ("a", "b")
) -> Iterator[Scene]:
    """Agents on `hosts`, each at rest; all end with the scene."""
    made = Scene(net, folder)
    for name in hosts:
        made.add(name, config or config_of(net))
    try:
        for agent in made.agents.values():
            agent.start()
        made.await_rest()
        yield made
    except BaseException:
        print(made.logs, file=sys.stderr)
        raise
    finally:
        for agent in made.agents.values():
            if agent.process is not None:
                agent.process.kill()


@dataclass(frozen=True, slots=True)
class AddressLog:
    """Which addresses came to a host and went, from some moment on."""

    process: Process

    def came(self, address: str = VIP) -> int:
        """How often `address` was put on the host that did not have it; renewals count too."""
        return sum(f" {address}/" in line for line in self._lines if "Deleted" not in line)

    def went(self, address: str = VIP) -> int:
        """How often it was taken away."""
        return sum(f" {address}/" in line for line in self._lines if "Deleted" in line)

    @property
    def _lines(self) -> list[str]:
        return self.process.log.splitlines()


@contextmanager
def address_log(host: Host, folder: Path) -> Iterator[AddressLog]:
    """What happens to the addresses of `host`, none of which is missed."""
    file = folder / f"addresses-{host.name}"
    file.write_text("")
    log = AddressLog(host.start(["ip", "-oneline", "monitor", "address"], file))
    mark = "127.9.9.9"
    while not log.came(mark):  # it listens from a moment on that it does not tell
        run(["ip", "-n", host.namespace, "address", "add", f"{mark}/32", "dev", "lo"])
        run(["ip", "-n", host.namespace, "address", "del", f"{mark}/32", "dev", "lo"])
    try:
        yield log
    finally:
        log.process.kill()
