"""Each number that is scraped is the server's own, under a name that Prometheus' rules allow."""

import re
from dataclasses import replace
from ipaddress import ip_address

import dns.message
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from harness.direct import CLIENT
from rrdns import __version__
from rrdns.answer.reference import Transport
from rrdns.errors import Place, Problem, Severity
from rrdns.health.check import TcpCheck
from rrdns.health.durations import BOUNDS_S
from rrdns.health.vantage import Vantage
from rrdns.status.metrics import CONTENT_TYPE, Measured, Metrics

from .conftest import ERROR, FAIL, STARTED_AT, ZONE, MakeServer, Server, until_cut_off

POOL = "www.linux.example."
RESERVED = ("_total", "_sum", "_count", "_bucket", "_created", "_info")
CHAOS = dns.message.make_query("version.bind", "TXT", "CH").to_wire()
NOT_BASE = {"ms", "us", "ns", "milliseconds", "minutes", "hours", "days", "kb", "mb", "percent"}


async def families(server: Measured) -> dict[str, Metric]:
    text = (await Metrics(server).exposition()).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


async def value(server: Measured, sample_name: str, **labels: str) -> float | None:
    """The sample of that name and exactly those labels; None where there is none."""
    found = [
        sample.value
        for family in (await families(server)).values()
        for sample in family.samples
        if sample.name == sample_name and sample.labels == labels
    ]
    assert len(found) <= 1
    return found[0] if found else None


def ask(server: Server, name: str, rtype: str = "A", over: Transport = Transport.UDP) -> None:
    server.answerers[over].answer(dns.message.make_query(name, rtype).to_wire(), CLIENT)


async def test_names_units_and_help_follow_the_rules(server: Server) -> None:
    ask(server, "www.linux.example")
    for family in (await families(server)).values():
        assert re.fullmatch(r"(rrdns|process)(_[a-z]+)+", family.name)
        assert not NOT_BASE & set(family.name.split("_"))
        assert family.type not in family.name.split("_")
        assert re.fullmatch(r"[A-Z].*\.", family.documentation)
        names = {sample.name for sample in family.samples}
        match family.type:
            case "counter":
                assert names <= {f"{family.name}_total"}
            case "gauge" if family.name == "rrdns_build_info":
                assert names == {family.name}
            case "gauge":
                assert not family.name.endswith(RESERVED)
            case "histogram":
                assert family.name.endswith("_seconds")
        for sample in family.samples:
            assert all(re.fullmatch("[a-z]+", label) for label in sample.labels)


async def test_no_series_is_exposed_twice(server: Server) -> None:
    ask(server, "www.linux.example")
    series = [
        (sample.name, frozenset(sample.labels.items()))
        for family in (await families(server)).values()
        for sample in family.samples
    ]
    assert len(series) == len(set(series))


async def test_the_server_tells_of_itself(server: Server) -> None:
    server.tcp_connections = 3
    assert await value(server, "rrdns_build_info", version=__version__) == 1
    assert await value(server, "rrdns_ready") == 1
    assert await value(server, "rrdns_tcp_connections") == 3
    assert await value(server, "rrdns_start_time_seconds") == STARTED_AT
    assert await value(server, "rrdns_zone_serial", zone="linux.example.") == 7
    assert (await value(server, "process_resident_memory_bytes") or 0) > 0
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


async def test_queries_are_told_by_protocol_and_rcode(server: Server) -> None:
    for _ in range(3):
        ask(server, "www.linux.example")
    ask(server, "nowhere.linux.example")
    ask(server, "elsewhere.example", over=Transport.TCP)
    server.answerers[Transport.UDP].answer(b"no header", CLIENT)
    assert await value(server, "rrdns_queries_total", protocol="udp", rcode="NOERROR") == 3
    assert await value(server, "rrdns_queries_total", protocol="udp", rcode="NXDOMAIN") == 1
    assert await value(server, "rrdns_queries_total", protocol="tcp", rcode="REFUSED") == 1
    assert await value(server, "rrdns_unanswered_total", protocol="udp") == 1
    assert await value(server, "rrdns_unanswered_total", protocol="tcp") == 0


async def test_what_the_table_does_not_hold_is_told_and_what_was_lost(server: Server) -> None:
    ask(server, "www.linux.example")
    for _ in range(2):
        ask(server, "www.linux.example", "TXT", over=Transport.TCP)
        server.answerers[Transport.TCP].answer(CHAOS, CLIENT)
    tally = server.answerers[Transport.UDP].tally
    tally.overflowed, tally.unsent = 5, 7
    told = {
        name: [
            await value(server, f"rrdns_{name}_total", protocol=over.value) for over in Transport
        ]
        for name in ("left_queries", "overflowed_queries", "unsent_replies")
    }
    assert told == {
        "left_queries": [0, 2],
        "overflowed_queries": [5, 0],
        "unsent_replies": [7, 0],
    }


async def test_who_came_first_is_told_of_pools_only(make_server: MakeServer) -> None:
    server = make_server(zone=ZONE + "plain A 192.0.2.8\n A 192.0.2.9\n")
    await server.start()
    for over in Transport:
        for _ in range(4):
            ask(server, "www.linux.example", over=over)
            ask(server, "plain.linux.example", over=over)
    ask(server, "www.linux.example", "AAAA")
    counted = {
        (s.labels["pool"], s.labels["type"], s.labels["address"]): s.value
        for s in (await families(server))["rrdns_first_answers"].samples
    }
    assert counted == {
        (POOL, "A", "192.0.2.1"): 4,
        (POOL, "A", "192.0.2.2"): 4,
        (POOL, "AAAA", "2001:db8::1"): 1,
    }


async def test_members_are_up_or_down_or_absent_where_nobody_knows(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.say("192.0.2.1", ERROR)
    server.findings.say("192.0.2.2", FAIL)
    await server.start()
    one = {"pool": POOL, "address": "192.0.2.1", "name": "marconi"}
    two = {"pool": POOL, "address": "192.0.2.2", "name": ""}
    three = {"pool": POOL, "address": "2001:db8::1", "name": ""}
    up = [await value(server, "rrdns_member_up", **labels) for labels in (one, two, three)]
    out = [
        await value(server, "rrdns_member_in_rotation", **labels) for labels in (one, two, three)
    ]
    assert up == [None, 0, 1]
    assert out == [1, 0, 1]


async def test_the_rung_that_is_taken_is_told_by_family(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.say("2001:db8::1", FAIL)
    await server.start()
    taken = {
        (s.labels["type"], s.labels["rung"])
        for s in (await families(server))["rrdns_pool_fallback"].samples
        if s.value
    }
    assert taken == {("AAAA", "all")}
    assert len((await families(server))["rrdns_pool_fallback"].samples) == 4


async def test_probes_are_counted_and_timed_by_check(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.found["192.0.2.1", "alive"] = ERROR
    server.findings.found["192.0.2.2", "alive"] = FAIL
    await server.start()
    outcomes = {
        outcome: await value(server, "rrdns_probes_total", check="alive", outcome=outcome)
        for outcome in ("pass", "fail", "error")
    }
    assert outcomes == {"pass": 1, "fail": 1, "error": 1}
    name = "rrdns_probe_duration_seconds"
    assert await value(server, f"{name}_count", check="alive") == 2
    assert await value(server, f"{name}_sum", check="alive") == pytest.approx(1.0004)
    assert await value(server, f"{name}_bucket", check="alive", le="0.001") == 1
    assert await value(server, f"{name}_bucket", check="alive", le="1.0") == 2
    assert await value(server, f"{name}_bucket", check="alive", le="+Inf") == 2


async def test_a_check_that_is_no_longer_configured_has_no_series(server: Server) -> None:
    pools = tuple(
        replace(pool, checks=(TcpCheck(name="new", port=80),)) for pool in server.loaded.pools
    )
    server.loaded = replace(server.loaded, pools=pools)
    samples = (await families(server))["rrdns_probe_duration_seconds"].samples
    assert {sample.labels["check"] for sample in samples} == {"new"}
    assert len(samples) == len(BOUNDS_S) + 2
    assert {sample.value for sample in samples} == {0}


async def test_files_are_counted_that_do_not_take_effect(server: Server) -> None:
    def problem(file: str, line: int, severity: Severity = Severity.ERROR) -> Problem:
        return Problem(Place(file, line, 1), "wrong", "mend it", severity)

    server.loaded = replace(
        server.loaded,
        rejected=(
            problem("a.zone", 1),
            problem("a.zone", 2),
            problem("b.zone", 1),
            problem("c.zone", 1, Severity.WARNING),
        ),
    )
    server.reloads.done(accepted=True, now=1.0)
    server.reloads.done(accepted=False, now=2.0)
    assert await value(server, "rrdns_rejected_files") == 2
    assert await value(server, "rrdns_reloads_total", result="accepted") == 1
    assert await value(server, "rrdns_reloads_total", result="rejected") == 1


async def test_before_the_first_round_there_are_metrics_too(make_server: MakeServer) -> None:
    server = make_server()
    assert await value(server, "rrdns_ready") == 0
    assert (await families(server))["rrdns_member_up"].samples == []


async def test_any_name_can_be_a_label(make_server: MakeServer) -> None:
    config = (
        'dns: {listen: ["127.0.0.1:0"]}\n'
        "zones: {linux.example: linux.example.zone}\n"
        'pools: {"www.linux.example": {members: {192.0.2.1: {name: "a\\"b\\\\c"}}}}\n'
    )
    server = make_server(config)
    await server.start()
    labels = {"pool": POOL, "address": "192.0.2.1", "name": 'a"b\\c'}
    assert await value(server, "rrdns_member_in_rotation", **labels) == 1


async def test_a_cut_is_a_gauge_where_there_are_anchors(make_server: MakeServer) -> None:
    server = make_server()
    assert "rrdns_cut_off" not in await families(server)
    server.findings.found["192.0.2.254", "vantage"] = FAIL
    server.steward.monitor.look_from(Vantage((ip_address("192.0.2.254"),), interval_s=0.1))
    assert await value(server, "rrdns_cut_off") == 0
    await until_cut_off(server)
    assert await value(server, "rrdns_cut_off") == 1


async def test_lateness_is_a_histogram_and_its_maximum(server: Server) -> None:
    server.steward.monitor.lateness.add(0.002)
    server.steward.monitor.lateness.add(0.2)
    name = "rrdns_probe_lateness_seconds"
    assert await value(server, f"{name}_count") == 2
    assert await value(server, f"{name}_sum") == pytest.approx(0.202)
    assert await value(server, f"{name}_bucket", le="0.0025") == 1
    assert await value(server, "rrdns_probe_lateness_max_seconds") == 0.2
