"""The report says what is published and why, in the shape that the documentation promises."""

import json
import os
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from harness.awaiting import eventually
from rrdns.errors import Place, Problem
from rrdns.health.result import Health
from rrdns.health.vantage import Vantage
from rrdns.health.verdict import State, Verdict
from rrdns.load import reload
from rrdns.status.observed import Reloads
from rrdns.status.pools import PoolReports
from rrdns.status.report import report

from .conftest import CONFIG, ERROR, FAIL, STARTED_AT, ZONE, MakeServer, Server, until_cut_off

POOL, ZONE_NAME = "www.linux.example.", "linux.example."

# The example of the documentation, as it stands there.
EXAMPLE = json.loads("""
{"version": "0.1.0", "ready": true, "uptime_s": 12.3,
 "zones": {"linux.example.": {"serial": 1, "file": "linux.example.zone",
                              "loaded_at": "2026-01-01T00:00:00Z", "problems": []}},
 "pools": {"www.linux.example.": {"ttl": 60, "in_rotation": ["192.0.2.1"], "fallback": null,
   "members": [{"address": "192.0.2.1", "name": "marconi", "state": "up", "suspect": false,
                "since": "2026-01-01T00:00:00Z", "in_rotation": true,
                "checks": [{"name": "alive", "outcome": "pass", "reason": "0.4 ms",
                            "at": "2026-01-01T00:00:00Z"}]}]}}}
""")


def assert_has_shape(value: object, example: object) -> None:
    """`value` has all that `example` has, of the same types; it may have more."""
    assert type(value) is type(example)
    if isinstance(example, dict) and isinstance(value, dict):
        assert example.keys() <= value.keys()
        for key in example:
            assert_has_shape(value[key], example[key])
    elif isinstance(example, list) and isinstance(value, list) and example:
        assert value
        for item in value:
            assert_has_shape(item, example[0])


async def test_the_report_has_the_documented_shape(make_server: MakeServer) -> None:
    zone = ZONE.replace("        A   192.0.2.2\n        AAAA 2001:db8::1\n", "")
    server = make_server(zone=zone)
    await server.start()
    assert_has_shape(json.loads(json.dumps(report(server))), EXAMPLE)


async def test_which_player_answers_is_told(server: Server) -> None:
    assert json.loads(json.dumps(report(server)))["player"] == "python"


async def test_everybody_is_in_rotation_while_all_is_well(server: Server) -> None:
    pool = report(server)["pools"][POOL]
    assert pool["in_rotation"] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert pool["fallback"] is None
    assert pool["families"]["A"] == {
        "ttl": 60,
        "ttl_full": 60,
        "in_rotation": ["192.0.2.1", "192.0.2.2"],
        "fallback": None,
    }
    first = pool["members"][0]
    assert (first["name"], first["state"], first["in_rotation"]) == ("marconi", "up", True)
    assert first["since"] == "2026-01-01T00:00:01.000Z"
    check = first["checks"][0]
    assert (check["name"], check["outcome"], check["reason"]) == ("alive", "pass", "0.4 ms")


async def test_a_member_that_is_down_is_told_apart_from_one_that_is_handed_out(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.say("192.0.2.2", FAIL)
    server.findings.say("2001:db8::1", FAIL)
    await server.start()
    pool = report(server)["pools"][POOL]
    said = {m["address"]: (m["state"], m["in_rotation"]) for m in pool["members"]}
    assert said == {
        "192.0.2.1": ("up", True),
        "192.0.2.2": ("down", False),
        "2001:db8::1": ("down", True),
    }
    assert pool["families"]["A"]["fallback"] is None
    assert pool["families"]["AAAA"]["fallback"] == "all"
    assert pool["fallback"] == "all"


async def test_a_probe_that_could_not_be_carried_out_is_shown_and_proves_nothing(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.say("192.0.2.1", ERROR)
    await server.start()
    member = report(server)["pools"][POOL]["members"][0]
    assert (member["state"], member["in_rotation"]) == ("unknown", True)
    assert [check["outcome"] for check in member["checks"]] == ["error", "error"]
    assert member["checks"][0]["reason"] == ERROR.reason


async def test_suspicion_is_shown(make_server: MakeServer) -> None:
    config = CONFIG.replace("{type: icmp}", "{type: icmp, interval: 100ms, timeout: 50ms, fall: 9}")
    server = make_server(config)
    await server.start()
    assert not report(server)["pools"][POOL]["members"][1]["suspect"]
    server.findings.say("192.0.2.2", FAIL)
    await eventually(lambda: report(server)["pools"][POOL]["members"][1]["suspect"])
    member = report(server)["pools"][POOL]["members"][1]
    assert (member["state"], member["in_rotation"]) == ("up", True)


async def test_before_the_first_round_there_is_a_report_too(make_server: MakeServer) -> None:
    said = report(make_server())
    pool = said["pools"][POOL]
    assert not said["ready"]
    assert (pool["in_rotation"], pool["fallback"]) == ([], None)
    assert {member["state"] for member in pool["members"]} == {"unknown"}
    assert pool["members"][0]["since"] == "2026-01-01T00:00:00.000Z"
    assert pool["members"][0]["checks"][0] == {
        "name": "alive",
        "outcome": None,
        "reason": None,
        "at": None,
        "elapsed_ms": None,
        "rise_needed": None,
    }


async def test_a_pool_without_checks_is_reported(make_server: MakeServer) -> None:
    server = make_server(CONFIG.replace("[alive, web]", "[]"))
    await server.start()
    pool = report(server)["pools"][POOL]
    assert pool["in_rotation"] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert [member["checks"] for member in pool["members"]] == [[], [], []]


async def test_families_with_different_ttls_show_both_and_the_shorter_one(
    make_server: MakeServer,
) -> None:
    server = make_server(zone=ZONE.replace("        AAAA", "        30 AAAA"))
    await server.start()
    pool = report(server)["pools"][POOL]
    assert {rtype: family["ttl"] for rtype, family in pool["families"].items()} == {
        "A": 60,
        "AAAA": 30,
    }
    assert pool["ttl"] == 30


async def test_a_rejected_file_is_told_of_and_the_old_zone_serves_on(server: Server) -> None:
    path = server.loaded.settings.path
    zone_file = path.parent / "linux.example.zone"
    zone_file.write_text(ZONE.replace("192.0.2.2", "192.168.0.300"))
    server.loaded = reload(path, server.loaded)
    server.reloads.done(accepted=False, now=time.time())
    said = report(server)
    [problem] = said["reload"]["problems"]
    assert problem.startswith(f"{zone_file}:6:")
    assert "192.168.0.300" in problem
    assert said["zones"][ZONE_NAME]["problems"] == [problem]
    assert said["zones"][ZONE_NAME]["serial"] == 7
    assert (said["reload"]["accepted"], said["reload"]["rejected"]) == (0, 1)
    assert said["reload"]["last_at"].endswith("Z")


async def test_warnings_of_the_configuration_are_told_once(server: Server) -> None:
    warning = Problem(Place("rrdns.yaml", 4, 3), "check web is used by no pool", "remove it")
    settings = replace(server.loaded.settings, warnings=(warning,))
    server.loaded = replace(server.loaded, settings=settings, warnings=(warning,))
    assert report(server)["warnings"] == [str(warning)]


async def test_a_file_is_named_relative_to_the_configuration_where_it_is_below(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert report(server)["zones"][ZONE_NAME]["file"] == "linux.example.zone"
    path = server.loaded.settings.path
    monkeypatch.chdir(path.parent)
    settings = replace(server.loaded.settings, path=Path(path.name))
    server.loaded = replace(server.loaded, settings=settings)
    assert report(server)["zones"][ZONE_NAME]["file"] == "linux.example.zone"
    elsewhere = Path("/srv/zones/linux.example.zone")
    zones = {apex: replace(v, path=elsewhere) for apex, v in server.loaded.zones.items()}
    server.loaded = replace(server.loaded, zones=zones)
    assert report(server)["zones"][ZONE_NAME]["file"] == str(elsewhere)


async def test_the_process_can_be_signalled_by_what_the_report_says(server: Server) -> None:
    assert report(server)["pid"] == os.getpid()


def test_reloads_are_counted_by_how_they_ended() -> None:
    reloads = Reloads()
    assert reloads.last_at is None
    reloads.done(accepted=True, now=1.0)
    reloads.done(accepted=False, now=2.0)
    reloads.done(accepted=True, now=3.0)
    assert reloads == Reloads(accepted=2, rejected=1, last_at=3.0)


async def test_the_vantage_tells_who_was_asked_and_since_when_nobody_answers(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.found["192.0.2.254", "vantage"] = FAIL
    assert report(server)["vantage"] is None
    server.steward.monitor.look_from(Vantage((ip_address("192.0.2.254"),), interval_s=0.1))
    assert report(server)["vantage"] == {
        "cut_off": False,
        "since": None,
        "anchors": [{"address": "192.0.2.254", "outcome": None, "reason": None, "at": None}],
    }
    await until_cut_off(server)
    said = report(server)["vantage"]
    assert said["cut_off"]
    assert said["since"].endswith("Z")
    [anchor] = said["anchors"]
    assert (anchor["outcome"], anchor["reason"]) == ("fail", FAIL.reason)
    assert anchor["at"].endswith("Z")


async def test_recent_probes_are_told_of_one_pool_and_not_of_all(server: Server) -> None:
    [pool] = server.loaded.pools
    [check, _] = PoolReports(server, recent=True).of(pool)["members"][0]["checks"]
    [[at_ms, outcome, elapsed_ms]] = check["recent"]
    assert at_ms == (STARTED_AT + 1) * 1000
    assert (outcome, elapsed_ms) == ("pass", 0.4)
    assert (check["elapsed_ms"], check["rise_needed"]) == (0.4, 2)
    assert "recent" not in PoolReports(server).of(pool)["members"][0]["checks"][0]


async def test_recent_probes_of_one_that_was_never_probed_are_none(
    make_server: MakeServer,
) -> None:
    server = make_server()
    [pool] = server.loaded.pools
    assert PoolReports(server, recent=True).of(pool)["members"][0]["checks"][0]["recent"] == []


async def test_a_drill_and_what_was_restored_are_told(make_server: MakeServer) -> None:
    server = make_server()
    health = Health(Verdict(State.UP), since=1.0)
    server.steward.monitor.restore({target: health for target in server.targets})
    server.findings.say("192.0.2.1", ERROR)
    await server.start()
    drilled = server.targets[0]
    server.steward.monitor.drill([drilled], 4_000_000_000.0)
    first, second, _ = report(server)["pools"][POOL]["members"]
    assert (first["restored"], second["restored"]) == (True, False)
    assert first["drill_until"] == "2096-10-02T07:06:40.000Z"
    assert second["drill_until"] is None
