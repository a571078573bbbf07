"""The server itself: what it is, since when, and who is connected."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns import __version__

from .measured import Measured


def server_metrics(measured: Measured) -> Iterator[Metric]:
    """What does not depend on zones and pools."""
    yield InfoMetricFamily("rrdns_build", "The version.", value={"version": __version__})
    yield InfoMetricFamily(
        "rrdns_player", "What plays the answers.", value={"player": measured.players.choice}
    )
    yield GaugeMetricFamily(
        "rrdns_ready", "Whether queries are answered: 1 or 0.", value=measured.ready
    )
    yield GaugeMetricFamily(
        "rrdns_start_time_seconds",
        "When the server was started, in seconds since 1970.",
        value=measured.started_at,
    )
    yield GaugeMetricFamily(
        "rrdns_udp_workers",
        "Threads that answer UDP on each address.",
        value=measured.udp_workers,
    )
    yield GaugeMetricFamily(
        "rrdns_tcp_connections", "DNS clients connected by TCP.", value=measured.tcp_connections
    )
    yield GaugeMetricFamily(
        "rrdns_tcp_connections_limit",
        "How many may be connected; the one idle for longest gives way.",
        value=measured.tcp_connections_limit,
    )
