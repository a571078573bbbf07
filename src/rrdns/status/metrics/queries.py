"""What was asked, how it was answered, and who came first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.answer.player import Tally
from rrdns.answer.reference import Transport
from rrdns.answer.resolve import First
from rrdns.publisher import families
from rrdns.status.observed import firsts
from rrdns.zone.tree import RRType

from .measured import Measured
from .pools import AT_ONCE, name_text


def query_metrics(measured: Measured) -> Iterator[Metric | None]:
    """What the players have counted."""
    tallies = {transport: measured.players.tally(transport) for transport in Transport}
    yield from _queries(tallies)
    yield from _firsts(measured, firsts(tallies.values()))


def _queries(tallies: Mapping[Transport, Tally]) -> Iterator[Metric]:
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
    for transport, tally in tallies.items():
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


def _firsts(measured: Measured, counts: Counter[First]) -> Iterator[Metric | None]:
    family = CounterMetricFamily(
        "rrdns_first_answers",
        "Answers by the pool's address that came first in them.",
        labels=["pool", "type", "address"],
    )
    in_pools = {key for pool in measured.loaded.pools for key in families(pool)}
    for number, ((key, rdata), count) in enumerate(counts.items()):
        if key in in_pools:
            owner, rtype = key
            address = str(ip_address(rdata))
            family.add_metric([name_text(owner), RRType(rtype).name, address], count)
        if number % AT_ONCE == AT_ONCE - 1:
            yield None
    yield family
