"""Probes are counted and timed, and it is told whether we can judge by them."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from rrdns.health.check import TcpCheck
from rrdns.health.durations import BOUNDS_S
from rrdns.health.vantage import Vantage

from ..conftest import ERROR, FAIL, MakeServer, Server, until_cut_off
from .scraping import families, until_told, value


async def test_probes_are_counted_and_timed_by_check(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.found["192.0.2.1", "alive"] = ERROR
    server.findings.found["192.0.2.2", "alive"] = FAIL
    await server.start()
    outcomes = {
        outcome: value(server, "rrdns_probes_total", check="alive", outcome=outcome)
        for outcome in ("pass", "fail", "error")
    }
    assert outcomes == {"pass": 1, "fail": 1, "error": 1}
    name = "rrdns_probe_duration_seconds"
    assert value(server, f"{name}_count", check="alive") == 2
    assert value(server, f"{name}_sum", check="alive") == pytest.approx(1.0004)
    assert value(server, f"{name}_bucket", check="alive", le="0.001") == 1
    assert value(server, f"{name}_bucket", check="alive", le="1.0") == 2
    assert value(server, f"{name}_bucket", check="alive", le="+Inf") == 2


async def test_a_check_that_is_no_longer_configured_has_no_series(server: Server) -> None:
    pools = tuple(
        replace(pool, checks=(TcpCheck(name="new", port=80),)) for pool in server.loaded.pools
    )
    server.loaded = replace(server.loaded, pools=pools)
    samples = families(server)["rrdns_probe_duration_seconds"].samples
    assert {sample.labels["check"] for sample in samples} == {"new"}
    assert len(samples) == len(BOUNDS_S) + 2
    assert {sample.value for sample in samples} == {0}


async def test_a_cut_is_a_gauge_where_there_are_anchors(make_server: MakeServer) -> None:
    server = make_server()
    assert "rrdns_cut_off" not in families(server)
    server.findings.found["192.0.2.254", "vantage"] = FAIL
    server.steward.monitor.look_from(Vantage((ip_address("192.0.2.254"),), interval_s=0.1))
    assert value(server, "rrdns_cut_off") == 0
    await until_cut_off(server)
    assert value(server, "rrdns_cut_off") == 1


async def test_lateness_is_a_histogram_and_its_maximum(server: Server) -> None:
    server.steward.monitor.lateness.add(0.002)
    server.steward.monitor.lateness.add(0.2)
    name = "rrdns_probe_lateness_seconds"
    assert value(server, f"{name}_count") == 2
    assert value(server, f"{name}_sum") == pytest.approx(0.202)
    assert value(server, f"{name}_bucket", le="0.0025") == 1
    assert value(server, "rrdns_probe_lateness_max_seconds") == 0.2


async def test_each_anchor_is_up_or_not_once_it_was_asked(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.found["192.0.2.254", "vantage"] = FAIL
    anchors = (ip_address("192.0.2.254"), ip_address("2001:db8::fe"))
    server.steward.monitor.look_from(Vantage(anchors, interval_s=0.1))
    assert families(server)["rrdns_anchor_up"].samples == []
    await until_told(server, "rrdns_anchor_up")
    assert value(server, "rrdns_anchor_up", address="2001:db8::fe") == 1
    assert value(server, "rrdns_anchor_up", address="192.0.2.254") == 0
    assert value(server, "rrdns_cut_off") == 0
