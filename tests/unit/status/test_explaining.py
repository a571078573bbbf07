"""An explanation has all that an answer hangs on: records, members, orders, rung, turn, TTL."""

import pytest

from rrdns.pool.duty import Assignment, Duty
from rrdns.status.explaining import explanation, render_explanation

from .conftest import CONFIG, FAIL, STARTED_AT, ZONE, MakeServer, Server

POOL = "www.linux.example."


def test_the_answer_is_the_next_one_and_who_asks_takes_no_turn(server: Server) -> None:
    first = explanation(server, "www.linux.example")
    assert first["answer"] == [f"{POOL} 60 IN A 192.0.2.1", f"{POOL} 60 IN A 192.0.2.2"]
    assert first["turn"] == {"name": POOL, "type": "A", "number": 1, "turns": 2}
    assert (first["zone"], first["outcome"], first["ttl"]) == ("linux.example.", "positive", 60)
    assert explanation(server, "WWW.linux.example.", "a") == first


def test_the_pool_is_reported_as_elsewhere(server: Server) -> None:
    pool = explanation(server, "www.linux.example", "AAAA")["pools"][POOL]
    assert (pool["order"], pool["require"]) == ("cyclic", "all")
    assert [member["address"] for member in pool["members"]][:2] == ["192.0.2.1", "192.0.2.2"]


async def test_an_order_and_a_rung_are_told(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.say("192.0.2.2", FAIL)
    await server.start()
    [pool] = server.loaded.pools
    assignment = Assignment(Duty.DRAIN, STARTED_AT, None, "disk")
    server.steward.order(pool, pool.members[0], assignment, force=True)
    said = explanation(server, "www.linux.example")
    assert said["note"] == "no member is up: all are given"
    assert said["pools"][POOL]["fallback"] == "all"
    text = render_explanation(said)
    assert "clients with EDNS are told: no member is up: all are given" in text
    assert "ALL DOWN (A): fallback `all`" in text
    assert "up, drain" in text


async def test_that_a_pool_has_shrunk_the_ttl_is_told(make_server: MakeServer) -> None:
    server = make_server(CONFIG.replace("    checks:", "    ttl_floor: 5s\n    checks:"))
    await server.start()
    text = render_explanation(explanation(server, "www.linux.example"))
    assert "caches may keep it for 60 s\n" in text
    [pool] = server.loaded.pools
    server.steward.order(pool, pool.members[0], Assignment(Duty.DRAIN, STARTED_AT))
    text = render_explanation(explanation(server, "www.linux.example"))
    assert "caches may keep it for 5 s, and 60 s once all has been well for a while" in text


async def test_the_last_outcomes_are_shown_the_newest_last(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.say("192.0.2.2", FAIL)
    await server.start()
    text = render_explanation(explanation(server, "www.linux.example"))
    assert ". pass" in text
    assert "x fail" in text


async def test_the_way_is_told_by_alias_and_wildcard(make_server: MakeServer) -> None:
    zone = f"{ZONE}ftp CNAME www\n*.old CNAME ftp\n"
    server = make_server(zone=zone)
    await server.start()
    text = render_explanation(explanation(server, "any.old.linux.example"))
    assert "any.old.linux.example. does not exist; the wildcard *.old.linux.example." in text
    assert "any.old.linux.example. is an alias of ftp.linux.example." in text
    assert f"ftp.linux.example. is an alias of {POOL}" in text


@pytest.mark.parametrize(
    ("name", "rtype", "expected"),
    [
        ("no.linux.example", "A", "NXDOMAIN, no such name in zone linux.example."),
        ("www.linux.example", "TXT", "NOERROR, no data in zone linux.example."),
        ("www.example", "A", "REFUSED, no zone of this server has that name"),
        ("linux.example", "AXFR", "REFUSED, zone linux.example. does not answer that"),
    ],
)
def test_what_has_no_answer_is_explained_too(
    server: Server, name: str, rtype: str, expected: str
) -> None:
    assert expected in render_explanation(explanation(server, name, rtype))


def test_the_client_makes_no_difference_and_is_told_so(server: Server) -> None:
    said = explanation(server, "www.linux.example", client="198.51.100.7")
    assert "198.51.100.7 is answered as everybody else is" in render_explanation(said)


@pytest.mark.parametrize(
    ("name", "rtype", "client", "expected"),
    [
        ("www..example", "A", "", "label"),
        ("www.linux.example", "frob", "", "'frob' is not a type of record"),
        ("www.linux.example", "A", "me", "'me'"),
    ],
)
def test_what_can_not_be_asked_is_said(
    server: Server, name: str, rtype: str, client: str, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        explanation(server, name, rtype, client)


async def test_an_order_that_is_drawn_has_no_next_turn(make_server: MakeServer) -> None:
    server = make_server(CONFIG.replace("checks: [alive, web]", "order: random"))
    await server.start()
    said = explanation(server, "www.linux.example")
    assert said["turn"]["number"] is None
    assert "A: drawn" in render_explanation(said)
