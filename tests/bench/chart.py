"""The comparison as a picture: a panel a row, a bar a server, as parts of what the mark does."""

from collections.abc import Iterator, Mapping
from functools import partial

from .drawing import (
    BAR,
    MARGIN,
    PANEL_HEAD,
    PANEL_WIDTH,
    STEP,
    WIDTH,
    Panel,
    bar,
    line,
    picture,
    text,
)

Rates = Mapping[str, Mapping[str, float]]
"""Answers a second, by the row and the server's name."""

NAMES_WIDTH, FIGURES_WIDTH = 106, 98  # to the left and to the right of the bars

# The class of a bar, by the server's name; all others are alike.
OURS = {"rrdns (C)": "first", "rrdns (Python)": "second"}


def drawn(rates: Rates, mark: str) -> str:
    """The picture as SVG; ValueError where the mark was not measured in any row.

    A row in which it was not is left out.
    """
    panels = [(row, of_row) for row, of_row in rates.items() if of_row.get(mark)]
    best = max(rate / of_row[mark] for _, of_row in panels for rate in of_row.values())
    unit = (PANEL_WIDTH - NAMES_WIDTH - FIGURES_WIDTH) / best
    return picture(
        _head(mark),
        [
            Panel(len(of_row), partial(_panel, row=row, of_row=of_row, mark=mark, unit=unit))
            for row, of_row in panels
        ],
    )


def _head(mark: str) -> Iterator[str]:
    """The title, the legend, and what the figures are."""
    yield text(MARGIN, 36, "Answers per second, by one worker on one core", "title")
    left = MARGIN
    for label, kind in (*OURS.items(), ("other servers", "other")):
        yield bar(left, 53, 12, kind)
        yield text(left + 18, 63, label)
        left += 130
    yield line(left + 6, 50, 68)
    yield text(left + 18, 63, f"{mark} = 1.00")
    yield text(WIDTH - MARGIN, 63, f"thousands a second · ratio to {mark}", "faint figure")


def _panel(
    left: int, top: int, *, row: str, of_row: Mapping[str, float], mark: str, unit: float
) -> Iterator[str]:
    """One row of the table; `unit` is how long the bar of the mark is."""
    yield text(left, top + 12, row, "row")
    bars = left + NAMES_WIDTH
    right = left + PANEL_WIDTH
    for at, (server, rate) in enumerate(of_row.items()):
        y = top + PANEL_HEAD + at * STEP
        ratio = rate / of_row[mark]
        emphasis = "ours" if server in OURS else ""
        yield text(left, y + BAR - 2, server, emphasis)
        yield bar(bars, y, max(ratio * unit, 1), OURS.get(server, "other"))
        yield text(right - 40, y + BAR - 2, f"{rate / 1000:,.1f} k", "faint figure")
        yield text(right, y + BAR - 2, f"{ratio:.2f}", f"figure {emphasis}".rstrip())
    yield line(bars + unit, top + PANEL_HEAD - 4, top + PANEL_HEAD + len(of_row) * STEP - 3)
