"""A trace says what its lines say, or everything that is wrong with them, each with its place."""

import re
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rrdns.trace
from rrdns.cli.simulating import simulate
from rrdns.errors import BadInputError
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome
from rrdns.trace import SILENT, Command, Finding, Loss, read, word, written

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
WORDS = "pass, fail, silent, refuse, error, loss, order"
EXAMPLE = "write for example: 10.5 192.0.2.1 silent"


ROOT = Path(__file__).parents[2]


def only(line: str) -> object:
    [event] = read(line, "t")
    return event.what


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("0 m pass", Finding(PASS, 0.001)),
        ("0 m pass 12ms", Finding(PASS, 0.012)),
        ("0 m pass 2", Finding(PASS, 2.0)),
        ("0 m silent", SILENT),
        ("0 m refuse", Finding(FAIL, 0.0, "connection refused")),
        ("0 m refuse out of order", Finding(FAIL, 0.0, "out of order")),
        ("0 m fail", Finding(FAIL, 0.0, "as the trace says")),
        ("0 m fail 503 Service  Unavailable", Finding(FAIL, 0.0, "503 Service Unavailable")),
        ("0 m fail 80ms 503", Finding(FAIL, 0.08, "503")),
        ("0 m error no#descriptors # a comment", Finding(ERROR, 0.0, "no#descriptors")),
        ("0 m error 5ms", Finding(ERROR, 0.005, "as the trace says")),
        ("0 m loss 2%", Loss(0.02)),
        ("0 m loss 0.5%", Loss(0.005)),
        ("0 m order drain", Command("drain")),
        ("0 m order maint 2h a new disk", Command("maint", 7200.0, False, "a new disk")),
        ("0 m order ready", Command("ready")),
        ("0 m order drill force 5s", Command("drill", 5.0, True)),
    ],
)
def test_each_word_says_what_it_says(line: str, what: object) -> None:
    assert only(line) == what


def test_lines_are_put_in_the_order_of_time_and_empty_ones_say_nothing() -> None:
    text = "# a trace\r\n\n  1m b silent\n 0.5 a pass\n60 c silent # the same moment\n"
    events = [(event.at_s, event.whom) for event in read(text, "t")]
    assert events == [(0.5, "a"), (60.0, "b"), (60.0, "c")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("10", f"t:1:3: the line ends here; {EXAMPLE}"),
        ("10 a  # pass", f"t:1:5: the line ends here; {EXAMPLE}"),
        (
            "soon a pass",
            "t:1:1: 'soon' is not a duration; write 500ms, 2s, 1m, 1h or a number of seconds",
        ),
        ("11d a pass", "t:1:1: '11d' is out of range; write 0s to 10d"),
        ("1 a pas", "t:1:5: 'pas' is nothing that a trace says; did you mean 'pass'?"),
        ("1 a 17", f"t:1:5: '17' is nothing that a trace says; write one of {WORDS}"),
        ("1 a silent now", "t:1:12: 'now' is one word too many; remove it, or put a # before it"),
        ("1 a pass 1s x", "t:1:13: 'x' is one word too many; remove it, or put a # before it"),
        ("1 a loss", "t:1:9: no share is named; write for example 2%"),
        ("1 a loss 2", "t:1:10: '2' is no share; write for example 2%"),
        ("1 a loss 101%", "t:1:10: '101%' is no share; write for example 2%"),
        ("1 a order", "t:1:10: no order is named; write one of ready, drain, maint, drill"),
        ("1 a order drane", "t:1:11: 'drane' is no order; did you mean 'drain'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_mend(line: str, problem: str) -> None:
    with pytest.raises(BadInputError) as raised:
        read(line, "t")
    assert list(map(str, raised.value.problems)) == [problem]


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(BadInputError) as raised:
        read("x\n0 a pass\n0 a b\n", "t")
    assert [problem.place.line for problem in raised.value.problems] == [1, 3]


def test_a_probe_waits_no_longer_than_its_timeout() -> None:
    assert Finding(PASS, 0.5).result(1.0) == Result(PASS, "500.0 ms", 0.5)
    assert Finding(FAIL, 0.5, "no").result(1.0) == Result(FAIL, "no", 0.5)
    late = Result(FAIL, "no answer within 1 s", 1.0)
    assert Finding(PASS, 1.0).result(1.0) == late
    assert Finding(ERROR, 2.0, "no").result(1.0) == late
    assert SILENT.result(1.0) == late


@given(
    at_ms=st.integers(0, 10 * 86400_000),
    name=st.text(
        st.characters(whitelist_categories=("L", "N", "Zs"), max_codepoint=0x7F), min_size=1
    ),
    outcome=st.sampled_from(Outcome),
    after=st.integers(0, 1_000_000) | st.just(inf),
)
def test_what_is_written_is_read_again(
    at_ms: int, name: str, outcome: Outcome, after: float
) -> None:
    finding = SILENT if after == inf else Finding(outcome, after / 10_000)
    [event] = read(written(at_ms / 1000, word(name), finding), "t")
    assert isinstance(event.what, Finding)
    assert event.at_s == pytest.approx(at_ms / 1000)
    assert event.whom == word(name)
    assert event.what.outcome is finding.outcome
    assert event.what.after_s == pytest.approx(finding.after_s)


@given(
    st.lists(
        st.sampled_from(["0", "1m", "a", "*", "#", "pass", "fail", "loss", "2%", "order", "drain"])
        | st.text(max_size=6),
        max_size=8,
    ).map(" ".join)
    | st.text()
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    events, problems = [], []
    try:
        events = read(text, "t")
    except BadInputError as error:
        problems = list(error.problems)
    lines = text.count("\n") + 1
    assert len(events) <= lines
    assert all(event.at_s >= 0 for event in events)
    for problem in problems:
        assert 1 <= problem.place.line <= lines
        assert problem.place.column >= 1
        assert "\n" not in str(problem)


@pytest.mark.parametrize(
    "text",
    [(ROOT / "README.md").read_text(), str(simulate.help), str(rrdns.trace.__doc__)],
    ids=["README", "help", "docstring"],
)
def test_the_examples_that_are_shown_are_traces(text: str) -> None:
    [example] = re.findall(r"^ *# seconds .*\n(?:^ .*\n)+", text, re.MULTILINE)
    assert len(read(example, "t")) >= 8
