"""Probes: how they ended, how long they took, how late they were, and whether we are cut off."""

import math
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.health.durations import Durations
from rrdns.health.vantage import View
from rrdns.health.verdict import Outcome

from .measured import Measured


def probe_metrics(measured: Measured) -> Iterator[Metric]:
    """What is known of all probes of a check together, and of the vantage they have."""
    yield from _by_check(measured)
    yield from _lateness(measured.steward.monitor.lateness)
    view = measured.steward.monitor.vantage
    if view is not None:
        yield from _vantage(view)


def _by_check(measured: Measured) -> Iterator[Metric]:
    durations = HistogramMetricFamily(
        "rrdns_probe_duration_seconds",
        "How long probes took that passed or failed.",
        labels=["check"],
    )
    probes = CounterMetricFamily(
        "rrdns_probes", "Probes by how they ended.", labels=["check", "outcome"]
    )
    times = measured.probe_times
    for name in sorted({check.name for pool in measured.loaded.pools for check in pool.checks}):
        took = times.durations.get(name, Durations())
        durations.add_metric([name], _buckets(took), took.sum_s)
        for outcome in Outcome:
            probes.add_metric([name, outcome.value], times.outcomes[name, outcome])
    yield durations
    yield probes


def _lateness(late: Durations) -> Iterator[Metric]:
    lateness = HistogramMetricFamily(
        "rrdns_probe_lateness_seconds", "How long after they were due probes have started."
    )
    lateness.add_metric([], _buckets(late), late.sum_s)
    yield lateness
    yield GaugeMetricFamily(
        "rrdns_probe_lateness_max_seconds",
        "How late the latest probe has started since the server was started.",
        value=late.most_s,
    )


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    return [
        ("+Inf" if bound == math.inf else str(bound), float(count))
        for bound, count in durations.cumulative()
    ]


def _vantage(view: View) -> Iterator[Metric]:
    """Absent where no anchor is configured."""
    yield GaugeMetricFamily(
        "rrdns_cut_off",
        "Whether no anchor answers, so that verdicts are frozen: 1 or 0.",
        value=view.cut_off,
    )
    anchors = GaugeMetricFamily(
        "rrdns_anchor_up",
        "Whether an anchor has answered last: 1 or 0; absent before it was asked.",
        labels=["address"],
    )
    for anchor in view.anchors:
        if anchor.last is not None:
            passed = anchor.last.outcome is Outcome.PASS
            anchors.add_metric([str(anchor.address)], passed)
    yield anchors
