"""However many errors there are, the log grows by a bounded number of lines a minute."""

from rrdns.health.errorlog import LINES, WINDOW_S, ErrorLog


def test_what_is_held_back_is_counted_in_the_next_line() -> None:
    errors = ErrorLog()
    admitted = [errors.admit(0.0, f"error {n}") for n in range(LINES + 7)]
    assert admitted == [f"error {n}" for n in range(LINES)] + [None] * 7
    assert errors.admit(WINDOW_S - 0.1, "too soon") is None
    assert errors.admit(WINDOW_S, "later") == "later (8 more were not logged)"
    assert errors.admit(WINDOW_S, "again") == "again"
