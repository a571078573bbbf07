"""What curl shows can be read at a glance: aligned, plain, and with what is wrong first."""

import copy
from typing import Any

import pytest

from rrdns.status.report import report
from rrdns.status.text import WIDTH, duration_text, render

from .conftest import FAIL, MakeServer, Server

POOL, ZONE_NAME = "www.linux.example.", "linux.example."


@pytest.fixture
def said(server: Server) -> dict[str, Any]:
    """A report of a server on which all is well."""
    return copy.deepcopy(report(server))


def line_with(text: str, table: str) -> str:
    [line] = [line for line in table.splitlines() if text in line]
    return line


def test_members_stand_in_aligned_columns(said: dict[str, Any]) -> None:
    table = render(said)
    headings = line_with("ADDRESS", table)
    for heading, value in (("ADDRESS", "192.0.2.1"), ("NAME", "marconi"), ("STATE", "up ")):
        assert line_with("192.0.2.1 ", table).index(value) == headings.index(heading)
    assert line_with("192.0.2.1 ", table).startswith("*")
    assert "3 of 3 in rotation" in line_with(f"pool {POOL}", table)


def test_the_table_is_plain_text_within_its_width(said: dict[str, Any]) -> None:
    said["pools"][POOL]["members"][0]["checks"][0]["reason"] = "no answer " * 16
    table = render(said)
    assert table.endswith("\n")
    assert not table.endswith("\n\n")
    assert table.isascii()
    assert all(line.isprintable() for line in table.splitlines())
    assert max(map(len, table.splitlines())) <= WIDTH
    assert "no answer" in table
    assert "..." in table


def test_no_line_ends_in_spaces(said: dict[str, Any]) -> None:
    assert [line for line in render(said).splitlines() if line != line.rstrip()] == []


async def test_who_is_down_and_what_is_done_about_it_catches_the_eye(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.say("192.0.2.2", FAIL)
    server.findings.say("2001:db8::1", FAIL)
    await server.start()
    table = render(report(server))
    assert "DOWN" in line_with("192.0.2.2", table)
    assert not line_with("192.0.2.2", table).startswith("*")
    assert FAIL.reason in line_with("192.0.2.2", table)
    assert "fallback `all`" in line_with("ALL DOWN (AAAA)", table)


def test_problems_come_before_the_pools_and_are_never_cut(said: dict[str, Any]) -> None:
    rejected = f"linux.example.zone:6:13: {'very ' * 40}wrong; mend it"
    warning = "linux.example.zone:9: warning: unusual; look at it"
    said["reload"]["problems"] = [rejected]
    said["zones"][ZONE_NAME]["problems"] = [rejected, warning]
    said["warnings"] = [warning]
    table = render(said)
    assert table.count(rejected) == 1
    assert table.count(warning) == 1
    assert table.index("REJECTED") < table.index(rejected) < table.index("WARNINGS")
    assert table.index(warning) < table.index(f"pool {POOL}")


def test_nothing_is_said_of_problems_where_there_are_none(said: dict[str, Any]) -> None:
    assert "REJECTED" not in render(said)
    assert "WARNINGS" not in render(said)


async def test_a_server_that_is_not_ready_says_so(make_server: MakeServer) -> None:
    table = render(report(make_server()))
    assert "NOT READY" in table.splitlines()[0]
    assert "none yet" in line_with("192.0.2.1 ", table)


def test_what_others_wrote_can_not_steer_the_terminal(said: dict[str, Any]) -> None:
    said["pools"][POOL]["members"][0]["name"] = "evil\x1b[2Jname\u202e"
    said["reload"]["problems"] = ["bad\r\n\x07line"]
    table = render(said)
    assert all(line.isprintable() for line in table.splitlines())
    assert "evil?[2Jname?" in table
    assert "bad???line" in table


def test_notes_follow_the_state(said: dict[str, Any]) -> None:
    said["pools"][POOL]["members"][0] |= {"suspect": True, "backup": True}
    assert "up, suspect, backup" in render(said)


@pytest.mark.parametrize(
    ("of_duty", "of_member", "note"),
    [
        ({"safe": False}, {}, "up, drain, in caches until 2026-01-01 00:01:00Z, disk"),
        ({"safe": True}, {}, "up, drain, in no cache, disk"),
        ({"safe": False}, {"in_rotation": True}, "up, drain, handed out all the same, disk"),
        ({"safe": True, "reason": ""}, {}, "up, drain, in no cache  "),
        ({"safe": True, "reason": "x" * 99}, {}, f"up, drain, in no cache, {'x' * 37}...  "),
    ],
)
def test_an_order_is_told_with_what_caches_have(
    said: dict[str, Any], of_duty: dict[str, Any], of_member: dict[str, Any], note: str
) -> None:
    member = said["pools"][POOL]["members"][0]
    member |= {"in_rotation": False, **of_member}
    safe_at = "2026-01-01T00:01:00.000Z"
    member["duty"] |= {"order": "drain", "reason": "disk", "safe_at": safe_at, **of_duty}
    assert note in render(said)


def test_a_server_without_pools_shows_its_zones(said: dict[str, Any]) -> None:
    said["pools"] = {}
    assert "linux.example.zone" in line_with(ZONE_NAME, render(said))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (12000, "3 h 20 min"), (90061, "1 d 1 h")],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_cut_comes_first_with_what_each_anchor_says(said: dict[str, Any]) -> None:
    anchors = [
        {"address": "192.0.2.254", "outcome": "fail", "reason": "no answer within 0.5 s"},
        {"address": "192.0.2.253", "outcome": "error", "reason": "no route from this host"},
    ]
    said["vantage"] = {"cut_off": True, "since": "2026-01-01T00:00:00.000Z", "anchors": anchors}
    lines = render(said).splitlines()
    assert lines[2:5] == [
        "CUT OFF since 2026-01-01 00:00:00Z: no anchor answers; verdicts are frozen",
        "  192.0.2.254: no answer within 0.5 s",
        "  192.0.2.253: no route from this host",
    ]
    said["vantage"] |= {"cut_off": False, "since": None}
    assert "CUT OFF" not in render(said)


def test_what_was_restored_and_what_is_a_drill_are_notes(said: dict[str, Any]) -> None:
    members = said["pools"][POOL]["members"]
    members[0] |= {"restored": True}
    members[1] |= {"drill_until": "2026-01-01T00:01:00.000Z"}
    table = render(said)
    assert "up, restored" in line_with("192.0.2.1 ", table)
    assert "up, drill until 2026-01-01 00:01:00Z" in line_with("192.0.2.2", table)
