"""What is tried on who keeps a virtual address: the death of its owner, its return, stops, and a
candidate that is cut off.

Each trial has a segment of its own, with processes that have just been started.
"""

import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from harness.awaiting import until
from harness.continuity import Continuity, continuity
from harness.segment import VIP, Host, Process, Segment, segment

from .takeover_contestants import Contestant

SETTLE_S = 2.0  # what is announced later than at once has been by then
LONGEST_S = 90.0  # bounds a hang: a stale neighbour entry lives for less
CUT_OFF_INTERVALS = 10  # who claims when cut off has claimed by then
CUT_OFF_LEAST_S = 5.0
LEASE_WATCHED_S = 45.0  # longer than the longest lease
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """How long nobody answered while one host followed another, and how many questions had no
    reply in all. A change may take long and still lose nothing."""

    outage_s: float
    lost: int


@dataclass(frozen=True, slots=True)
class CutOff:
    """Whether a candidate that was cut off took the address, and how many questions had no reply
    from when it was back on the segment."""

    claimed: bool
    lost: int


@dataclass(frozen=True, slots=True)
class Left:
    """After how long the address was gone that a killed process had held, None: it stayed."""

    gone_s: float | None


@dataclass(frozen=True, slots=True)
class Orphaned:
    """As `Left`, and meanwhile: for how long two hosts held the address, and for how long at a time
    nobody answered."""

    gone_s: float | None
    two_holders_s: float
    silent_s: float


Result = Change | CutOff | Left | Orphaned
Results = Mapping[str, Result]
"""By what has happened."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A segment on which a contestant keeps the address; a holds it."""

    net: Segment
    seen: Continuity
    processes: Mapping[str, Process]
    contestant: Contestant

    def lost(self, since: float) -> int:
        """The questions without a reply until all has settled."""
        time.sleep(SETTLE_S)
        return self.seen.lost(since)


@contextmanager
def staged(contestant: Contestant, rng: Random, folder: Path) -> Iterator[Stage]:
    """From a moment of chance, after all has settled."""
    with segment() as net, continuity(net, folder) as seen:
        if not contestant.is_on_the_owner:
            net.a.take(VIP)
        processes = {
            name: net.hosts[name].start(
                contestant.words(net, net.hosts[name], folder), folder / f"{name}.log"
            )
            for name in contestant.ready
        }
        _await_ready(contestant.ready, processes)
        seen.await_steady(net.a)
        time.sleep(SETTLE_S + rng.uniform(0, contestant.phase_s))
        yield Stage(net, seen, processes, contestant)


def _await_ready(ready: Mapping[str, re.Pattern[str]], processes: Mapping[str, Process]) -> None:
    for name, pattern in ready.items():
        until(partial(_has, processes[name], pattern))


def _has(process: Process, pattern: re.Pattern[str]) -> bool:
    return pattern.search(process.log) is not None


def die_and_return(stage: Stage) -> Results:
    """The owner's cable is pulled, and plugged in again once another host has taken over."""
    net, seen = stage.net, stage.seen
    died_at = time.monotonic()
    net.a.unplug()
    death = Change(seen.outage(net.a, net.b, died_at, LONGEST_S), stage.lost(died_at))
    returned_at = time.monotonic()
    net.a.plug()
    back = Change(seen.outage(net.b, net.a, returned_at, LONGEST_S), stage.lost(returned_at))
    return {"host death": death, "return of the owner": back}


def stop(stage: Stage) -> Results:
    """What runs on the owner is told to stop."""
    stopped_at = time.monotonic()
    stage.processes["a"].send(signal.SIGTERM)
    outage_s = stage.seen.outage(stage.net.a, stage.net.b, stopped_at, LONGEST_S)
    return {"planned stop": Change(outage_s, stage.lost(stopped_at))}


def cut_off(stage: Stage) -> Results:
    """The switch passes nothing on to the candidate for a while."""
    net = stage.net
    net.b.cut_off()
    time.sleep(max(CUT_OFF_INTERVALS * stage.contestant.interval_s, CUT_OFF_LEAST_S))
    claimed = net.b.holds(VIP)
    joined_at = time.monotonic()
    net.b.rejoin()
    stage.seen.await_steady(net.a, joined_at, LONGEST_S)
    return {"candidate cut off": CutOff(claimed, stage.lost(joined_at))}


def kill_holder(stage: Stage) -> Results:
    """What runs on the host that has taken over is killed; the owner stays dead."""
    net = stage.net
    died_at = time.monotonic()
    net.a.unplug()
    stage.seen.await_steady(net.b, died_at, LONGEST_S)
    time.sleep(SETTLE_S)
    stage.processes["b"].kill()
    gone_s, _ = _watched(net.b)
    return {"candidate killed, holding": Left(gone_s)}


def kill_owner(stage: Stage) -> Results:
    """What runs on the owner is killed; its host lives on."""
    killed_at = time.monotonic()
    stage.processes["a"].kill()
    gone_s, two_holders_s = _watched(stage.net.a, stage.net.b)
    silent_s = stage.seen.replies.silence(killed_at)
    return {"owner killed, its host lives": Orphaned(gone_s, two_holders_s, silent_s)}


def _watched(host: Host, peer: Host | None = None) -> tuple[float | None, float]:
    """After how long the address is gone from `host`, and for how long it and its peer hold it."""
    began = before = time.monotonic()
    gone_s: float | None = None
    two_holders_s = 0.0
    while before - began < LEASE_WATCHED_S:
        holds, both = host.holds(VIP), peer is not None and peer.holds(VIP)
        now = time.monotonic()
        if not holds:
            gone_s = now - began if gone_s is None else gone_s
        else:
            gone_s = None
            two_holders_s += both * (now - before)
        before = now
        time.sleep(POLL_S)
    return gone_s, two_holders_s


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried, in one of `every` runs, and whether also where nothing runs on the owner."""

    name: str
    play: Callable[[Stage], Results]
    every: int = 1
    without_owner: bool = True

    def is_for(self, contestant: Contestant, run: int) -> bool:
        suits = contestant.is_on_the_owner or self.without_owner
        return suits and run % (self.every * contestant.every) == 0


TRIALS: Sequence[Trial] = (
    Trial("death", die_and_return),
    Trial("stop", stop, without_owner=False),
    Trial("cut-off", cut_off),
    Trial("kill-holder", kill_holder, every=6),
    Trial("kill-owner", kill_owner, every=6, without_owner=False),
)
