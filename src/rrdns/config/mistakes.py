"""What is wrong with rrdns.yaml by its schema: pydantic's errors in the user's words and places."""

import json
from collections.abc import Iterator

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rrdns.errors import Problem

from .check_keys import CHECK_TYPES
from .fields import MistakenError
from .pool_keys import MemberKeys, PoolKeys
from .schema import (
    ControlKeys,
    DnsKeys,
    FileKeys,
    IdentityKeys,
    StateKeys,
    StatusKeys,
    TcpKeys,
    VantageKeys,
)
from .source import Document, Path
from .wording import found, listed, nearest, quoted

_SECTIONS: dict[Path, type[BaseModel]] = {
    ("dns",): DnsKeys,
    ("dns", "tcp"): TcpKeys,
    ("dns", "identity"): IdentityKeys,
    ("status",): StatusKeys,
    ("vantage",): VantageKeys,
    ("state",): StateKeys,
    ("control",): ControlKeys,
}

_WRONG_SHAPES = {
    "dict_type": "stands where entries belong",
    "list_type": "stands where a list belongs",
    "too_short": "is empty",
}


def explain(error: ValidationError, document: Document) -> Iterator[Problem]:
    """Every error as a problem, at the key or value that it is about."""
    for details in error.errors(include_url=False):
        yield from _problems(details, document)


def _problems(details: ErrorDetails, document: Document) -> Iterator[Problem]:
    loc, value = details["loc"], details["input"]
    path = _path(loc)
    match details["type"]:
        case "value_error":
            error: MistakenError = details["ctx"]["error"]
            for at, what, mend in error.mistakes:
                yield Problem(document.value_place(path + at), what, mend)
        case "extra_forbidden":
            known = _keys_at(loc[:-1]).model_fields
            mend = nearest(path[-1], known, f"the keys here are {listed(known)}")
            yield Problem(document.key_place(path), f"unknown key {quoted(str(path[-1]))}", mend)
        case "missing":
            yield _missing(path[:-1], quoted(str(path[-1])), _example(loc), document)
        case "union_tag_not_found":
            yield _missing(path, "'type'", _type_choice(None), document)
        case "union_tag_invalid":
            what = f"{found(value['type'])} is not a type of check"
            mend = _type_choice(value["type"])
            yield Problem(document.value_place((*path, "type")), what, mend)
        case "model_type" | "model_attributes_type":
            what = f"{found(value)} stands where keys belong"
            yield Problem(document.value_place(path), what, _keys_wanted(loc))
        case shape:
            what = f"{found(value)} {_WRONG_SHAPES[shape]}"
            yield Problem(document.value_place(path), what, _example(loc))


def _missing(above: Path, key: str, mend: str, document: Document) -> Problem:
    whose = quoted(str(above[-1])) if above else "the file"
    return Problem(document.key_place(above), f"{whose} has no {key}", mend)


def _path(loc: Path) -> Path:
    """`loc` as a path in the file: pydantic puts the type of a check after its name."""
    return loc[:2] + loc[3:] if loc[:1] == ("checks",) else loc


def _keys_at(loc: Path) -> type[BaseModel]:
    """The keys that the mapping at `loc` may have."""
    match loc:
        case ("checks", _, str(type_)):
            return CHECK_TYPES[type_]
        case ("pools", _):
            return PoolKeys
        case ("pools", _, "members", _):
            return MemberKeys
    return _SECTIONS.get(loc, FileKeys)


def _keys_wanted(loc: Path) -> str:
    if loc[:1] == ("checks",):
        return "write for example {type: icmp}"
    return f"write some of {listed(_keys_at(loc).model_fields)}"


def _example(loc: Path) -> str:
    key = str(loc[-1])
    examples = _keys_at(loc[:-1]).model_fields[key].examples or []
    return f"write for example {key}: {json.dumps(examples[0])}"


def _type_choice(written: object) -> str:
    return nearest(written, CHECK_TYPES, f"choose {listed(CHECK_TYPES)}")
