"""What others wrote reaches a log or a terminal as one harmless line."""

import pytest

from rrdns.health.result import MAX_REASON, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("all is well", "all is well"),
        ("two\r\nlines\tand\0more", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("right \u202eto left", "right to left"),
        ("grün, 日本", "grün, 日本"),
        ("", ""),
    ],
)
def test_only_printable_text_on_one_line_is_left(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_line_is_bounded() -> None:
    assert one_line("x" * 10**6) == "x" * MAX_REASON
