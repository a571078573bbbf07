"""A strip shows every outcome as a shape of its own, and says the same in words."""

import re

import pytest

from rrdns.health.strip import LENGTH
from rrdns.status.page.strip import HEIGHT, SLOT, WIDTH, draw, in_words

PASSED, FAILED, UNMADE = [0, "pass", 1.0], [0, "fail", 1000.0], [0, "error", 0.0]


def heights(path: str) -> list[float]:
    return [float(height) for height in re.findall(r"v-([\d.]+)", path)]


def places(path: str) -> list[float]:
    return [float(x) for x in re.findall(r"M([\d.]+) ", path)]


def test_each_outcome_has_a_shape_of_its_own() -> None:
    drawing = draw([PASSED, FAILED, UNMADE])
    shapes = [drawing.passes, drawing.failures, drawing.errors]
    assert all(len(places(shape)) == 1 for shape in shapes)
    assert len({re.sub(r"M[\d.]+ ", "", shape) for shape in shapes}) == 3


def test_the_newest_probe_is_on_the_right() -> None:
    drawing = draw([PASSED, FAILED])
    assert places(drawing.passes) == [WIDTH - 1.5 * SLOT]
    assert places(drawing.failures)[0] > places(drawing.passes)[0]


def test_the_longest_strip_fits_in() -> None:
    xs = places(draw([PASSED] * LENGTH).passes)
    assert (min(xs), max(xs)) == (SLOT / 2, WIDTH - SLOT / 2)


def test_bars_grow_with_the_logarithm_of_the_time_within_the_strip() -> None:
    times = [0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 104000.0]
    found = heights(draw([[0, "pass", time] for time in times]).passes)
    assert found == sorted(found)
    assert found[0] == found[2] > 0
    assert found[4] - found[3] == pytest.approx(found[5] - found[4])
    assert found[-1] <= HEIGHT


def test_words_tell_what_the_strip_shows() -> None:
    probes = [PASSED, [0, "pass", 12.5], FAILED, UNMADE, UNMADE]
    said = "last 5 probes, 2 passed in 1 to 12.5 ms, 1 failed, 2 could not be made"
    assert draw(probes).words == in_words(probes) == said
    assert in_words([]) == "not probed yet"
    assert in_words([FAILED]) == "last probe, 1 failed"
