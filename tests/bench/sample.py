"""One load on one server, measured."""

from dataclasses import dataclass

from .machine import Meter, Use
from .rows import Load, Outcome
from .servers import Running


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of a load, and what it took."""

    outcome: Outcome
    use: Use

    @property
    def per_second(self) -> float:
        return self.outcome.per_second

    @property
    def cpu_us(self) -> float:
        """CPU time of the server for each answer, in microseconds."""
        return 1e6 * self.use.cpu_s / max(self.outcome.answers, 1)


def measured(server: Running, load: Load, seconds: float) -> Sample:
    """`load` on `server`."""
    meter = Meter(server.pid)
    return Sample(load(server.address, seconds), meter.read())
