"""What was asked, how it was answered, and who came first."""

from collections.abc import Iterator
from ipaddress import ip_address

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.answer.reference import Transport
from rrdns.publisher import families
from rrdns.status.observed import firsts
from rrdns.zone import name as names
from rrdns.zone.tree import RRType

from .measured import Measured


def query_metrics(measured: Measured) -> Iterator[Metric]:
    """What the players have counted."""
    yield from _queries(measured)
    yield _firsts(measured)


def _queries(measured: Measured) -> Iterator[Metric]:
    queries = CounterMetricFamily(
        "rrdns_queries", "Queries that were answered.", labels=["protocol", "rcode"]
    )
    unanswered = CounterMetricFamily(
        "rrdns_unanswered", "Messages that silence was due to.", labels=["protocol"]
    )
    left = CounterMetricFamily(
        "rrdns_left_queries",
        "Queries that the compiled table had no answer for, answered by the reference.",
        labels=["protocol"],
    )
    overflowed = CounterMetricFamily(
        "rrdns_overflowed_queries",
        "Queries without an answer, as too many waited for the reference.",
        labels=["protocol"],
    )
    unsent = CounterMetricFamily(
        "rrdns_unsent_replies", "Replies that the system did not take.", labels=["protocol"]
    )
    for transport in Transport:
        tally = measured.players.tally(transport)
        for family, count in (
            (unanswered, tally.unanswered),
            (left, tally.left),
            (overflowed, tally.overflowed),
            (unsent, tally.unsent),
        ):
            family.add_metric([transport.value], count)
        for rcode, count in tally.rcodes.items():
            queries.add_metric([transport.value, rcode.name], count)
    yield from (queries, unanswered, left, overflowed, unsent)


def _firsts(measured: Measured) -> Metric:
    family = CounterMetricFamily(
        "rrdns_first_answers",
        "Answers by the pool's address that came first in them.",
        labels=["pool", "type", "address"],
    )
    in_pools = {key for pool in measured.loaded.pools for key in families(pool)}
    for (key, rdata), count in firsts(measured.players).items():
        if key in in_pools:
            owner, rtype = key
            address = str(ip_address(rdata))
            family.add_metric([names.to_text(owner), RRType(rtype).name, address], count)
    return family
