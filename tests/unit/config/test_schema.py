"""The JSON Schema tells editors the truth: what we read is valid, what we refuse is mostly not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from rrdns.config.read import read_settings
from rrdns.config.schema import json_schema
from rrdns.config.source import parse

from .conftest import Read
from .test_bad_agents import AGENTS
from .test_bad_configs import CHECKS, POOLS
from .test_bad_dns import DNS
from .test_bad_vantage import VANTAGE
from .test_read import EXAMPLE

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

# What only we can see: names, sums, and the rules between keys.
BEYOND_JSON_SCHEMA = {
    "a port too large",
    "one address twice",
    "an unknown check",
    "an unknown check like no other",
    "a check twice",
    "a rung twice",
    "a floor that is no whole number",
    "a floor of nothing",
    "a rung after one that always succeeds",
    "a rung of backups without a backup",
    "a member that is no address",
    "an address of the source document",
    "an address twice",
    "weights without turns to weigh",
    "a fast interval that is slower",
    "an interval too short",
    "a fast interval too short",
    "a timeout too long",
    "a range of statuses that runs backwards",
    "a host with a line end",
    "a line end in a host name",
    "a broken regular expression",
    "a regular expression that overflows",
    "too long an NSID",
    "a flap window longer than a day",
    "an anchor twice",
    "an anchor that is a name",
    "an anchor on a link",
    "anchors asked too often",
    "too many agents",
    "a URL with a blank",
    "a URL without a host",
    "a URL with a name for a host",
    "a URL of one link",
    "a URL with an open bracket",
    "a URL with too large a port",
    "a URL with port 0",
    "an agent twice",
    "agents asked too often",
    "a weight of the covered without turns to weigh",
}


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for title, model in {"file": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, described in model.get("properties", {}).items():
            yield f"{title}.{key}", described


def valid(source: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.load(source, yaml.SafeLoader)))


def test_it_is_a_schema_of_draft_2020_12_with_a_title() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "rrdns.yaml"


@pytest.mark.parametrize(("key", "described"), list(properties()))
def test_every_key_is_described_and_its_examples_and_default_are_valid(
    key: str, described: dict[str, Any]
) -> None:
    assert described["description"], key
    assert described["examples"], key
    validator = VALIDATOR.evolve(schema={**described, "$defs": SCHEMA["$defs"]})
    defaults = [described["default"]] if "default" in described else []
    for value in [*described["examples"], *defaults]:
        validator.validate(value)


@pytest.mark.parametrize(
    "source",
    [
        EXAMPLE,
        "zones: {linux.example: linux.example.zone}",
        "zones: {a: a}\ndns:\nstatus:\nchecks:\npools:\n  a:\n",
        "zones: {a: a}\nchecks: {w: {type: http, interval: 0.5, status: [200, 300-399]}}",
        "zones: {a: a}\nchecks: {c: {type: command, argv: [judge, -p, 80]}}",
        "zones: {a: a}\nvantage: {anchors: [192.0.2.254, '2001:db8::1'], interval: 1s}",
        "zones: {a: a}\ntakeover: {status: ['http://192.0.2.1:8056/', 'HTTPS://[::1]']}",
        "zones: {a: a}\npools: {a: {covered_weight: 5}}",
        "zones: {a: a}\ndns: {listen: ['::', '[::1]:0', 127.0.0.1, 'fe80::1%lo']}",
    ],
)
def test_what_we_read_is_valid(read: Read, source: str) -> None:
    read(source)
    VALIDATOR.validate(parse(source, "f").data())
    assert valid(source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(frame.format(written), id=name)
        for frame, cases in (
            ("zones: {{a: z}}\ndns: {{{}}}\n", DNS),
            ("zones: {{a: z}}\nvantage: {}\n", VANTAGE),
            ("zones: {{a: z}}\ntakeover: {}\n", AGENTS),
            ("zones: {{a: z}}\nchecks:\n  it: {}\n", CHECKS),
            ("zones: {{a: z}}\nchecks: {{alive: {{type: icmp}}}}\npools:\n  a: {}\n", POOLS),
        )
        for name, (written, *_) in cases.items()
        if name not in BEYOND_JSON_SCHEMA
    ],
)
def test_what_we_refuse_is_not_valid(source: str) -> None:
    assert not VALIDATOR.is_valid(parse(source, "f").data())


def test_every_case_that_json_schema_can_not_see_is_a_case() -> None:
    assert {*DNS, *VANTAGE, *AGENTS, *CHECKS, *POOLS} >= BEYOND_JSON_SCHEMA


def test_the_shipped_configuration_is_valid_and_read_without_a_warning() -> None:
    shipped = Path(__file__).parents[3] / "zones" / "rrdns.yaml"
    assert read_settings(shipped).warnings == ()
    assert valid(shipped.read_text())


def test_the_schema_needs_zones() -> None:
    assert not valid("dns: {}")
    assert not valid("zones: {}")
