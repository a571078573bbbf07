"""Whatever stands in takeover.yaml, reading it gives a plan or BadInputError, no other error."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rrdns.config.source import parse
from rrdns.config.takeover_read import read_plan, takeover_json_schema
from rrdns.errors import BadInputError, Problem
from rrdns.takeover.plan import Plan

from .test_any_input import trees, values_at
from .test_takeover_read import EXAMPLE

LOCAL = [ip_address("192.0.2.1"), ip_address("::1")]
HOSTS = [None, "marconi", "a"]


def without_references(described: Any, defs: dict[str, Any]) -> Any:
    """A schema with all that it refers to written out."""
    if isinstance(described, list):
        return [without_references(each, defs) for each in described]
    if not isinstance(described, dict):
        return described
    if "$ref" in described:
        return without_references(defs[described["$ref"].rpartition("/")[2]], defs)
    return {key: without_references(value, defs) for key, value in described.items()}


SCHEMA = without_references(takeover_json_schema(), takeover_json_schema()["$defs"])


def spoilt(tree: Any) -> st.SearchStrategy[Any]:
    """The tree with something else in one place, or without what is there."""
    others = st.one_of(trees, st.sampled_from(["marconi", "hertz", "192.0.2.2", "192.0.2.254"]))
    options = [others]
    if isinstance(tree, dict):
        for key, value in tree.items():
            rest = {other: kept for other, kept in tree.items() if other != key}
            options.append(st.just(rest))
            options.append(spoilt(value).map(lambda new, key=key: {**tree, key: new}))
    if isinstance(tree, list):
        for at, value in enumerate(tree):
            options.append(st.just(tree[:at] + tree[at + 1 :]))
            options.append(spoilt(value).map(lambda new, at=at: [*tree[:at], new, *tree[at + 1 :]]))
    return st.one_of(options)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "takeover.yaml"


def read_or_refused(path: Path, content: bytes, host: str | None = None) -> Plan | None:
    path.write_bytes(content)
    problems: tuple[Problem, ...] = ()
    try:
        return read_plan(path, LOCAL, host)
    except BadInputError as error:
        problems = error.problems
    assert problems
    for problem in problems:
        assert problem.what
        assert problem.mend
        assert str(problem).isprintable()
    return None


@given(st.binary(max_size=200))
def test_any_octets(path: Path, content: bytes) -> None:
    read_or_refused(path, content)


@given(trees, st.sampled_from(HOSTS))
def test_any_tree(path: Path, tree: object, host: str | None) -> None:
    read_or_refused(path, yaml.safe_dump(tree, allow_unicode=True).encode(), host)


@given(values_at(SCHEMA), st.sampled_from(HOSTS))
def test_trees_that_are_nearly_right(path: Path, tree: object, host: str | None) -> None:
    read_or_refused(path, yaml.safe_dump(tree).encode(), host)


@given(spoilt(parse(EXAMPLE, "f").data()), st.sampled_from(HOSTS))
def test_a_good_file_that_is_spoilt_in_one_place(
    path: Path, tree: object, host: str | None
) -> None:
    plan = read_or_refused(path, yaml.safe_dump(tree, allow_unicode=True).encode(), host)
    if plan is None:
        return
    addresses = [each.address for each in plan.hosts.values()]
    vips = [vip.address for vip in plan.vips]
    assert plan.here in plan.hosts.values()
    assert len({*addresses, *vips, *plan.witnesses}) == len([*addresses, *vips, *plan.witnesses])
    assert plan.quorum <= len(plan.witnesses)
    for vip in plan.vips:
        assert len(set(vip.hosts)) == len(vip.hosts) > 1
        assert all(host.agent for host in vip.candidates)
        assert all(host.interface for host in vip.hosts)
