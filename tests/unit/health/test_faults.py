"""Only what is known to be the member's doing counts against it; the rest is ours."""

import errno
import time

import pytest

from rrdns.health.probes import faults
from rrdns.health.verdict import Outcome


def test_no_errno_is_both_ours_and_the_member_s() -> None:
    assert not faults.MEMBERS.keys() & faults.OURS.keys()


@pytest.mark.parametrize("number", faults.MEMBERS, ids=errno.errorcode.get)
def test_the_member_s(number: int) -> None:
    assert faults.judge(OSError(number, "x"), time.monotonic()).outcome is Outcome.FAIL


@pytest.mark.parametrize("number", sorted(set(errno.errorcode) - set(faults.MEMBERS)))
def test_ours_and_what_nobody_knows(number: int) -> None:
    result = faults.judge(OSError(number, "x"), time.monotonic())
    assert result.outcome is Outcome.ERROR
    assert result.reason


def test_an_error_without_a_number_is_ours_and_still_says_something() -> None:
    result = faults.judge(OSError(), time.monotonic())
    assert (result.outcome, result.reason) == (Outcome.ERROR, "OSError()")
