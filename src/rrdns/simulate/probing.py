"""Probers that find what a script says."""

import asyncio
from collections import Counter
from random import Random

from rrdns.health.check import Target
from rrdns.health.result import Result
from rrdns.trace import SILENT

from .script import Script


class ScriptedProbing:
    """Takes the place of the probers; `rng` decides which probes are lost."""

    def __init__(self, script: Script, rng: Random) -> None:
        self.sent: Counter[Target] = Counter()
        self._script = script
        self._rng = rng

    async def probe(self, target: Target) -> Result:
        """What the script has for a probe that starts now; takes as long as it says."""
        self.sent[target] += 1
        now = asyncio.get_running_loop().time()
        finding = self._script.finding(target, now)
        share = self._script.loss(target, now)
        if share and self._rng.random() < share:
            finding = SILENT
        result = finding.result(target.check.timeout_s)
        await asyncio.sleep(result.elapsed_s)
        return result

    async def aclose(self) -> None:
        """Nothing is open."""
