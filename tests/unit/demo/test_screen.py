"""The screen tells what is so, in the space there is, and nothing on it steers the terminal."""

import logging
from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from rrdns.demo.asking import Asked
from rrdns.demo.mirrors import Doing
from rrdns.demo.screen import Picture, Process, draw, recent_log

OWNER = "www.linux.example."


def member(address: str = "127.0.0.11", **other: Any) -> dict[str, Any]:
    """What the report says of a member on which all is well, but for `other`."""
    check = {"name": "web", "outcome": "pass", "reason": "200 OK in 1.2 ms", "at": None}
    return {
        "address": address,
        "name": "marconi",
        "state": "up",
        "suspect": False,
        "backup": False,
        "duty": {"order": "ready"},
        "cover": None,
        "since": "2026-01-01T00:00:00.000Z",
        "checks": [check],
        **other,
    }


def picture(
    *members: dict[str, Any],
    processes: dict[str, Process] | None = None,
    answers: Sequence[Asked] = (),
    log: Sequence[str] = (),
) -> Picture:
    pools = {OWNER: {"members": list(members)}}
    return Picture(pools, processes or {}, "127.0.0.1:5353", answers, log)


def drawn(shown: Picture, width: int = 100, height: int = 30) -> list[str]:
    """The lines that a terminal of that size gets."""
    console = Console(record=True, width=width, height=height, file=StringIO())
    console.print(draw(shown, console))
    return [line.rstrip() for line in console.export_text().splitlines()]


def line_with(text: str, lines: list[str]) -> str:
    [line] = [line for line in lines if text in line]
    return line


def test_a_member_is_one_line_with_its_process_and_state() -> None:
    processes = {"127.0.0.11": Process(4711, Doing.STOPPED, "1")}
    line = line_with("127.0.0.11", drawn(picture(member(suspect=True), processes=processes)))
    words = line.split()
    assert words[:7] == ["1", "127.0.0.11", "marconi", "4711", "stopped", "up,", "suspect"]
    assert line.endswith(" 200 OK in 1.2 ms")


def test_a_member_that_is_no_mirror_of_the_demo_is_shown_too() -> None:
    line = line_with("127.0.0.99", drawn(picture(member("127.0.0.99", name=None, state="down"))))
    assert line.split()[:2] == ["127.0.0.99", "down"]


def test_of_several_checks_the_one_that_did_not_pass_is_shown() -> None:
    passed = {"name": "alive", "outcome": "pass", "reason": "0.1 ms", "at": None}
    failed = {"name": "web", "outcome": "fail", "reason": "connection refused", "at": None}
    lines = drawn(picture(member(checks=[passed, failed])))
    assert line_with("127.0.0.11", lines).endswith("web: connection refused")


def test_members_without_checks_or_outcome_are_shown() -> None:
    unprobed = {"name": "web", "outcome": None, "reason": None, "at": None}
    lines = drawn(picture(member("127.0.0.11", checks=[unprobed]), member("127.0.0.12", checks=[])))
    assert line_with("127.0.0.11", lines).endswith(" nothing yet")
    assert line_with("127.0.0.12", lines).endswith("no check")


def test_answers_are_shown_in_their_order_and_failures_in_words() -> None:
    answers = [Asked(0.0, ("127.0.0.12", "127.0.0.11")), Asked(1.0, (), "no answer within 1 s")]
    lines = drawn(picture(answers=answers))
    assert line_with("127.0.0.12", lines).endswith("127.0.0.12  127.0.0.11")
    assert line_with("no answer", lines).endswith("no answer within 1 s")


def test_nothing_moves_when_a_member_becomes_suspect_or_its_mirror_stops() -> None:
    calm = {"127.0.0.11": Process(4711, Doing.RUNNING, "1")}
    troubled = {"127.0.0.11": Process(4711, Doing.STOPPED, "1")}
    lines = [
        line_with("127.0.0.11", drawn(picture(shown, processes=processes)))
        for shown, processes in ((member(), calm), (member(suspect=True), troubled))
    ]
    assert len({line.index("200 OK") for line in lines}) == 1


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 36), (200, 60)])
def test_the_newest_log_lines_fill_what_is_left_of_the_terminal(width: int, height: int) -> None:
    log = [f"12:00:00 INFO line {number} {'x' * 100}" for number in range(100)]
    members = [member(f"127.0.0.{last}") for last in (11, 12, 13)]
    lines = drawn(picture(*members, answers=[Asked(0.0, ("::1",))] * 5, log=log), width, height)
    assert len(lines) == height - 1
    assert max(map(len, lines)) <= width
    assert "line 99" in "".join(lines[-3:])


def test_log_lines_are_kept_without_control_characters_and_in_one_line() -> None:
    with recent_log() as recent:
        logging.getLogger("rrdns.zone").warning("%s", "bad \x1b[31mname\nin two [red]lines")
    [line] = recent.lines
    assert line.endswith("WARNING bad [31mname in two [red]lines")
    assert line_with("bad", drawn(picture(log=recent.lines))).endswith("in two [red]lines")


def test_the_log_goes_where_it_went_before_once_the_screen_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with recent_log() as recent:
        logging.getLogger("rrdns").warning("on the screen")
    logging.getLogger("rrdns").warning("afterwards")
    assert len(recent.lines) == 1
    assert [record.message for record in caplog.records] == ["afterwards"]
