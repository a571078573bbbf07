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
from .takeover import takeover_metrics

__all__ = ["CONTENT_TYPE", "Measured", "ProbeTimes", "in_words", "taken_down"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SUBJECTS: tuple[Callable[[Measured], Iterator[Metric | None]], ...] = (
    server_metrics,
    query_metrics,
    pool_metrics,
    probe_metrics,
    incident_metrics,
    takeover_metrics,
    file_metrics,
)


def taken_down(measured: Measured) -> Iterator[Metric | None]:
    """All metrics of a server, each as of about the moment at which it is asked for: with ten
    thousand members others need a turn between them, and where this gives None."""
    for subject in SUBJECTS:
        yield from subject(measured)


def in_words(metrics: Iterable[Metric]) -> bytes:
    """Metrics in the text format that `CONTENT_TYPE` names, and those of the process; takes its
    time, and may be done on any thread."""
    registry = CollectorRegistry()
    registry.register(_TakenDown(metrics))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _TakenDown(Collector):
    """What was read before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
