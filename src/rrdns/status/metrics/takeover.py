"""Who has the virtual addresses of the mirrors, and which takeover agents tell."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.pool.cover import CoverState

from .measured import Measured

VIP = ("address", "owner")


def takeover_metrics(measured: Measured) -> Iterator[Metric]:
    """Of an address of which nothing is known there is no sample."""
    covers = measured.steward.covers
    telling = GaugeMetricFamily(
        "rrdns_takeover_agent_telling",
        "Whether what a takeover agent has said is still good: 1 or 0.",
        labels=["url"],
    )
    for url, agent in covers.agents.items():
        telling.add_metric([url], agent.word is not None and url not in covers.silent)
    yield telling
    held = GaugeMetricFamily(
        "rrdns_vip_held", "Whether any host has a virtual address: 1 or 0.", labels=VIP
    )
    covered = GaugeMetricFamily(
        "rrdns_vip_covered",
        "Whether a host has a virtual address in place of its owner's: 1 or 0.",
        labels=VIP,
    )
    contested = GaugeMetricFamily(
        "rrdns_vip_contested",
        "Whether two hosts have a virtual address: 1 or 0.",
        labels=VIP,
    )
    for address, cover in covers.known.items():
        if cover.state is not CoverState.UNKNOWN:
            values = [str(address), cover.owner]
            held.add_metric(values, cover.state is not CoverState.NOBODY)
            covered.add_metric(values, cover.state is CoverState.COVERED)
            contested.add_metric(values, cover.state is CoverState.CONTESTED)
    yield from (held, covered, contested)
