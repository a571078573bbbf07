"""What the pictures are made of.

SVG that is readable by itself on a light and on a dark page: it brings its own background.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH, MARGIN, GUTTER = 880, 28, 44
COLUMNS = 2
PANEL_WIDTH = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GUTTER) // COLUMNS
HEAD_HEIGHT = 92  # the title and the legend
PANEL_HEAD, STEP, BAR, PANEL_FOOT = 26, 19, 12, 24

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


class Panel(NamedTuple):
    """A part of a picture with so many bars; `drawn` is told its left and its top."""

    bars: int
    drawn: Callable[[int, int], Iterable[str]]


def picture(head: Iterable[str], panels: Sequence[Panel]) -> str:
    """The panels in columns below the head, as SVG."""
    top = HEAD_HEIGHT
    lines = list(head)
    for at in range(0, len(panels), COLUMNS):
        beside = panels[at : at + COLUMNS]
        for column, panel in enumerate(beside):
            lines += panel.drawn(MARGIN + column * (PANEL_WIDTH + GUTTER), top)
        top += PANEL_HEAD + STEP * max(panel.bars for panel in beside) + PANEL_FOOT
    return _document(top, lines)


def text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}"{_class(kind)}>{escape(words)}</text>'


def bar(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="2"{_class(kind)}/>'


def line(x: float, top: float, bottom: float) -> str:
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
