"""What the kernel says is passed on; what it does not have is an error that can be told."""

import time

import pytest

from rrdns.doctor.host.kernel import clock, kernel


def test_a_setting_is_its_numbers() -> None:
    low, high = kernel("net.ipv4.ping_group_range")
    assert isinstance(low, int)
    assert isinstance(high, int)


def test_a_setting_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="no_such"):
        kernel("net.core.no_such")


def test_the_clock_is_after_the_installation() -> None:
    before = time.time()
    found = clock()
    assert found.installed_at < before <= found.now <= time.time()
    assert found.is_synchronised in (True, False, None)
