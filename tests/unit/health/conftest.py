"""What the tests of health run on: time that passes only when nobody has anything to do."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rrdns.simulate.virtual import run_virtually

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="session")
def run_virtual() -> Run:
    """Run a coroutine to its end on virtual time."""
    return run_virtually
