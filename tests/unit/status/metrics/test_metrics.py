"""Each number that is scraped is the server's own, under a name that Prometheus' rules allow.

The rules are those of https://prometheus.io/docs/practices/naming/.
"""

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator

import pytest
from prometheus_client.metrics_core import Metric

from rrdns.status.metrics import CONTENT_TYPE, in_words, taken_down

from ..conftest import MakeServer, Server
from .scraping import POOL, families, until_told, value

RESERVED = ("_total", "_sum", "_count", "_bucket", "_created", "_info")
NOT_BASE = {"ms", "us", "ns", "milliseconds", "minutes", "hours", "days", "kb", "mb", "percent"}
UNITS = {"second", "byte", "minute", "hour", "ratio"}  # written in the plural, or not at all
TYPES = {"counter", "gauge", "histogram", "summary", "metric"}
INFOS = {"rrdns_build_info", "rrdns_player_info"}
FLAG = "1 or 0"


def mistakes(family: Metric) -> list[str]:
    """What Prometheus' rules have against a family."""
    return [*_in_words(family), *_in_samples(family)]


def _in_words(family: Metric) -> Iterator[str]:
    words = family.name.split("_")
    if not re.fullmatch(r"(rrdns|process)(_[a-z]+)+", family.name):
        yield "it is no name with a prefix in lower case"
    if (NOT_BASE | UNITS | TYPES) & set(words):
        yield "its unit is no base unit in the plural, or it has its type in it"
    if "seconds" in words[:-1]:
        yield "its unit is not at its end"
    if "timestamp" in words and words[-2:] != ["timestamp", "seconds"]:
        yield "it is a time that is not in seconds"
    if not re.fullmatch(r"[A-Z][^\n]*\.", family.documentation):
        yield "its help is no sentence"


def _in_samples(family: Metric) -> Iterator[str]:
    samples = {sample.name for sample in family.samples}
    values = {sample.value for sample in family.samples}
    labels = {label for sample in family.samples for label in sample.labels}
    if not all(re.fullmatch("[a-z]+", label) for label in labels):
        yield "a label is no word in lower case"
    match family.type:
        case "counter" if not samples <= {f"{family.name}_total"}:
            yield "it is a counter without _total"
        case "gauge" if family.name in INFOS and values != {1}:
            yield "it informs, and is not 1"
        case "gauge" if family.name.endswith(RESERVED) and family.name not in INFOS:
            yield "it is a gauge that ends as others do"
        case "gauge" if FLAG in family.documentation and not values <= {0, 1}:
            yield "it is to be 1 or 0"
        case "histogram" if not family.name.endswith("_seconds"):
            yield "it is a histogram without a unit"


async def test_names_units_and_help_follow_the_rules(eventful: Server) -> None:
    found = {family.name: mistakes(family) for family in families(eventful).values()}
    assert not {name: said for name, said in found.items() if said}


async def test_the_lint_sees_what_it_is_to_see() -> None:
    def said(name: str, kind: str = "gauge", text: str = "A text.", **labels: str) -> list[str]:
        family = Metric(name, text, kind)
        family.add_sample(name, labels, 2)
        return mistakes(family)

    assert said("rrdns_ready") == []
    for name in ("rrdns_ttl_ms", "rrdns_ttl_second", "rrdns_gauge", "rrdns_x_total", "Ready"):
        assert said(name), name
    assert said("rrdns_seconds_left")
    assert said("rrdns_timestamp")
    assert said("rrdns_x", text="no sentence")
    assert said("rrdns_x", text="Whether: 1 or 0.")
    assert said("rrdns_x", "counter")
    assert said("rrdns_x", "histogram")
    assert said("rrdns_x", Pool="not a word in lower case")


async def test_all_that_can_be_told_is_told_of_a_server_that_has_lived(eventful: Server) -> None:
    await until_told(eventful, "rrdns_anchor_up")
    assert [f.name for f in families(eventful).values() if not f.samples] == []


async def test_promtool_has_nothing_against_it(eventful: Server) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    process = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await process.communicate(in_words(filter(None, taken_down(eventful))))
    assert (process.returncode, said) == (0, b"")


async def test_no_series_is_exposed_twice(eventful: Server) -> None:
    series = [
        (sample.name, frozenset(sample.labels.items()))
        for family in families(eventful).values()
        for sample in family.samples
    ]
    assert len(series) == len(set(series))


def test_the_content_type_is_that_of_the_text_format() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


async def test_before_the_first_round_there_are_metrics_too(make_server: MakeServer) -> None:
    server = make_server()
    assert value(server, "rrdns_ready") == 0
    assert families(server)["rrdns_member_up"].samples == []


async def test_any_name_can_be_a_label(make_server: MakeServer) -> None:
    config = (
        'dns: {listen: ["127.0.0.1:0"]}\n'
        "zones: {linux.example: linux.example.zone}\n"
        'pools: {"www.linux.example": {members: {192.0.2.1: {name: "a\\"b\\\\c"}}}}\n'
    )
    server = make_server(config)
    await server.start()
    labels = {"pool": POOL, "address": "192.0.2.1", "name": 'a"b\\c'}
    assert value(server, "rrdns_member_in_rotation", **labels) == 1
