"""A clock that is before what has happened is wrong; one that nobody keeps will be."""

import pytest

from rrdns.doctor.examinations.clock import judge
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Clock

from .conftest import NOW, only, worst

FILES = {"/etc/rrdns/a.zone": NOW - 10}


@pytest.mark.parametrize(
    ("synchronised", "level"), [(True, Level.OK), (False, Level.WARNING), (None, Level.NOTE)]
)
def test_it_is_said_whether_the_clock_is_kept_right(
    synchronised: bool | None, level: Level
) -> None:
    only(judge(Clock(NOW, NOW - 60, synchronised), FILES), level)


def test_a_clock_before_the_installation_fails() -> None:
    finding = only(judge(Clock(NOW, NOW + 3600, True), FILES), Level.FAILURE)
    assert "before rrdns was installed" in finding.what


def test_a_file_of_the_future_is_a_warning() -> None:
    finding = worst(judge(Clock(NOW - 3600, NOW - 7200, True), FILES))
    assert finding.level is Level.WARNING
    assert "/etc/rrdns/a.zone" in finding.what


def test_a_few_seconds_are_no_difference() -> None:
    only(judge(Clock(NOW - 20, NOW, True), FILES), Level.OK)
