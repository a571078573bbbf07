"""Orders by TCP need a secret that nobody could guess, and exactly that."""

import os
from pathlib import Path

import pytest

from rrdns.status.token import LEAST, MOST, TokenError, is_given, read_token, warn_of

TOKEN = b"0123456789abcdef"


def test_the_secret_is_without_the_white_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\n " + TOKEN + b"\r\n")
    assert read_token(tmp_path / "token") == TOKEN


@pytest.mark.parametrize(
    "octets",
    [b"", b"  \n", b"x" * (LEAST - 1), b"x" * (MOST + 1)],
    ids=["empty", "white space", "too short", "too long"],
)
def test_what_is_no_secret_is_refused(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "token").write_bytes(octets)
    with pytest.raises(TokenError, match="has no secret of 16 to 4096 characters"):
        read_token(tmp_path / "token")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match="can not be read: No such file"):
        read_token(tmp_path / "token")
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(TokenError, match="has no secret"):
            read_token(path)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("Bearer 0123456789abcdef", True),
        ("bearer  0123456789abcdef ", True),
        ("", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("0123456789abcdef", False),
        ("Basic 0123456789abcdef", False),
        ("Bearer 0123456789abcde", False),
        ("Bearer 0123456789abcdefg", False),
        ("Bearer 0123456789ABCDEF", False),
        ("Bearer \udcff\udcfe", False),
        ("Bearer ü", False),
    ],
)
def test_only_the_secret_is_the_secret(field: str, *, given: bool) -> None:
    assert is_given(field, TOKEN) is given


@pytest.mark.parametrize(
    ("mode", "octets", "said"),
    [
        (0o600, TOKEN, ""),
        (0o640, TOKEN, ""),
        (0o644, TOKEN, "can be read by everybody: chmod o-r"),
        (0o600, b"", "until then no order comes in by TCP"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, octets: bytes, said: str
) -> None:
    (tmp_path / "token").write_bytes(octets)
    (tmp_path / "token").chmod(mode)
    warn_of(tmp_path / "token")
    assert bool(caplog.messages) is bool(said)
    assert said in caplog.text
