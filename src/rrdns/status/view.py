"""The live view: of the report what fits on one page or screen, troubles first.

The page shows it, and so does `rrdns watch`. Of pools that are not shown only the states are
looked at, so that it can be had every second however many there are.
"""

import time
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from rrdns.health.verdict import State
from rrdns.narrator import counted
from rrdns.pool.cover import CoverState
from rrdns.pool.duty import Duty, key_of
from rrdns.pool.member import Pool
from rrdns.publisher import families
from rrdns.zone import name as names

from .agreed import Report, time_text
from .observed import Observed
from .pools import rotation_at
from .report import incidents_report, report

MOST_POOLS = 100  # several screens; each takes some 0.3 ms to report
MOST_INCIDENTS = 20
LONGEST_WANTED = 1024  # characters; no name is longer as text (RFC 1035 sections 2.3.4 and 5.1)


class Level(StrEnum):
    """How much of an operator's attention is asked for."""

    WELL = "well"
    DOUBT = "doubt"
    DOWN = "down"


class Mood(NamedTuple):
    """How the whole server is doing: how bad, in a word or two for a title, in a sentence."""

    level: Level
    word: str
    text: str


class Calmness(IntEnum):
    """How little there is to see in a pool."""

    OUT = 0  # a rung of the ladder is in use
    CONTESTED = 1  # two hosts have the address of a member
    DOWN = 2
    DOUBT = 3
    COVERED = 4  # another host has it
    ORDERED = 5
    CALM = 6


def view(observed: Observed, wanted: str = "") -> Report:
    """The report with at most `MOST_POOLS` of the pools whose names have `wanted` in them.

    It has besides: the time, `at`; `started_at`; `wanted`; the `mood` of the whole server; `totals`
    of pools and members; how many of the matching pools are `hidden`, and whether all those are
    calm; the last `incidents`.
    """
    wanted = wanted[:LONGEST_WANTED].strip().lower()
    glance = _Glance(observed)
    pools = observed.loaded.pools
    matching = [p for p in pools if wanted in names.to_text(p.owner)] if wanted else pools
    by_calmness = sorted(matching, key=glance.calmness)
    shown, hidden = by_calmness[:MOST_POOLS], by_calmness[MOST_POOLS:]
    said = report(observed, recent=True, pools=shown)
    return {
        **said,
        "at": time_text(time.time()),
        "started_at": time_text(observed.started_at),
        "wanted": wanted,
        "mood": glance.mood(said)._asdict(),
        "totals": {"pools": len(pools), "matching": len(matching), **glance.totals()},
        "hidden": {
            "pools": len(hidden),
            "calm": all(glance.calmness(pool) is Calmness.CALM for pool in hidden[:1]),
        },
        "incidents": incidents_report(observed, MOST_INCIDENTS),
    }


class _Glance:
    """What one look at every member tells. Who is under maintenance is down for nobody."""

    def __init__(self, observed: Observed) -> None:
        steward = observed.steward
        self._pools = observed.loaded.pools
        states = steward.standings.states()
        orders = steward.roster.assignments
        unchecked = {pool.owner for pool in self._pools if not pool.checks}
        maintained = {key for key, order in orders.items() if order.duty is Duty.MAINT}
        self._up = sum(state is State.UP for state in states.values())
        self._down = {key for key, state in states.items() if state is State.DOWN} - maintained
        self._unknown = {
            key
            for key, state in states.items()
            if state is State.UNKNOWN and key[0] not in unchecked
        } - maintained
        self._ordered = len(orders)
        known = steward.covers.known
        covers = {
            key_of(pool, member): known[member.address].state
            for pool in (self._pools if known else ())
            for member in pool.members
            if member.address in known
        }
        self._covered = {
            key for key, state in covers.items() if state is CoverState.COVERED
        } - maintained
        self._contested = {
            key for key, state in covers.items() if state is CoverState.CONTESTED
        } - maintained
        self._calmness = {
            **{owner: Calmness.ORDERED for owner, _ in orders},
            **{owner: Calmness.COVERED for owner, _ in self._covered},
            **{owner: Calmness.DOUBT for owner, _ in self._unknown},
            **{owner: Calmness.DOWN for owner, _ in self._down},
            **{owner: Calmness.CONTESTED for owner, _ in self._contested},
        }
        for pool in self._pools:
            if pool.owner in self._calmness and _is_on_a_rung(observed, pool):
                self._calmness[pool.owner] = Calmness.OUT

    def calmness(self, pool: Pool) -> Calmness:
        return self._calmness.get(pool.owner, Calmness.CALM)

    def totals(self) -> dict[str, int]:
        """How many members there are, and how many of them are what."""
        return {
            "members": sum(len(pool.members) for pool in self._pools),
            "up": self._up,
            "down": len(self._down),
            "unknown": len(self._unknown),
            "covered": len(self._covered),
            "contested": len(self._contested),
            "ordered": self._ordered,
        }

    def mood(self, said: dict[str, Any]) -> Mood:
        """The worst that there is to say, above all of what is said in the report."""
        members = self.totals()["members"]
        out = sum(calmness is Calmness.OUT for calmness in self._calmness.values())
        down, unknown = len(self._down), len(self._unknown)
        if not said["ready"]:
            text = "Starting: the first round of probes is not done"
            return Mood(Level.DOUBT, "starting", text)
        if said["vantage"] and said["vantage"]["cut_off"]:
            text = "Cut off: no anchor answers, and all verdicts are frozen"
            return Mood(Level.DOWN, "cut off", text)
        if out:
            text = f"Nobody is fit to serve in {counted(out, 'pool')}"
            return Mood(Level.DOWN, f"{counted(out, 'pool')} out", text)
        if self._contested:
            contested = len(self._contested)
            text = f"Two hosts have the address of {counted(contested, 'member')}"
            return Mood(Level.DOWN, f"{contested} contested", text)
        if down:
            text = f"{down} of {counted(members, 'member')} {'is' if down == 1 else 'are'} down"
            return Mood(Level.DOUBT, f"{down} down", text)
        if unknown:
            text = f"Of {counted(unknown, 'member')} nothing is known yet"
            return Mood(Level.DOUBT, f"{unknown} unknown", text)
        if self._covered:
            covered = len(self._covered)
            text = f"{counted(covered, 'member')} {'is' if covered == 1 else 'are'} covered by"
            return Mood(Level.DOUBT, f"{covered} covered", f"{text} another host")
        if said["reload"]["problems"]:
            text = "A file was rejected; what was served before is served on"
            return Mood(Level.DOUBT, "file rejected", text)
        if not members:
            return Mood(Level.WELL, "no pools", "There are no pools, so nothing is checked")
        return Mood(Level.WELL, "all well", "All is well")


def _is_on_a_rung(observed: Observed, pool: Pool) -> bool:
    return any(rotation_at(observed, *key).rung is not None for key in families(pool))
