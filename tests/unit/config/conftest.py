"""A folder with one configuration file, which messages name as `rrdns.yaml`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rrdns.config.read import read_settings
from rrdns.config.settings import Settings

Read = Callable[[str | bytes], Settings]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write the text to rrdns.yaml in a folder of its own and read the settings in it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(content: str | bytes) -> Settings:
        path = Path("rrdns.yaml")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_settings(path)

    return write_and_read
