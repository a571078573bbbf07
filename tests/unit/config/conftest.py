"""A folder with one configuration file, which messages name as `rrdns.yaml` or `takeover.yaml`."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from rrdns.config.read import read_settings
from rrdns.config.settings import Settings
from rrdns.config.takeover_read import read_plan
from rrdns.takeover.plan import Plan

Read = Callable[[str | bytes], Settings]
ReadPlan = Callable[..., Plan]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write the text to rrdns.yaml in a folder of its own and read the settings in it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(content: str | bytes) -> Settings:
        path = Path("rrdns.yaml")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_settings(path)

    return write_and_read


@pytest.fixture
def read_takeover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReadPlan:
    """Write the text to takeover.yaml in a folder of its own and read the plan in it, on a machine
    that has the address `at`."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(content: str, at: str = "192.0.2.1", host: str | None = None) -> Plan:
        path = Path("takeover.yaml")
        path.write_text(content)
        return read_plan(path, [ip_address("127.0.0.1"), ip_address(at)], host)

    return write_and_read
