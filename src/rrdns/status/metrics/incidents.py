"""Outages of members, and what they cost."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.zone.name import Name

from .measured import Measured
from .pools import name_text


def incident_metrics(measured: Measured) -> Iterator[Metric]:
    """How many there are, and what the last one of each pool was against its budget."""
    incidents = measured.steward.incidents
    yield GaugeMetricFamily(
        "rrdns_incidents_open", "Outages of members that go on.", value=incidents.open
    )
    yield CounterMetricFamily(
        "rrdns_incidents", "Outages of members since the server was started.", incidents.begun
    )
    last = GaugeMetricFamily(
        "rrdns_pool_last_failover_seconds",
        "From when the member was last known to be well until no cache had it, in the last outage"
        " or fire drill; absent before there was one.",
        labels=["pool"],
    )
    last_at = GaugeMetricFamily(
        "rrdns_pool_last_failover_timestamp_seconds",
        "When that member was found to be down, in seconds since 1970.",
        labels=["pool"],
    )
    newest: dict[Name, tuple[float, float]] = {}
    for (owner, _), incident in incidents.newest_first():
        if incident.measured_s is not None:
            newest.setdefault(owner, (incident.measured_s, incident.down_at))
    for pool in measured.loaded.pools:
        if pool.owner in newest:
            measured_s, down_at = newest[pool.owner]
            last.add_metric([name_text(pool.owner)], measured_s)
            last_at.add_metric([name_text(pool.owner)], down_at)
    yield from (last, last_at)
