"""Failover as a picture: a panel for what is wrong and what is waited for, a bar a server."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median

from .drawing import BAR, MARGIN, PANEL_HEAD, PANEL_WIDTH, STEP, WIDTH, Panel, bar, picture, text
from .trials import Losses, Outages

NAMES_WIDTH, FIGURES_WIDTH = 106, 60  # to the left and to the right of the bars

Bars = Mapping[str, float]
"""By the server's name."""


def drawn(
    outages: Mapping[str, Mapping[str, Outages]],
    losses: Mapping[str, Mapping[str, Losses]],
    ours: Sequence[str],
) -> str:
    """The medians of outages and the drops of healthy mirrors, as SVG."""
    seconds: list[tuple[str, Bars]] = []
    for fault, of_fault in outages.items():
        gone = {name: median(found.left_s) for name, found in of_fault.items()}
        back = {name: median(found.back_s) for name, found in of_fault.items()}
        seconds += [
            (f"{fault}: until no answer has it", gone),
            (f"{fault}: until it is back", back),
        ]
    drops = [
        (f"healthy, 2 % lost ({loss}): dropped", {n: float(f.drops) for n, f in of_loss.items()})
        for loss, of_loss in losses.items()
    ]
    return picture(_head(), [*_panels(seconds, "{:.2f} s", ours), *_panels(drops, "{:.0f}", ours)])


def _panels(rows: Sequence[tuple[str, Bars]], figure: str, ours: Sequence[str]) -> Iterator[Panel]:
    """Panels of one scale."""
    longest = max(value for _, bars in rows for value in bars.values())
    unit = (PANEL_WIDTH - NAMES_WIDTH - FIGURES_WIDTH) / max(longest, 1)
    for row, bars in rows:
        yield Panel(
            len(bars), partial(_panel, row=row, bars=bars, unit=unit, figure=figure, ours=ours)
        )


def _head() -> Iterator[str]:
    yield text(MARGIN, 36, "A mirror fails, and comes back", "title")
    for left, label, kind in ((0, "rrdns", "first"), (130, "other servers", "other")):
        yield bar(MARGIN + left, 53, 12, kind)
        yield text(MARGIN + left + 18, 63, label)
    yield text(WIDTH - MARGIN, 63, "medians · less is better", "faint figure")


def _panel(
    left: int, top: int, *, row: str, bars: Bars, unit: float, figure: str, ours: Sequence[str]
) -> Iterator[str]:
    yield text(left, top + 12, row, "row")
    for at, (server, value) in enumerate(bars.items()):
        y = top + PANEL_HEAD + at * STEP
        kind, emphasis = ("first", "ours") if server in ours else ("other", "")
        yield text(left, y + BAR - 2, server, emphasis)
        yield bar(left + NAMES_WIDTH, y, max(value * unit, 1), kind)
        end = left + PANEL_WIDTH
        yield text(end, y + BAR - 2, figure.format(value), f"figure {emphasis}".rstrip())
