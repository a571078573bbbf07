"""What is shown fits in the terminal, with troubles first, and nothing of it steers that."""

import copy
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from rrdns.terminal.overview import Picture, draw

AT = "2026-01-01T00:00:00.000Z"
SIZES = [(60, 15), (80, 24), (100, 40), (160, 50), (200, 8)]

CHECK = {"name": "web", "outcome": "pass", "reason": "200 OK in 1.2 ms"}
MEMBER: dict[str, Any] = {
    "address": "192.0.2.1",
    "name": "marconi",
    "backup": False,
    "state": "up",
    "suspect": False,
    "since": AT,
    "duty": {"order": "ready"},
    "cover": None,
    "checks": [{**CHECK, "recent": [[0, "pass", 1.2], [0, "fail", 3.0], [0, "error", 0.0]]}],
    "in_rotation": True,
    "first_share": 0.5,
}
INCIDENT = {
    "pool": "www.linux.example.",
    "member": "192.0.2.1",
    "name": "marconi",
    "drill": False,
    "reason": "connection refused",
    "down_at": AT,
    "up_at": "2026-01-01T00:01:05.000Z",
}


def member(**other: Any) -> dict[str, Any]:
    return copy.deepcopy(MEMBER) | other


def pool(*members: dict[str, Any], **other: Any) -> dict[str, Any]:
    families = {"A": {"fallback": other.pop("fallback", None)}}
    addresses = [each["address"] for each in members if each["in_rotation"]]
    shown = {"in_rotation": addresses, "ttl": 60, "families": families, "members": list(members)}
    return shown | other


def view(pools: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "uptime_s": 65.0,
        "reload": {"problems": []},
        "state": {"problem": None, "lost": None},
        "vantage": None,
        "takeover": None,
        "mood": {"level": "well", "text": "All is well"},
        "wanted": "",
        "totals": {"pools": len(pools), "members": 3},
        "hidden": {"pools": 0, "calm": True},
        "incidents_open": 0,
        "incidents": [],
        "pools": pools,
        **other,
    }


def drawn(
    shown: dict[str, Any], width: int = 160, height: int = 40, failure: str = ""
) -> list[str]:
    """The lines that a terminal of that size gets."""
    console = Console(record=True, width=width, height=height, file=StringIO())
    console.print(draw(Picture("127.0.0.1:8053", shown, failure, "q ends"), console))
    return [line.rstrip() for line in console.export_text().splitlines()]


def line_with(text: str, lines: list[str]) -> str:
    [line] = [line for line in lines if text in line]
    return line


def test_a_member_is_one_line_with_all_that_is_known_of_it() -> None:
    line = line_with("192.0.2.1", drawn(view({"www.linux.example.": pool(member())})))
    assert line.startswith("* 192.0.2.1 marconi up ")
    assert " ▂xo " in line
    assert line.endswith(" 50% 200 OK in 1.2 ms")


def test_orders_and_rungs_are_told() -> None:
    ordered = member(duty={"order": "drain"}, in_rotation=False)
    lines = drawn(view({"www.linux.example.": pool(ordered, fallback="last-good")}))
    assert "up, drain" in line_with("192.0.2.1", lines)
    assert "ALL DOWN (A): fallback last-good" in line_with("www.linux", lines)


def test_who_has_an_address_is_told() -> None:
    cover = {"state": "covered", "by": "hertz", "owner": "marconi"}
    pools = {"www.linux.example.": pool(member(cover=cover, in_rotation=False))}
    assert "up, covered by hertz" in line_with("192.0.2.1", drawn(view(pools)))
    contested = {**cover, "state": "contested", "reason": "two hold it"}
    takeover = {
        "vips": {"192.0.2.1": contested},
        "agents": [{"url": "http://192.0.2.9/", "tells": False, "problem": "no answer"}],
    }
    pools = {"www.linux.example.": pool(member(cover=contested))}
    lines = drawn(view(pools, takeover=takeover))
    assert "up, CONTESTED" in line_with("192.0.2.1 marconi", lines)
    assert "contested: 192.0.2.1 of marconi: two hold it" in lines
    assert "takeover agent http://192.0.2.9/: no answer" in lines


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_in_whatever_there_is(width: int, height: int) -> None:
    pools = {
        f"p{number}.example.": pool(*(member(address=f"192.0.2.{last}") for last in range(9)))
        for number in range(100)
    }
    reload = {"problems": ["a.zone:1:1: no " * 40] * 20}
    vantage = {"cut_off": True, "anchors": [{"address": "192.0.2.254", "reason": "no answer"}]}
    shown = view(pools, reload=reload, vantage=vantage, incidents=[INCIDENT] * 20)
    lines = drawn(shown, width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height, 15)
    assert lines[0].startswith("All is well")
    assert lines[-1].endswith("q ends")


def test_pools_that_find_no_room_are_counted() -> None:
    pools = {f"p{number}.example.": pool(member()) for number in range(100)}
    lines = drawn(view(pools, hidden={"pools": 900, "calm": True}), height=24)
    shown = [line for line in lines if ".example." in line]
    assert shown[0].startswith("p0.example.")
    assert f"{1000 - len(shown)} more pools" in lines[-2]


def test_members_that_find_no_room_are_counted() -> None:
    members = [member(address=f"192.0.2.{last}") for last in range(50)]
    lines = drawn(view({"www.linux.example.": pool(*members)}), height=24)
    shown = sum("192.0.2." in line for line in lines)
    assert 0 < shown < 24
    assert f"{50 - shown} members not shown" in line_with("www.linux.example.", lines)


def test_the_last_incidents_are_told() -> None:
    going_on = {**INCIDENT, "up_at": None, "drill": True, "name": None}
    lines = drawn(view({}, incidents=[going_on, INCIDENT], incidents_open=1))
    assert "incidents, 1 open" in lines
    open_one, over = [line for line in lines if "connection refused" in line]
    assert "open  drill  192.0.2.1 of www.linux.example." in open_one
    assert "for 1 min 5 s  marconi of www.linux.example." in over


def test_a_server_that_is_gone_is_told_above_what_it_said_last() -> None:
    lines = drawn(view({"www.linux.example.": pool(member())}), failure="no rrdns answers")
    assert lines[-1] == "no rrdns answers"
    assert line_with("192.0.2.1", lines)


def test_a_search_that_finds_nothing_says_so() -> None:
    lines = drawn(view({}, wanted="ftp"))
    assert "no pool with 'ftp' in its name" in lines


def test_nothing_that_strangers_wrote_steers_the_terminal() -> None:
    bad = "\x1b[31m[red]\x07"
    check = {**CHECK, "reason": bad, "recent": []}
    cover = {"state": "covered", "by": bad}
    shown = view(
        {bad: pool(member(name=bad, address=bad, checks=[check], cover=cover))},
        incidents=[{**INCIDENT, "reason": bad}],
        reload={"problems": [bad]},
        takeover={"vips": {}, "agents": [{"url": bad, "tells": False, "problem": bad}]},
    )
    console = Console(width=160, height=40, file=(screen := StringIO()), color_system=None)
    console.print(draw(Picture("127.0.0.1:8053", shown), console))
    assert "\x1b" not in screen.getvalue()
    assert "\x07" not in screen.getvalue()
    assert screen.getvalue().count("[red]") == 9
