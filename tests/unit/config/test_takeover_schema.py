"""The JSON Schema of takeover.yaml tells the truth, as that of rrdns.yaml does."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from rrdns.config.source import parse
from rrdns.config.takeover_read import takeover_json_schema
from rrdns.config.timer_keys import Profile, TimerKeys
from rrdns.takeover.plan import PROFILES, Timers

from .conftest import ReadPlan
from .test_bad_takeover import BAD_HOSTS, BAD_REST, FILE, HOSTS, VIPS
from .test_bad_vips import BAD_VIPS
from .test_takeover_read import EXAMPLE, SMALLEST

SCHEMA = takeover_json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

# What only we can see: addresses, names of other things, sums, and the rules between keys.
BEYOND_JSON_SCHEMA = {
    "a host by name",
    "a bad address among keys",
    "a loopback address",
    "a host that can not be named so",
    "two hosts of one address",
    "a host that is a witness",
    "an interface that is a folder",
    "a name for a virtual address",
    "a subnet for a virtual address",
    "an unknown owner",
    "an unknown candidate",
    "an owner who is his own candidate",
    "a candidate twice",
    "a main address",
    "the address of a witness",
    "one address in two spellings",
    "addresses that other hosts can not reach",
    "a label for IPv6",
    "a label too long for this interface",
    "a label with another interface",
    "more than there are witnesses",
    "pings too often",
    "a fast interval that is slower",
    "a fast interval slower than the profile's",
    "a lease too short to renew",
    "a lease of half a second",
    "a proof that is over at once",
    "a proof without end",
    "a stagger shorter than a proof",
    "a stagger shorter than the interval",
    "a check that can not be named so",
    "a check that is not there",
    "a check where there is none",
    "a hook that takes its time",
    "a host that is not there",
}


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for title, model in {"file": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, described in model.get("properties", {}).items():
            yield f"{title}.{key}", described


def test_it_is_a_schema_of_draft_2020_12_with_a_title() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "takeover.yaml"


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
        SMALLEST,
        FILE,
        f"{SMALLEST}timers:\nchecks:\nready:\nhooks:\nhost:\n",
        SMALLEST.replace("[hertz]", "[hertz], label: 1"),
        SMALLEST.replace("eth0", "1"),
    ],
)
def test_what_we_read_is_valid(read_takeover: ReadPlan, source: str) -> None:
    read_takeover(source)
    VALIDATOR.validate(parse(source, "f").data())


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(source, id=name)
        for cases, frame in (
            (BAD_HOSTS, lambda written: FILE.replace(HOSTS, written)),
            (BAD_VIPS, lambda written: FILE.replace(VIPS, written)),
            (BAD_REST, lambda written: f"{FILE}{written}\n"),
        )
        for name, (written, *_) in cases.items()
        if name not in BEYOND_JSON_SCHEMA
        for source in [frame(written)]
    ],
)
def test_what_we_refuse_is_not_valid(source: str) -> None:
    assert not VALIDATOR.is_valid(parse(source, "f").data())


def test_every_case_that_json_schema_can_not_see_is_a_case() -> None:
    assert {*BAD_HOSTS, *BAD_VIPS, *BAD_REST} >= BEYOND_JSON_SCHEMA


def test_the_shipped_configuration_is_valid() -> None:
    shipped = Path(__file__).parents[3] / "zones" / "takeover.yaml"
    VALIDATOR.validate(yaml.load(shipped.read_text(), yaml.SafeLoader))


def test_every_profile_and_every_timer_has_its_key() -> None:
    assert list(Profile) == list(PROFILES)
    keys = [field.name.removesuffix("_s") for field in fields(Timers)]
    assert list(TimerKeys.model_fields) == keys
