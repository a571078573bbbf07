"""Zones written in a test and read as files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rrdns.errors import BadInputError
from rrdns.zone.master import LoadedZone, read_zone
from rrdns.zone.name import from_text

APEX = from_text("linux.example")

HEAD = """\
$TTL 1h
@ SOA ns1 hostmaster 1 1h 15m 1w 5m
@ NS ns1
ns1 A 192.0.2.53
"""
"""Four lines that every zone needs; what a test adds begins in line 5."""

Read = Callable[..., LoadedZone]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as the zone linux.example, in a file that problems call `z`."""

    def read_text(text: str | bytes, apex: str = "linux.example") -> LoadedZone:
        path = tmp_path / "z"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_zone(path, from_text(apex), "z")

    return read_text


def problems_of(read: Read, text: str | bytes) -> list[str]:
    """What is wrong with the zone, as the user reads it; errors must stop it."""
    try:
        return [str(problem) for problem in read(text).warnings]
    except BadInputError as error:
        return [str(problem) for problem in error.problems]
