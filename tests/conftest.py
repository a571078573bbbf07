"""What holds for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no defect, so no example has a deadline.
settings.register_profile("rrdns", deadline=None)
settings.load_profile("rrdns")

# No test trusts the system's certificates, which each process would read for a tenth of a second.
os.environ["SSL_CERT_FILE"] = os.devnull

E2E = Path(__file__).parent / "e2e"
UNHURRIED = ("test_sanitized.py", "test_side_by_side.py")  # they compute, whenever that ends


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that watch real processes keep time take turns in one worker; the rest runs beside.

    They take longest together, so that they are first.
    """
    for item in items:
        if item.path.is_relative_to(E2E) and item.path.name not in UNHURRIED:
            item.add_marker(pytest.mark.xdist_group("in turn"))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
