"""From samples to figures: medians, their spread, and the ratio to the server that is the mark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from statistics import median, quantiles

from .sample import Sample

MARK = "gdnsd"  # the fastest of those that check health too
NOT_MEASURED = "n/a"

HEADER: tuple[str, ...] = (
    "",
    "answers/s",
    f"of {MARK}",
    "spread",
    "CPU us",
    f"of {MARK}",
    "busy",
    "others",
    "lost",
    "wrong",
)


Samples = Mapping[str, Mapping[str, Sequence[Sample]]]
"""By the row and the server's name, one a round."""


def render(samples: Samples) -> str:
    """The table, to be read in a terminal."""
    lines = [HEADER]
    for row, of_row in samples.items():
        lines.append((row,))
        mark = of_row.get(MARK)
        lines += [_line(server, found, mark) for server, found in of_row.items()]
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be, the first to the left, figures to the right."""
    full = max(lines, key=len)
    widths = [max(len(line[at]) for line in lines if at < len(line)) for at in range(len(full))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=False))
        ).rstrip()
        for line in lines
    )


def summary(values: Sequence[float], digits: int = 2) -> tuple[str, str, str]:
    """The median, the 95th percentile and the largest, with so many digits after the point."""
    p95 = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return f"{median(values):.{digits}f}", f"{p95:.{digits}f}", f"{max(values):.{digits}f}"


def rates(samples: Samples) -> Mapping[str, Mapping[str, float]]:
    """The median answers a second, by the row and the server's name."""
    return {
        row: {server: _median(found, _rate) for server, found in of_row.items()}
        for row, of_row in samples.items()
    }


def as_json(samples: Samples) -> object:
    """The medians and every sample."""
    return {
        row: {
            server: {
                "answers_per_s": _median(found, _rate),
                "cpu_us_per_answer": _median(found, _cost),
                "samples": [asdict(sample) for sample in found],
            }
            for server, found in of_row.items()
        }
        for row, of_row in samples.items()
    }


def _line(server: str, found: Sequence[Sample], mark: Sequence[Sample] | None) -> tuple[str, ...]:
    rates = [sample.per_second for sample in found]
    middle = median(rates)
    spread = (max(rates) - min(rates)) / middle if middle else 0.0
    return (
        f"  {server}",
        f"{middle:,.0f}",
        _ratio(found, mark, _rate),
        f"{spread:.0%}",
        f"{_median(found, _cost):.2f}",
        _ratio(found, mark, _cost),
        f"{median(sample.use.cores_busy for sample in found):.2f}",
        f"{median(sample.use.cores_foreign for sample in found):.2f}",
        f"{sum(sample.outcome.lost for sample in found):,}",
        f"{sum(sample.outcome.wrong for sample in found):,}",
    )


def _ratio(
    found: Sequence[Sample], mark: Sequence[Sample] | None, figure: Callable[[Sample], float]
) -> str:
    of_mark = _median(mark, figure) if mark else 0.0
    return f"{_median(found, figure) / of_mark:.2f}" if of_mark else NOT_MEASURED


def _rate(sample: Sample) -> float:
    return sample.per_second


def _cost(sample: Sample) -> float:
    return sample.cpu_us


def _median(found: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return median(figure(sample) for sample in found)
