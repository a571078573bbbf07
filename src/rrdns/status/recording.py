"""The trace of what the last probes have found, so that it can be simulated with other settings.

When something changed between two probes is not known: a line begins half way.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

from rrdns import __version__
from rrdns.health.check import Check, Target
from rrdns.health.strip import Seen
from rrdns.health.verdict import Outcome
from rrdns.trace import Finding, word, written

from .agreed import time_text
from .observed import Observed
from .text import duration_text

ALIKE = 2.0  # a probe that took less than this times as long as another tells nothing new
ALIKE_S = 0.001
PATIENCE = 0.99  # a failure after this share of the timeout was silence; timers are not exact


def recorded(observed: Observed) -> str:
    """The trace of all checks' last probes."""
    pools = observed.loaded.pools
    targets = dict.fromkeys(target for pool in pools for target in pool.all_targets())
    probes = {target: seen for target in targets if (seen := _recent(observed, target))}
    now = time.time()
    begin = min((seen[0].at for seen in probes.values()), default=now)
    lines = sorted(
        (at_s, written(at_s, word(f"{target.address}/{target.check.name}"), finding))
        for target, seen in probes.items()
        for at_s, finding in _findings(target.check, seen, begin)
    )
    span = duration_text(now - begin)
    heading = f"# What probes found in the last {span}, until {time_text(now)}; rrdns {__version__}"
    return "\n".join([heading, *(line for _, line in lines), ""])


def _recent(observed: Observed, target: Target) -> list[Seen]:
    try:
        return observed.steward.monitor.recent(target)
    except KeyError:  # not probed yet
        return []


def _findings(
    check: Check, probes: Sequence[Seen], begin: float
) -> Iterator[tuple[float, Finding]]:
    """What `probes`, oldest first, have found, from when on; what tells nothing new is left out."""
    said = _finding(check, probes[0])
    yield 0.0, said
    for before, probe in pairwise(probes):
        found = _finding(check, probe)
        if not _alike(said, found):
            yield (before.at + probe.at) / 2 - begin, found
            said = found


def _finding(check: Check, probe: Seen) -> Finding:
    silent = probe.outcome is Outcome.FAIL and probe.elapsed_s >= PATIENCE * check.timeout_s
    return Finding(probe.outcome, inf if silent else probe.elapsed_s)


def _alike(one: Finding, other: Finding) -> bool:
    if one.outcome is not other.outcome:
        return False
    shorter, longer = sorted((one.after_s, other.after_s))
    return longer <= max(shorter * ALIKE, shorter + ALIKE_S)
