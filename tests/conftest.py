"""What holds for all tests."""

import os

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A slow machine is no defect, so no example has a deadline.
settings.register_profile("rrdns", deadline=None)
settings.load_profile("rrdns")

# No test trusts the system's certificates, which each process would read for a tenth of a second.
os.environ["SSL_CERT_FILE"] = os.devnull

END_TO_END = "tests/e2e/"
UNHURRIED = ("test_sanitized.py", "test_side_by_side.py")  # they compute, whenever that ends


def keeps_time(test: str) -> bool:
    """Whether the test of that name watches how real processes keep time."""
    return test.startswith(END_TO_END) and not any(f"/{name}::" in test for name in UNHURRIED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that keep time take longest together, so that they are first."""
    items.sort(key=lambda item: not keeps_time(item.nodeid))


class InTurn(LoadScopeScheduling):
    """Those that keep time take turns, in one process; the others run beside, file by file."""

    def _split_scope(self, nodeid: str) -> str:
        return END_TO_END if keeps_time(nodeid) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return InTurn(config, log)
