"""Metrics for Prometheus, read at scrape: nothing is counted twice and no query takes a lock."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rrdns import __version__
from rrdns.answer.reference import Transport
from rrdns.aside import aside
from rrdns.errors import errors_in
from rrdns.health.check import Target
from rrdns.health.durations import Durations
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome, State
from rrdns.pool.member import Pool, Rung
from rrdns.publisher import families
from rrdns.zone import name as names
from rrdns.zone.tree import RRType

from .observed import Observed, firsts
from .pools import rotation_at, state_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ProbeTimes:
    """What every probe took and how it ended, by the name of its check.

    A probe that could not be carried out took no time that says anything of the member.
    """

    def __init__(self) -> None:
        self.durations: dict[str, Durations] = {}
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()

    def observe(self, target: Target, result: Result) -> None:
        """Takes note of one probe; made to be a monitor's `on_probe`."""
        name = target.check.name
        self.outcomes[name, result.outcome] += 1
        if result.outcome is not Outcome.ERROR:
            self.durations.setdefault(name, Durations()).add(result.elapsed_s)


class Measured(Observed, Protocol):
    """What the metrics read beyond the report."""

    @property
    def probe_times(self) -> ProbeTimes: ...


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self, measured: Measured) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_ServerCollector(measured))
        ProcessCollector(registry=self._registry)

    async def exposition(self) -> bytes:
        """All metrics, in the text format that `CONTENT_TYPE` names.

        Each is as of one moment. Between them others have their turn, and what is put in words is
        put in words aside: with ten thousand members no probe is to wait until that is done.
        """
        families = []
        for family in self._registry.collect():
            families.append(family)
            await asyncio.sleep(0)
        gathered = CollectorRegistry()
        gathered.register(_Gathered(families))
        return await aside(generate_latest, gathered)


class _Gathered(Collector):
    """What was collected already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return self._families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _ServerCollector(Collector):
    """Reads the server; label values are only those that the present configuration has."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        measured = self._measured
        yield InfoMetricFamily("rrdns_build", "The version.", value={"version": __version__})
        yield from _server(measured)
        yield from _queries(measured)
        yield _firsts(measured)
        yield from _members(measured)
        yield _fallbacks(measured)
        yield from _probes(measured)
        yield from _vantage(measured)
        yield from _files(measured)


def _server(measured: Measured) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "rrdns_ready", "Whether queries are answered: 1 or 0.", value=measured.ready
    )
    yield GaugeMetricFamily(
        "rrdns_start_time_seconds",
        "When the server was started, in seconds since 1970.",
        value=measured.started_at,
    )
    yield GaugeMetricFamily(
        "rrdns_tcp_connections", "DNS clients connected by TCP.", value=measured.tcp_connections
    )


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


def _members(measured: Measured) -> Iterator[Metric]:
    labels = ["pool", "address", "name"]
    up = GaugeMetricFamily(
        "rrdns_member_up",
        "Whether a member passes its checks: 1 or 0; absent while no probe could tell.",
        labels=labels,
    )
    in_rotation = GaugeMetricFamily(
        "rrdns_member_in_rotation", "Whether a member is handed out: 1 or 0.", labels=labels
    )
    for pool in measured.loaded.pools:
        owner = names.to_text(pool.owner)
        handed_out = _handed_out(measured, pool)
        for member in pool.members:
            values = [owner, str(member.address), member.name or ""]
            state = state_of(measured, pool, member)
            if state is not State.UNKNOWN:
                up.add_metric(values, state is State.UP)
            in_rotation.add_metric(values, member.address in handed_out)
    yield up
    yield in_rotation


def _handed_out(measured: Measured, pool: Pool) -> set[object]:
    rotations = (rotation_at(measured, *key) for key in families(pool))
    return {member.address for rotation in rotations for member in rotation.members}


def _fallbacks(measured: Measured) -> Metric:
    family = GaugeMetricFamily(
        "rrdns_pool_fallback",
        "Whether a pool, all its members down, stands on this rung of its ladder: 1 or 0.",
        labels=["pool", "type", "rung"],
    )
    for pool in measured.loaded.pools:
        for owner, rtype in families(pool):
            taken = rotation_at(measured, owner, rtype).rung
            # A ladder that runs out ends in `all`.
            for rung in dict.fromkeys((*pool.all_down, Rung.ALL)):
                values = [names.to_text(owner), RRType(rtype).name, rung.value]
                family.add_metric(values, rung is taken)
    return family


def _probes(measured: Measured) -> Iterator[Metric]:
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
    yield from _lateness(measured.steward.monitor.lateness)


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


def _vantage(measured: Measured) -> Iterator[Metric]:
    """Absent where no anchor is configured."""
    view = measured.steward.monitor.vantage
    if view is not None:
        yield GaugeMetricFamily(
            "rrdns_cut_off",
            "Whether no anchor answers, so that verdicts are frozen: 1 or 0.",
            value=view.cut_off,
        )


def _files(measured: Measured) -> Iterator[Metric]:
    reloads = CounterMetricFamily(
        "rrdns_reloads", "Times the files were read again.", labels=["result"]
    )
    reloads.add_metric(["accepted"], measured.reloads.accepted)
    reloads.add_metric(["rejected"], measured.reloads.rejected)
    yield reloads
    rejected = {problem.place.file for problem in errors_in(measured.loaded.rejected)}
    yield GaugeMetricFamily(
        "rrdns_rejected_files",
        "Files with an error that keeps their newest version from taking effect.",
        value=len(rejected),
    )
    serials = GaugeMetricFamily(
        "rrdns_zone_serial", "The serial number of the zone that is served.", labels=["zone"]
    )
    for apex, version in measured.loaded.zones.items():
        serials.add_metric([names.to_text(apex)], version.loaded.zone.serial)
    yield serials
