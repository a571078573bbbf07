"""Who has a member's address, and which agents tell, is shown wherever the state of members is."""

import asyncio
import json
from ipaddress import ip_address
from typing import Any

import pytest

from rrdns.pool.cover import Claim, Word
from rrdns.pool.duty import Assignment, Duty
from rrdns.status.explaining import explanation, render_explanation
from rrdns.status.report import report
from rrdns.status.text import render
from rrdns.status.view import view

from .conftest import CONFIG, FAIL, STARTED_AT, MakeServer, Server

POOL = "www.linux.example."
ONE, TWO = "192.0.2.1", "192.0.2.2"
MARCONI, HERTZ = "http://192.0.2.11:8056/", "http://192.0.2.12:8056/"
TAKEOVER = f'takeover: {{status: ["{MARCONI}", "{HERTZ}"]}}\n'
COVERED = Claim("marconi", 1, holds=True, reason="owner does not answer")
FREE = Claim("marconi", 1, holds=False)
CONTESTED = Claim("marconi", 0, holds=True, contested="02:aa:bb:cc:dd:ee")


@pytest.fixture
async def server(make_server: MakeServer) -> Server:
    """One that asks two agents, of which hertz's covers the first member; marconi's is silent."""
    server = make_server(TAKEOVER + CONFIG)
    await server.start()
    server.steward.heard(MARCONI, "no answer within 1 s")
    await say(server, COVERED)
    return server


async def say(server: Server, claim: Claim, url: str = HERTZ, address: str = ONE) -> None:
    """An agent says so, and the answers follow."""
    host = "hertz" if url == HERTZ else "marconi"
    server.steward.heard(url, Word(host, {ip_address(address): claim}))
    await asyncio.sleep(0)


def member(said: dict[str, Any], address: str = ONE) -> dict[str, Any]:
    [found] = [m for m in said["pools"][POOL]["members"] if m["address"] == address]
    return dict(found)


def line_with(text: str, table: str) -> str:
    [line] = [line for line in table.splitlines() if text in line]
    return line


async def test_without_agents_there_is_nothing_to_say(make_server: MakeServer) -> None:
    server = make_server()
    await server.start()
    said = report(server)
    assert said["takeover"] is None
    assert member(said)["cover"] is None
    assert "TAKEOVER" not in render(said)
    assert "cover" not in render_explanation(explanation(server, "www.linux.example"))


async def test_before_anybody_was_asked_nobody_is_silent(make_server: MakeServer) -> None:
    server = make_server(TAKEOVER + CONFIG)
    await server.start()
    said = report(server)["takeover"]
    assert [agent["tells"] for agent in said["agents"]] == [None, None]
    assert said["vips"] == {}


async def test_a_member_has_its_cover_and_the_whole_its_agents(server: Server) -> None:
    said = json.loads(json.dumps(report(server)))
    cover = {
        "state": "covered",
        "owner": "marconi",
        "by": "hertz",
        "reason": "owner does not answer",
        "since": "2026-01-01T00:00:01.000Z",
    }
    assert member(said)["cover"] == {**cover, "weight": None}
    assert member(said, TWO)["cover"] is None
    assert not member(said)["in_rotation"]
    assert said["takeover"] == {
        "agents": [
            {
                "url": MARCONI,
                "host": None,
                "tells": False,
                "problem": "no answer within 1 s",
                "at": None,
            },
            {
                "url": HERTZ,
                "host": "hertz",
                "tells": True,
                "problem": None,
                "at": "2026-01-01T00:00:01.000Z",
            },
        ],
        "vips": {ONE: cover},
    }


async def test_a_single_failure_is_shown_while_the_last_word_is_good(server: Server) -> None:
    server.steward.heard(HERTZ, "connection refused")
    agent = report(server)["takeover"]["agents"][1]
    assert (agent["tells"], agent["problem"]) == (True, "connection refused")


async def test_addresses_stand_in_their_order(server: Server) -> None:
    claims = {
        ip_address(text): FREE for text in ("2001:db8::1", "192.0.2.10", "192.0.2.9", "192.0.2.1")
    }
    server.steward.heard(HERTZ, Word("hertz", claims))
    vips = report(server)["takeover"]["vips"]
    assert list(vips) == ["192.0.2.1", "192.0.2.9", "192.0.2.10", "2001:db8::1"]


async def test_the_table_says_who_covers_whom_and_which_agents_are_silent(server: Server) -> None:
    table = render(report(server))
    assert "up, covered by hertz" in line_with("192.0.2.1 ", table)
    assert not line_with("192.0.2.1 ", table).startswith("*")
    assert line_with(MARCONI, table).split("  ")[-1] == "no answer within 1 s"
    assert "none yet" in line_with(MARCONI, table)
    assert "hertz  2026-01-01 00:00:01Z" in line_with(HERTZ, table)
    assert "CONTESTED" not in table


async def test_the_table_begins_with_what_is_contested(server: Server) -> None:
    await say(server, CONTESTED, MARCONI)
    lines = render(report(server)).splitlines()
    assert lines[2:4] == [
        "CONTESTED: two hosts have an address; which of them it leads to is chance",
        "  192.0.2.1 of marconi: marconi hears 02:aa:bb:cc:dd:ee hold it too",
    ]
    assert [line for line in lines if "up, CONTESTED" in line]


async def test_that_nobody_has_it_is_told(server: Server) -> None:
    await say(server, FREE)
    assert "held by nobody" not in render(report(server)), "marconi may have it"
    await say(server, Claim("marconi", 0, holds=False), MARCONI)
    assert "up, held by nobody" in render(report(server))


async def test_an_explanation_says_why_a_member_is_left_out(server: Server) -> None:
    said = explanation(server, "www.linux.example")
    assert said["answer"] == [f"{POOL} 60 IN A {TWO}"]
    assert (
        "192.0.2.1 (marconi) is left out, as others may serve: covered by hertz"
        " (owner does not answer); it is the address of marconi"
    ) in render_explanation(said)


async def test_an_explanation_tells_a_weight(make_server: MakeServer) -> None:
    config = CONFIG.replace("all_down:", "covered_weight: 3\n    all_down:")
    server = make_server(TAKEOVER + config)
    await server.start()
    await say(server, COVERED)
    said = explanation(server, "www.linux.example")
    assert said["pools"][POOL]["covered_weight"] == 3
    assert member(said)["cover"]["weight"] == 3
    assert member(said)["in_rotation"]
    assert "192.0.2.1 (marconi) is handed out with weight 3: covered by hertz" in (
        render_explanation(said)
    )


async def test_an_explanation_tells_who_helps_out_and_not_who_is_left_out_anyway(
    server: Server,
) -> None:
    [pool] = server.loaded.pools
    server.steward.order(pool, pool.members[1], Assignment(Duty.DRAIN, STARTED_AT))
    text = render_explanation(explanation(server, "www.linux.example"))
    assert "192.0.2.1 (marconi) is handed out all the same: covered by hertz" in text
    server.steward.order(pool, pool.members[1], Assignment(Duty.READY, STARTED_AT))
    server.steward.order(pool, pool.members[0], Assignment(Duty.DRAIN, STARTED_AT))
    text = render_explanation(explanation(server, "www.linux.example"))
    assert "is left out" not in text
    assert "up, covered by hertz, drain" in text


async def test_a_covered_member_is_a_doubt(server: Server) -> None:
    said = view(server)
    assert said["mood"] == {
        "level": "doubt",
        "word": "1 covered",
        "text": "1 member is covered by another host",
    }
    assert (said["totals"]["covered"], said["totals"]["contested"]) == (1, 0)


async def test_a_contested_one_is_a_trouble(server: Server) -> None:
    await say(server, CONTESTED, MARCONI)
    said = view(server)
    assert said["mood"] == {
        "level": "down",
        "word": "1 contested",
        "text": "Two hosts have the address of 1 member",
    }
    assert (said["totals"]["covered"], said["totals"]["contested"]) == (0, 1)


async def test_who_is_under_maintenance_is_neither(server: Server) -> None:
    [pool] = server.loaded.pools
    server.steward.order(pool, pool.members[0], Assignment(Duty.MAINT, STARTED_AT))
    assert view(server)["mood"]["word"] == "all well"


async def test_pools_stand_in_the_order_of_their_troubles(make_server: MakeServer) -> None:
    last = {"down": 11, "covered": 21, "contested": 31, "well": 41, "out": 51}
    zone = "$TTL 60\n@ SOA ns1 hostmaster 7 3600 600 86400 60\n  NS ns1\nns1 A 192.0.2.53\n"
    zone += "".join(f"{name} A 192.0.2.{n}\n{name} A 192.0.2.{n + 1}\n" for name, n in last.items())
    config = CONFIG.partition("pools:")[0] + "pools:\n"
    config += "".join(f"  {name}.linux.example: {{checks: [web]}}\n" for name in last)
    server = make_server(TAKEOVER + config, zone)
    for address in ("192.0.2.11", "192.0.2.51", "192.0.2.52"):
        server.findings.say(address, FAIL)
    await server.start()
    await say(server, COVERED, HERTZ, "192.0.2.21")
    await say(server, CONTESTED, MARCONI, "192.0.2.31")
    assert [name.partition(".")[0] for name in view(server)["pools"]] == [
        "out",
        "contested",
        "down",
        "covered",
        "well",
    ]
