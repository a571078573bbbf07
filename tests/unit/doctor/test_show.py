"""Every finding is shown with its mend, nothing in it steers the terminal, the worst decides."""

from io import StringIO

from rich.console import Console

from rrdns.doctor.examine import EXAMINATIONS, Found, examine, stands_in_the_way
from rrdns.doctor.finding import Level, failure, note, ok, warning
from rrdns.doctor.show import lines, show, summary

from .conftest import FakeHost, MakePatient

FOUND = [
    Found("ports", ok("53 is free")),
    Found("ports", failure("54 is [red]held[/red]\x1b[2J", "end\nit")),
    Found("clock", warning("slow", "wind it")),
]


def printed(*, terminal: bool) -> str:
    out = StringIO()
    environment = {"TERM": "xterm"}
    show(FOUND, Console(file=out, force_terminal=terminal, width=60, _environ=environment))
    return out.getvalue()


def test_a_finding_is_a_line() -> None:
    assert list(lines(FOUND)) == [
        "ok: ports: 53 is free",
        "failure: ports: 54 is [red]held[/red] [2J; end it",
        "warning: clock: slow; wind it",
    ]


def test_without_a_terminal_the_lines_are_plain_and_whole() -> None:
    assert printed(terminal=False).splitlines() == [*lines(FOUND), summary(FOUND)]


def test_a_terminal_gets_a_table_in_which_nothing_is_interpreted() -> None:
    shown = printed(terminal=True)
    assert "[red]held[/red]" in shown
    assert "\x1b[2J" not in shown
    assert "-> end it" in shown


def test_the_summary_counts_what_is_wrong() -> None:
    assert summary(FOUND) == "something stands in the way (1 failure, 1 warning)"
    assert summary(FOUND[:1]) == "nothing stands in the way"
    assert summary(FOUND[2:] * 2) == "nothing stands in the way (2 warnings)"


def test_only_a_failure_stands_in_the_way() -> None:
    assert stands_in_the_way(FOUND)
    assert not stands_in_the_way([Found("clock", warning("slow", "wind it"))])


def test_every_examination_has_its_word(make_patient: MakePatient) -> None:
    assert [*dict.fromkeys(each.examination for each in examine(make_patient()))] == [*EXAMINATIONS]


def test_what_can_not_be_seen_is_said_and_not_failed(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.settings.clear()
    found = [each.finding for each in examine(make_patient()) if each.examination == "buffers"]
    assert [each.level for each in found] == [Level.NOTE]
    assert "net.core.rmem_max" in found[0].what


def test_a_note_may_have_no_mend() -> None:
    assert list(lines([Found("x", note("y"))])) == ["note: x: y"]
