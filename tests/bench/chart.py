"""The comparison as a picture: a panel a row, a bar a server, as parts of what the mark does.

SVG that is readable by itself on a light and on a dark page: it brings its own background.
"""

from collections.abc import Iterator, Mapping
from html import escape

Rates = Mapping[str, Mapping[str, float]]
"""Answers a second, by the row and the server's name."""

COLUMNS = 2
WIDTH, MARGIN, GUTTER = 880, 28, 44
HEAD_HEIGHT = 92  # the title and the legend
PANEL_HEAD, STEP, BAR, PANEL_FOOT = 26, 19, 12, 24
NAMES_WIDTH, FIGURES_WIDTH = 106, 98  # to the left and to the right of the bars

# The class of a bar, by the server's name; all others are alike.
OURS = {"rrdns (C)": "first", "rrdns (Python)": "second"}

STYLE = """
svg { --page: #ffffff; --ink: #1f2328; --faint: #59636e;
      --first: #0b7a57; --second: #63bf9d; --other: #b9c2cc; }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --ink: #e6edf3; --faint: #9198a1;
        --first: #45c497; --second: #22795c; --other: #4a535e; }
}
text { font: 12px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
       fill: var(--ink); }
.page { fill: var(--page); }
.title { font-size: 17px; font-weight: 600; }
.row { font-size: 13px; font-weight: 600; }
.ours { font-weight: 600; }
.faint { fill: var(--faint); }
.figure { text-anchor: end; font-variant-numeric: tabular-nums; }
.first { fill: var(--first); }
.second { fill: var(--second); }
.other { fill: var(--other); }
.mark { stroke: var(--faint); stroke-dasharray: 2 3; }
"""


def drawn(rates: Rates, mark: str) -> str:
    """The picture as SVG; ValueError where the mark was not measured in any row.

    A row in which it was not is left out.
    """
    panels = [(row, of_row) for row, of_row in rates.items() if of_row.get(mark)]
    best = max(rate / of_row[mark] for _, of_row in panels for rate in of_row.values())
    unit = (_panel_width() - NAMES_WIDTH - FIGURES_WIDTH) / best
    top = HEAD_HEIGHT
    lines = list(_head(mark))
    for at in range(0, len(panels), COLUMNS):
        beside = panels[at : at + COLUMNS]
        for column, (row, of_row) in enumerate(beside):
            left = MARGIN + column * (_panel_width() + GUTTER)
            lines += _panel(left, top, row, of_row, mark, unit)
        top += PANEL_HEAD + STEP * max(len(of_row) for _, of_row in beside) + PANEL_FOOT
    return _document(top, lines)


def _panel_width() -> int:
    return (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GUTTER) // COLUMNS


def _head(mark: str) -> Iterator[str]:
    """The title, the legend, and what the figures are."""
    yield _text(MARGIN, 36, "Answers per second, by one worker on one core", "title")
    left = MARGIN
    for label, kind in (*OURS.items(), ("other servers", "other")):
        yield _bar(left, 53, 12, kind)
        yield _text(left + 18, 63, label)
        left += 130
    yield _line(left + 6, 50, 68)
    yield _text(left + 18, 63, f"{mark} = 1.00")
    yield _text(WIDTH - MARGIN, 63, f"thousands a second · ratio to {mark}", "faint figure")


def _panel(
    left: int, top: int, row: str, of_row: Mapping[str, float], mark: str, unit: float
) -> Iterator[str]:
    """One row of the table; `unit` is how long the bar of the mark is."""
    yield _text(left, top + 12, row, "row")
    bars = left + NAMES_WIDTH
    right = left + _panel_width()
    for at, (server, rate) in enumerate(of_row.items()):
        y = top + PANEL_HEAD + at * STEP
        ratio = rate / of_row[mark]
        emphasis = "ours" if server in OURS else ""
        yield _text(left, y + BAR - 2, server, emphasis)
        yield _bar(bars, y, max(ratio * unit, 1), OURS.get(server, "other"))
        yield _text(right - 40, y + BAR - 2, f"{rate / 1000:,.1f} k", "faint figure")
        yield _text(right, y + BAR - 2, f"{ratio:.2f}", f"figure {emphasis}".rstrip())
    yield _line(bars + unit, top + PANEL_HEAD - 4, top + PANEL_HEAD + len(of_row) * STEP - 3)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}"{_class(kind)}>{escape(text)}</text>'


def _bar(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="2"{_class(kind)}/>'


def _line(x: float, top: float, bottom: float) -> str:
    return f'<line x1="{x:.1f}" y1="{top:g}" x2="{x:.1f}" y2="{bottom:g}" class="mark"/>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _document(height: int, lines: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
    return "\n".join(
        (
            f'{head} width="{WIDTH}" height="{height}">',
            f"<style>{STYLE}</style>",
            '<rect class="page" width="100%" height="100%" rx="8"/>',
            *lines,
            "</svg>\n",
        )
    )
