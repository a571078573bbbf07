"""Metrics for Prometheus, read at scrape: nothing is counted twice and no query takes a lock.

A file a subject; each yields families whose label values are only those that the present
configuration has. What is 1 or 0 says so.
"""

from collections.abc import Callable, Iterator

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
    """The metrics of one server, in a registry of their own."""

    def __init__(self, measured: Measured) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_ServerCollector(measured))
        ProcessCollector(registry=self._registry)

    def exposition(self) -> bytes:
        """All metrics as of now, in the text format that `CONTENT_TYPE` names."""
        return generate_latest(self._registry)


class _ServerCollector(Collector):
    """Reads the server."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        for subject in SUBJECTS:
            yield from subject(self._measured)
