"""What is not YAML, or not a file that can be read, is told at its place and harms nobody."""

import os
from pathlib import Path

import pytest

from rrdns.config.read import MAX_FILE_OCTETS, read_settings
from rrdns.config.source import MAX_DEPTH, MAX_VALUES, parse
from rrdns.errors import BadInputError

from .conftest import Read

MEND_FILE = "name the configuration file, for example /etc/rrdns/rrdns.yaml"


def first_problem(source: str | bytes, read: Read) -> str:
    with pytest.raises(BadInputError) as refused:
        read(source)
    return str(refused.value.problems[0])


def problems_of_file(path: str) -> str:
    with pytest.raises(BadInputError) as refused:
        read_settings(Path(path))
    return str(refused.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "zones:\n\ta: b\n",
            "rrdns.yaml:2:1: a tab stands where YAML allows only spaces; indent with spaces",
        ),
        (
            "zones: {a: @b}\n",
            "rrdns.yaml:1:12: a value can not begin with @; put the value in quotes",
        ),
        (
            "zones: a: b\n",
            "rrdns.yaml:1:9: a ':' stands where no key can be; align the key with those beside"
            " it, or put a value that contains ': ' in quotes",
        ),
        (
            "zones: {a: b}\n---\nzones: {c: d}\n",
            "rrdns.yaml:2:1: a second document begins here; keep one document in the file",
        ),
        (
            "zones: {a: b}\nzones: {c: d}\n",
            "rrdns.yaml:2:1: the key 'zones' stands on line 1 already; keep one of the two",
        ),
        (
            "zones: {a: b, <<: {c: d}}\n",
            "rrdns.yaml:1:15: merge keys (<<) are not understood; write the keys out",
        ),
        (
            "zones: {a: b}\n? [c]\n: d\n",
            "rrdns.yaml:2:3: a key must be text; write a name before the ':'",
        ),
        (
            "zones: {a: !!python/name:os.system b}\n",
            "rrdns.yaml:1:12: tags (!) are not understood here; write the value without it",
        ),
        (
            "zones: &again {a: *again}\n",
            "rrdns.yaml:1:19: the alias *again stands for nothing that is complete above it;"
            " write &again before the value that it shall repeat",
        ),
        (
            "zones: {a: b}\n# \x07\n",
            "rrdns.yaml:2:3: the character '\\x07' may not stand in YAML; remove it",
        ),
        (
            b"zones: {a: b}\n# caf\xe9\n",
            "rrdns.yaml:2:6: the octet 0xe9 is not UTF-8; save the file as UTF-8",
        ),
        (
            b"\xff\xfez\0",
            "rrdns.yaml:1:1: the octet 0xff is not UTF-8; save the file as UTF-8",
        ),
    ],
)
def test_what_yaml_or_we_do_not_allow(read: Read, source: str | bytes, expected: str) -> None:
    assert first_problem(source, read) == expected


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("dns: {listen: [[::1]:53]}\n", "rrdns.yaml:1:17: "),
        ("zones: {a: b\nchecks: {}\n", "rrdns.yaml:2:7: "),
        ("zones: {a: 'b}\n", "rrdns.yaml:2:1: "),
        ("%YAML 9.0\n---\n{}\n", "rrdns.yaml:1:1: "),
    ],
)
def test_broken_syntax_is_told_where_the_parser_gives_up(
    read: Read, source: str, place: str
) -> None:
    problem = first_problem(source, read)
    assert problem.startswith(f"{place}this is not YAML: ")
    assert problem.endswith('open bracket or quote here or above; quote values like "[::1]:53"')


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nothing.yaml"
    assert problems_of_file(str(path)) == (
        f"{path}: the file can not be read: No such file or directory; {MEND_FILE}"
    )


def test_a_directory(tmp_path: Path) -> None:
    assert problems_of_file(str(tmp_path)) == f"{tmp_path}: this is not a regular file; {MEND_FILE}"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert problems_of_file(str(path)) == f"{path}: this is not a regular file; {MEND_FILE}"


def test_a_pipe_put_in_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, file = tmp_path / "pipe", tmp_path / "file"
    file.touch()
    os.mkfifo(path)
    as_it_was = file.stat()
    monkeypatch.setattr(Path, "stat", lambda *_, **__: as_it_was)
    assert problems_of_file(str(path)) == f"{path}: this is not a regular file; {MEND_FILE}"


def test_a_file_that_grows_without_end(read: Read) -> None:
    assert first_problem(b"#" * (MAX_FILE_OCTETS + 1), read) == (
        f"rrdns.yaml: the file has more than {MAX_FILE_OCTETS} octets; {MEND_FILE}"
    )


def test_aliases_that_multiply_are_stopped_before_they_are_expanded(read: Read) -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    problem = first_problem(bomb, read)
    assert problem.startswith("rrdns.yaml:6:10:")
    assert f"more than {MAX_VALUES} values, those repeated by aliases included" in problem


@pytest.mark.parametrize("brackets", ["[" * 100_000, "{a: " * 100_000])
def test_nesting_is_bounded(read: Read, brackets: str) -> None:
    problem = first_problem(brackets, read)
    assert f"lists and mappings are nested more than {MAX_DEPTH} deep" in problem


def test_nesting_by_aliases_is_bounded_too(read: Read) -> None:
    chain = "a0: &a0 [[[[1]]]]\n" + "".join(
        f"a{i}: &a{i} [[[[*a{i - 1}]]]]\n" for i in range(1, 500)
    )
    assert first_problem(chain, read).startswith(
        f"rrdns.yaml:4:13: lists and mappings are nested more than {MAX_DEPTH} deep"
    )


def test_a_list_as_long_as_the_bound_is_read() -> None:
    items = MAX_VALUES - 1
    assert len(parse("[" + "1," * items + "]", "f").data()) == items


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("0", 0),
        ("-7", -7),
        ("'7'", "7"),
        ('"true"', "true"),
        ("yes", "yes"),
        ("Off", "Off"),
        ("True", "True"),
        ("0777", "0777"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.5", "1.5"),
        (".inf", ".inf"),
        ("=", "="),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_scalar_means_what_it_says(written: str, meant: object) -> None:
    value = parse(f"- {written}\n", "f").data()[0]
    assert (type(value), value) == (type(meant), meant)
