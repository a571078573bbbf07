"""Runs the steward, as the server does, on virtual time over a script."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.load import Loaded
from rrdns.pool.incidents import Known
from rrdns.steward import RefusedError, Steward
from rrdns.trace import Command, Event
from rrdns.zone import name as names

from . import LONGEST_S
from .probing import ScriptedProbing
from .script import Ordered, Script
from .timeline import EPOCH, Entry, Kind, Teller, Timeline
from .virtual import run_virtually

AFTERWARDS_S = 60.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What has happened in `seconds`, which took `took_s` to compute.

    Times of `incidents`, oldest first, are of a clock that began at `EPOCH`. `probes` were sent to
    so many `addresses`; of the `drops` of members `false_drops` were not due to the trace.
    """

    seconds: float
    took_s: float
    timeline: Sequence[Entry]
    incidents: Sequence[Known]
    probes: int
    addresses: int
    drops: int
    false_drops: int

    @property
    def probe_rate(self) -> float:
        """Probes for each member and second."""
        return self.probes / self.seconds / self.addresses if self.addresses else 0.0


def usual_length_s(events: Sequence[Event]) -> float:
    """How long a simulation lasts unless said otherwise: until everything has settled."""
    ends = (
        event.at_s + ((event.what.lasts_s or 0.0) if isinstance(event.what, Command) else 0.0)
        for event in events
    )
    return min(max(ends, default=0.0) + AFTERWARDS_S, LONGEST_S)


def simulate(loaded: Loaded, events: Sequence[Event], seconds: float, seed: int = 0) -> Simulated:
    """What a server with this configuration does if its probes find what `events` say.

    The same each time; `seed` decides what is random. Raises BadInputError where an event speaks
    of somebody whom the configuration does not have.
    """
    script = Script(events, loaded.pools, loaded.settings.vantage)
    simulation = _Simulation(loaded, script, seed)
    began = time.perf_counter()
    with simulation.timeline.listening():
        incidents = run_virtually(simulation.run(seconds))
    targets = {target for pool in loaded.pools for target in pool.all_targets()}
    return Simulated(
        seconds=seconds,
        took_s=time.perf_counter() - began,
        timeline=simulation.timeline.entries,
        incidents=incidents,
        probes=sum(simulation.probing.sent[target] for target in targets),
        addresses=len({target.address for target in targets}),
        drops=simulation.teller.drops,
        false_drops=simulation.teller.false_drops,
    )


class _Simulation:
    """A steward, and all that takes the place of the world around it."""

    def __init__(self, loaded: Loaded, script: Script, seed: int) -> None:
        rng = Random(seed)  # noqa: S311 - to be the same each time
        self.timeline = Timeline()
        self.probing = ScriptedProbing(script, rng)
        self._steward = Steward(Table, Cursors, rng, probers=self.probing, clock=_virtual_clock)
        self.teller = Teller(self._steward, loaded, script, self.timeline)
        self._steward.narrator = self.teller
        self._loaded = loaded
        self._orders = script.orders

    async def run(self, seconds: float) -> list[Known]:
        """Lives through so many seconds; the incidents, oldest first."""
        loop = asyncio.get_running_loop()
        await self._steward.take_force(self._loaded)
        for ordered in self._orders:
            loop.call_at(ordered.at_s, self._give, ordered)
        await asyncio.sleep(seconds - loop.time())
        incidents = self._steward.incidents.newest_first()[::-1]
        await self._steward.aclose()
        return incidents

    def _give(self, ordered: Ordered) -> None:
        """Gives an order; a refusal is part of the story."""
        command, pool, member = ordered.command, ordered.pool, ordered.member
        how = command.order, command.lasts_s, command.reason
        try:
            self._steward.give(pool, member, *how, force=command.force)
        except RefusedError as error:
            where = f"pool={names.to_text(pool.owner)} member={member.address}"
            self.timeline.add(Kind.REFUSED, f"{where} {command.order}: {error}")


def _virtual_clock() -> float:
    """The time of day on the running loop, for which time.time is in a server."""
    return EPOCH + asyncio.get_running_loop().time()
