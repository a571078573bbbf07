"""Only regular files in the zone's folder are read, and neither their kind nor number blocks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import rrdns.zone.source
from rrdns.errors import BadInputError
from rrdns.zone.master import BadZoneError, read_zone
from rrdns.zone.name import from_text

from .conftest import APEX, HEAD, Read, problems_of


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "z: there is no record in this file; begin it with", id="empty"),
        pytest.param(b";\n\n", "z: there is no record in this file;", id="comments only"),
        pytest.param(b"\xff\xfe$\0T\0", "z: this is not a text file; save it", id="UTF-16"),
    ],
)
def test_a_file_without_a_zone(read: Read, content: bytes, problem: str) -> None:
    assert problems_of(read, content)[0].startswith(problem)


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    fifo, loop, no_entry = tmp_path / "fifo", tmp_path / "loop", tmp_path / "none"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    for path, said in (
        (fifo, "this is not a regular file"),
        (tmp_path, "this is a directory"),
        (loop, "this can not be opened (Too many levels of symbolic links)"),
        (no_entry, "there is no such file"),
        (tmp_path / "a\0b", "this is not the name of a file"),
    ):
        with pytest.raises(BadZoneError) as caught:
            read_zone(path, APEX, "z")
        assert str(caught.value).startswith(f"z: {said};")
        assert path in caught.value.files


def test_a_file_that_we_may_not_read(tmp_path: Path) -> None:
    (tmp_path / "z").touch(mode=0)
    told = "z: we may not read this file; let the server's user"
    with as_nobody(), pytest.raises(BadZoneError, match=told):
        read_zone(tmp_path / "z", APEX, "z")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so root is somebody else meanwhile."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_a_zone_larger_than_the_bound(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rrdns.zone.source, "MAX_OCTETS", 1024**2)
    assert problems_of(read, HEAD + ";" * 1024**2) == [
        "z: the zone's files hold more than 1 MiB; split the zone"
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing", "$INCLUDE 'nothing': there is no such file"),
        ("inc", "$INCLUDE 'inc': this is a directory"),
        ("fifo", "$INCLUDE 'fifo': this is not a regular file"),
        ("../outside", "$INCLUDE '../outside': this is outside the folder of the zone file"),
        ("/etc/hosts", "$INCLUDE '/etc/hosts': this is outside the folder of the zone file"),
        ("link", "$INCLUDE 'link': this is outside the folder of the zone file"),
        ("z", "$INCLUDE 'z': the file includes itself"),
        ("inc/../z", "$INCLUDE 'inc/../z': the file includes itself"),
    ],
)
def test_an_include_that_may_not_be(read: Read, tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "inc").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/hosts")
    assert problems_of(read, f"{HEAD}$INCLUDE {name}")[0].startswith(f"z:5:10: {problem};")


def test_a_circle_of_includes_ends(read: Read, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("$INCLUDE b\n")
    (tmp_path / "b").write_text("$INCLUDE a\n")
    assert problems_of(read, HEAD + "$INCLUDE a") == [
        "b:1:10: $INCLUDE 'a': the file includes itself; break the circle"
    ]


def test_includes_nest_ten_deep_and_no_deeper(read: Read, tmp_path: Path) -> None:
    for depth in range(1, 12):
        (tmp_path / f"i{depth}").write_text(f"n{depth} A 192.0.2.1\n$INCLUDE i{depth + 1}\n")
    assert [problem.split(";")[0] for problem in problems_of(read, HEAD + "$INCLUDE i1")] == [
        "i10:2:10: $INCLUDE 'i11': nested more than 10 deep"
    ]


def test_includes_that_multiply_are_bounded(read: Read, tmp_path: Path) -> None:
    for depth in range(9):
        (tmp_path / f"i{depth}").write_text(f"$INCLUDE i{depth + 1}\n" * 50)
    (tmp_path / "i9").touch()
    found = problems_of(read, HEAD + "$INCLUDE i0")
    assert "more than 1000 files make up this zone" in found[1]


def test_a_mistake_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "z").write_text(HEAD + "$INCLUDE a.inc\n")
    (tmp_path / "a.inc").write_text("www A 1\n")
    with pytest.raises(BadInputError, match=r"^zones/a\.inc:1:7: '1' is not an IPv4"):
        read_zone(tmp_path / "z", APEX, "zones/z")


def test_an_included_link_is_among_the_files_and_so_is_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "z").write_text(HEAD + "$INCLUDE current/inc\n$INCLUDE /etc/hosts\n")
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "inc").symlink_to("inc-1")
    (tmp_path / "v1" / "inc-1").write_text("www A 192.0.2.1\n")
    (tmp_path / "current").symlink_to("v1")
    with pytest.raises(BadZoneError) as caught:
        read_zone(tmp_path / "z", APEX)
    assert caught.value.files == {
        tmp_path / "z",
        tmp_path / "current" / "inc",
        tmp_path / "v1" / "inc-1",
    }


def test_a_link_that_leads_outside_is_among_the_files_as_it_may_be_mended(tmp_path: Path) -> None:
    (tmp_path / "z").write_text(HEAD + "$INCLUDE inc\n")
    (tmp_path / "inc").symlink_to("/etc/hosts")
    with pytest.raises(BadZoneError) as caught:
        read_zone(tmp_path / "z", APEX)
    assert caught.value.files == {tmp_path / "z", tmp_path / "inc"}


def test_a_zone_behind_a_link_includes_what_lies_beside_the_link(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zone").write_text(HEAD + "$INCLUDE inc\n")
    (tmp_path / "data" / "inc").write_text("www A 192.0.2.1\n")
    for name in ("zone", "inc"):
        (tmp_path / name).symlink_to(tmp_path / "data" / name)
    loaded = read_zone(tmp_path / "zone", APEX)
    assert loaded.zone.rrset(from_text("www", APEX), 1) is not None
    assert {tmp_path / "zone", tmp_path / "data" / "zone"} <= loaded.files
