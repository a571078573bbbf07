"""A file that is named is read if it is one, and nobody is waited for."""

import os
from pathlib import Path

import pytest

from rrdns.files import first_octets


def test_the_first_octets_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcdef")
    assert first_octets(tmp_path / "file", 4) == b"abcd"
    assert first_octets(tmp_path / "file", 9) == b"abcdef"


def test_what_is_no_regular_file_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert first_octets(tmp_path / "fifo", 4) is None
    assert first_octets(tmp_path, 4) is None
    assert first_octets(Path("/dev/zero"), 4) is None


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        first_octets(tmp_path / "file", 4)
