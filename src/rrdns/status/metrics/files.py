"""What the server reads and writes: configuration, zones, and its state."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from rrdns.errors import errors_in
from rrdns.memory import Memory
from rrdns.zone import name as names

from .measured import Measured


def file_metrics(measured: Measured) -> Iterator[Metric]:
    """Whether what stands in the files is what is served, and whether a restart will know it."""
    yield from _reloads(measured)
    yield from _zones(measured)
    if measured.memory.path is not None:
        yield from _state(measured.memory)


def _reloads(measured: Measured) -> Iterator[Metric]:
    done = measured.reloads
    reloads = CounterMetricFamily(
        "rrdns_reloads", "Times the files were read again.", labels=["result"]
    )
    reloads.add_metric(["accepted"], done.accepted)
    reloads.add_metric(["rejected"], done.rejected)
    yield reloads
    last = GaugeMetricFamily(
        "rrdns_last_reload_timestamp_seconds",
        "When the files were last read again, in seconds since 1970; absent before that.",
    )
    if done.last_at is not None:
        last.add_metric([], done.last_at)
    yield last
    rejected = {problem.place.file for problem in errors_in(measured.loaded.rejected)}
    yield GaugeMetricFamily(
        "rrdns_rejected_files",
        "Files with an error that keeps their newest version from taking effect.",
        value=len(rejected),
    )
    yield GaugeMetricFamily(
        "rrdns_warnings",
        "Warnings about the configuration and the zones in force.",
        value=len(measured.loaded.all_warnings()),
    )


def _zones(measured: Measured) -> Iterator[Metric]:
    serials = GaugeMetricFamily(
        "rrdns_zone_serial", "The serial number of the zone that is served.", labels=["zone"]
    )
    read = GaugeMetricFamily(
        "rrdns_zone_read_timestamp_seconds",
        "When the zone that is served was read, in seconds since 1970.",
        labels=["zone"],
    )
    for apex, version in measured.loaded.zones.items():
        zone = names.to_text(apex)
        serials.add_metric([zone], version.loaded.zone.serial)
        read.add_metric([zone], version.read_at)
    yield from (serials, read)


def _state(memory: Memory) -> Iterator[Metric]:
    """Absent where nothing is remembered."""
    yield GaugeMetricFamily(
        "rrdns_state_problem",
        "Whether the state file can not be written, or could not be read: 1 or 0.",
        value=memory.problem is not None,
    )
    saved = GaugeMetricFamily(
        "rrdns_state_saved_timestamp_seconds",
        "When the state file was last written, in seconds since 1970; absent before that.",
    )
    if memory.saved_at is not None:
        saved.add_metric([], memory.saved_at)
    yield saved
