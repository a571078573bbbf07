"""Metrics for Prometheus, read at scrape: nothing is counted twice and no query takes a lock.

A file a subject; each yields families whose label values are only those that the present
configuration has. What is 1 or 0 says so.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .files import file_metrics
from .incidents import incident_metrics
from .measured import Measured, ProbeTimes
from .pools import pool_metrics
from .probes import probe_metrics
from .queries import query_metrics
from .server import server_metrics

__all__ = ["CONTENT_TYPE", "Measured", "Metrics", "ProbeTimes"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SUBJECTS: tuple[Callable[[Measured], Iterator[Metric]], ...] = (
    server_metrics,
    query_metrics,
    pool_metrics,
    probe_metrics,
    incident_metrics,
    file_metrics,
)


class Metrics:
    """The metrics of one server."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def take(self) -> Callable[[], bytes]:
        """Takes down all metrics as of now; what it returns writes them in the text format that
        `CONTENT_TYPE` names, which takes longer and may be done on another thread."""
        taken_down = [metric for subject in SUBJECTS for metric in subject(self._measured)]

        def in_words() -> bytes:
            registry = CollectorRegistry()
            registry.register(_TakenDown(taken_down))
            ProcessCollector(registry=registry)
            return generate_latest(registry)

        return in_words


class _TakenDown(Collector):
    """What was read before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
