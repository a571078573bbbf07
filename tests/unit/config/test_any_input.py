"""Whatever stands in the file, reading it gives settings or BadInputError, never another error."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rrdns.config.read import read_settings
from rrdns.config.schema import json_schema
from rrdns.errors import BadInputError, Problem

SCHEMA = json_schema()
KEYS = sorted(
    {key for model in (SCHEMA, *SCHEMA["$defs"].values()) for key in model.get("properties", {})}
)
WORDS = ["icmp", "tcp", "http", "https", "command", "all", "backup", "192.0.2.1", "::1", "2s", "a"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 100_000),
    st.floats(),
    st.dates(),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
keys = st.one_of(st.sampled_from(KEYS + WORDS), st.text(max_size=5), st.integers(), st.booleans())
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)


def values_at(described: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that the schema would allow here, now and then spoilt."""
    if "$ref" in described:
        described = SCHEMA["$defs"][described["$ref"].rpartition("/")[2]]
    options = [*described.get("anyOf", []), *described.get("oneOf", [])]
    if options:
        good = st.one_of([values_at(option, depth) for option in options])
    elif "properties" in described:
        required = described.get("required", [])
        values = {
            key: values_at(value, depth + 1) for key, value in described["properties"].items()
        }
        good = st.fixed_dictionaries(
            {key: values[key] for key in required},
            optional={key: value for key, value in values.items() if key not in required},
        )
    elif "additionalProperties" in described:
        entry = values_at(described["additionalProperties"], depth + 1)
        good = st.dictionaries(st.sampled_from(WORDS), entry, max_size=3)
    elif "items" in described:
        good = st.lists(values_at(described["items"], depth + 1), max_size=3)
    else:
        examples = described.get("examples", described.get("enum", [described.get("const", "2s")]))
        good = st.sampled_from(examples)
    return good if depth == 0 else st.one_of(good, good, good, good, trees)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "rrdns.yaml"


def assert_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    problems: tuple[Problem, ...] = ()
    try:
        read_settings(path)
    except BadInputError as error:
        problems = error.problems
    for problem in problems:
        assert problem.what
        assert problem.mend
        assert str(problem).isprintable()


@given(st.binary(max_size=200))
def test_any_octets(path: Path, content: bytes) -> None:
    assert_read_or_refused(path, content)


@given(st.text(max_size=200))
def test_any_text(path: Path, content: str) -> None:
    assert_read_or_refused(path, content.encode(errors="replace"))


@given(st.text(alphabet="az09: -{}[]\"'&*!|>%@`#,?\n\t\\<~", max_size=80))
def test_any_punctuation(path: Path, content: str) -> None:
    assert_read_or_refused(path, content.encode())


@given(trees)
def test_any_tree(path: Path, tree: object) -> None:
    assert_read_or_refused(path, yaml.safe_dump(tree, allow_unicode=True).encode())


@given(values_at(SCHEMA))
def test_trees_that_are_nearly_right(path: Path, tree: object) -> None:
    assert_read_or_refused(path, yaml.safe_dump(tree).encode())
