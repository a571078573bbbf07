"""What the metrics read of the running server, beyond the report."""

from collections import Counter
from typing import Protocol

from rrdns.health.check import Target
from rrdns.health.durations import Durations
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome
from rrdns.status.observed import Observed


class ProbeTimes:
    """What every probe took and how it ended, by the name of its check.

    A probe that could not be carried out took no time that says anything of the member.
    """

    def __init__(self) -> None:
        self.durations: dict[str, Durations] = {}
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()

    def observe(self, target: Target, result: Result) -> None:
        """Takes note of one probe; made to be a monitor's `on_probe`."""
        name = target.check.name
        self.outcomes[name, result.outcome] += 1
        if result.outcome is not Outcome.ERROR:
            self.durations.setdefault(name, Durations()).add(result.elapsed_s)


class Measured(Observed, Protocol):
    """What the metrics read beyond the report."""

    @property
    def probe_times(self) -> ProbeTimes: ...
    @property
    def udp_workers(self) -> int: ...
    @property
    def tcp_connections_limit(self) -> int: ...
