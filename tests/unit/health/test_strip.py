"""The last outcomes come back as they were added, and ten thousand strips are a few megabytes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.strip import LENGTH, Seen, Strip
from rrdns.health.verdict import Outcome

PROBES = st.builds(
    Seen, st.floats(0.0, 4e9), st.sampled_from(Outcome), st.floats(0.0, 100.0, exclude_max=True)
)


@given(st.lists(PROBES, max_size=3 * LENGTH))
def test_the_last_ones_come_back_in_order(probes: list[Seen]) -> None:
    strip = Strip()
    for probe in probes:
        strip.add(*probe)
    seen = strip.seen()
    assert len(seen) == min(len(probes), LENGTH)
    for expected, found in zip(probes[-LENGTH:], seen, strict=True):
        assert found.outcome is expected.outcome
        assert found.at == pytest.approx(expected.at, abs=0.00101)
        assert found.elapsed_s == pytest.approx(expected.elapsed_s, abs=0.000101)


def test_a_probe_that_took_longer_than_can_be_told_took_the_most() -> None:
    strip = Strip()
    strip.add(4e9, Outcome.FAIL, 1e6)
    [seen] = strip.seen()
    assert (seen.at, seen.outcome) == (4e9, Outcome.FAIL)
    assert 100.0 < seen.elapsed_s < 105.0


def test_a_copy_goes_on_by_itself() -> None:
    strip = Strip()
    strip.add(1.0, Outcome.PASS, 0.001)
    copy = strip.copy()
    strip.add(2.0, Outcome.FAIL, 1.0)
    assert [seen.at for seen in copy.seen()] == [1.0]
    copy.add(3.0, Outcome.PASS, 0.001)
    assert [seen.at for seen in strip.seen()] == [1.0, 2.0]


def test_ten_thousand_take_less_than_six_megabytes() -> None:
    strip = Strip()
    for n in range(LENGTH):
        strip.add(1e9 + n, Outcome.PASS, 0.001)
    size = sys.getsizeof(strip) + sys.getsizeof(strip._ring) + sys.getsizeof(strip._count)
    assert size * 10_000 < 6e6
