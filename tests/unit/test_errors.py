"""A problem is one line of plain text, whatever the user's files have in them."""

import pytest

from rrdns.errors import BadInputError, Place, Problem, Severity, errors_in

ERROR = Problem(Place("b.zone", 3, 5), "'x' is bad", "mend it")
WARNING = Problem(Place("a.zone", 9, 1), "odd", "look at it", Severity.WARNING)


def test_a_problem_reads_as_place_what_and_mend() -> None:
    assert str(ERROR) == "b.zone:3:5: 'x' is bad; mend it"
    assert str(WARNING) == "a.zone:9:1: warning: odd; look at it"
    assert str(Problem(Place("c.zone"), "is missing", "make it")) == "c.zone: is missing; make it"


@pytest.mark.parametrize("character", ["\n", "\x1b", "\x1f", "\u2028", "\x85", "\udc80"])
def test_nothing_breaks_the_line_or_steers_the_terminal(character: str) -> None:
    text = str(Problem(Place(f"{character}.zone", 1, 1), f"'{character}'", character))
    assert text.isprintable()


def test_all_problems_are_told_in_the_order_of_the_files() -> None:
    error = BadInputError([ERROR, WARNING])
    assert str(error).splitlines() == [str(WARNING), str(ERROR)]
    assert errors_in(error.problems) == [ERROR]
