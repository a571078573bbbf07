"""What keeps a virtual address answered, on the segment of `harness.segment`: its owner is a, and b
takes it over when a is dead.

Each has the settings that make it fastest at its interval. To add one, write what starts it on a
host, and list it in `CONTESTANTS`.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.segment import DEVICE, VIP, Host, Segment

KEEPALIVED = "/usr/sbin/keepalived"
RRDNS = (sys.executable, "-m", "rrdns")
DOCUMENT = Path(__file__).with_name("document")

OWNER_PRIORITY, CANDIDATE_PRIORITY = 200, 100
REACHABLE_S = 30  # a neighbour that has answered is believed for about so long


@dataclass(frozen=True, slots=True)
class Contestant:
    """It looks at its peer every `interval_s`.

    `words` starts it on a host, of which it may write files to a folder; `ready` is in the log of
    each host on which it runs once it does its work there. A fault comes within `phase_s`, by
    chance. `is_here` tells whether it can be run. It takes part in one of `every` runs.
    """

    name: str
    interval_s: float
    words: Callable[[Segment, Host, Path], Sequence[str]]
    ready: Mapping[str, re.Pattern[str]]
    phase_s: float
    is_here: Callable[[], bool]
    every: int = 1

    @property
    def is_on_the_owner(self) -> bool:
        """Whether it runs there; else the owner has its address as any host has one."""
        return "a" in self.ready


PROFILES = {1.0: "default", 0.1: "fast"}


def _rrdns(interval_s: float) -> Contestant:
    def words(net: Segment, host: Host, folder: Path) -> Sequence[str]:
        plan = folder / f"{host.name}.yaml"
        plan.write_text(
            f"""\
hosts:
  a: {{address: {net.a.address}, interface: {DEVICE}}}
  b: {{address: {net.b.address}, interface: {DEVICE}}}
witnesses: [{net.w.address}]
profile: {PROFILES[interval_s]}
vips: {{{VIP}: {{owner: a, candidates: [b], label: vip}}}}
control: {folder / f"{host.name}.sock"}
"""
        )
        return (*RRDNS, "takeover", "run", "-v", "-c", str(plan), "--host", host.name)

    ready = {
        "a": re.compile(rf"vip={re.escape(VIP)} HOLDING"),
        "b": re.compile(rf"vip={re.escape(VIP)} STANDBY: its owner answers"),
    }
    name = f"rrdns, {interval_s:g} s"
    return Contestant(name, interval_s, words, ready, interval_s, _has_agent)


@cache
def _has_agent() -> bool:
    words = [*RRDNS, "takeover", "run", "--help"]
    return subprocess.run(words, capture_output=True).returncode == 0


def _keepalived(interval_s: float) -> Contestant:
    def words(net: Segment, host: Host, folder: Path) -> Sequence[str]:
        is_owner = host is net.a
        config = folder / f"{host.name}.conf"
        config.write_text(
            f"""\
global_defs {{
    router_id {host.name}
    vrrp_version 3
    vrrp_garp_master_delay 1
    vrrp_garp_master_repeat 5
    vrrp_garp_master_refresh 60
    vrrp_garp_lower_prio_delay 1
    vrrp_garp_lower_prio_repeat 5
    vrrp_higher_prio_send_advert
}}
vrrp_instance vip {{
    state {"MASTER" if is_owner else "BACKUP"}
    interface {DEVICE}
    virtual_router_id 51
    priority {OWNER_PRIORITY if is_owner else CANDIDATE_PRIORITY}
    advert_int {interval_s:g}
    virtual_ipaddress {{
        {VIP}/32 dev {DEVICE}
    }}
}}
"""
        )
        pids = [
            f"--{kind}={folder / f'{host.name}-{kind}'}" for kind in ("pid", "vrrp_pid", "bfd_pid")
        ]
        return (KEEPALIVED, "-f", str(config), "-n", "-l", "-G", "-P", *pids)

    ready = {"a": re.compile("Entering MASTER STATE"), "b": re.compile("Entering BACKUP STATE")}
    name = f"keepalived, {interval_s:g} s"
    return Contestant(name, interval_s, words, ready, interval_s, _has_keepalived)


def _has_keepalived() -> bool:
    return Path(KEEPALIVED).exists()


def _document() -> Contestant:
    def words(net: Segment, _: Host, __: Path) -> Sequence[str]:
        return (str(DOCUMENT / "takeover.sh"), net.a.address, VIP, DEVICE, "marc")

    ready = {"b": re.compile("")}
    return Contestant("the document's scripts", 2.0, words, ready, REACHABLE_S, _has_ping, 3)


def _has_ping() -> bool:
    return shutil.which("ping") is not None


CONTESTANTS = (_rrdns(1.0), _keepalived(1.0), _rrdns(0.1), _keepalived(0.1), _document())
"""Side by side are those with the same interval, rrdns first."""
