"""What is wrong with a file by its schema: pydantic's errors in the user's words and places."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rrdns.errors import BadInputError, Problem

from .fields import MistakenError
from .keys import Keys
from .outline import Spot, spot_at
from .source import Document, Path
from .wording import found, listed, nearest, quoted

K = TypeVar("K", bound=Keys)

_WRONG_SHAPES = {
    "dict_type": "stands where entries belong",
    "list_type": "stands where a list belongs",
    "too_short": "is empty",
}


def checked(
    file: type[K],
    document: Document,
    names: Mapping[str, Collection[str]],
    problems: Iterable[Problem],
) -> K:
    """What the document says; BadInputError tells all that is wrong, the `problems` included.

    `names` are those that other parts of the file may refer to, by section.
    """
    so_far = [*document.problems, *problems]
    try:
        keys = file.model_validate(document.data(), context=names)
    except ValidationError as error:
        raise BadInputError([*so_far, *_explained(error, file, document)]) from None
    if so_far:
        raise BadInputError(so_far)
    return keys


def _explained(error: ValidationError, file: type[Keys], document: Document) -> Iterator[Problem]:
    """Every error as a problem, at the key or value that it is about."""
    for details in error.errors(include_url=False):
        yield from _problems(details, file, document)


def _problems(details: ErrorDetails, file: type[Keys], document: Document) -> Iterator[Problem]:
    loc, value = details["loc"], details["input"]
    spot = spot_at(file, loc)
    path = spot.path
    match details["type"]:
        case "value_error":
            error: MistakenError = details["ctx"]["error"]
            for at, what, mend in error.mistakes:
                yield Problem(document.value_place(path + at), what, mend)
        case "extra_forbidden":
            known = spot_at(file, loc[:-1]).models[0].model_fields
            mend = nearest(path[-1], known, f"the keys here are {listed(known)}")
            yield Problem(document.key_place(path), f"unknown key {quoted(str(path[-1]))}", mend)
        case "missing":
            yield _missing(path[:-1], quoted(str(path[-1])), _example(file, loc), document)
        case "union_tag_not_found":
            yield _missing(path, "'type'", _type_choice(None, spot), document)
        case "union_tag_invalid":
            what = f"{found(value['type'])} is not a type of check"
            mend = _type_choice(value["type"], spot)
            yield Problem(document.value_place((*path, "type")), what, mend)
        case "model_type" | "model_attributes_type":
            what = f"{found(value)} stands where keys belong"
            yield Problem(document.value_place(path), what, _keys_wanted(spot))
        case shape:
            what = f"{found(value)} {_WRONG_SHAPES[shape]}"
            yield Problem(document.value_place(path), what, _example(file, loc))


def _missing(above: Path, key: str, mend: str, document: Document) -> Problem:
    whose = quoted(str(above[-1])) if above else "the file"
    return Problem(document.key_place(above), f"{whose} has no {key}", mend)


def _keys_wanted(spot: Spot) -> str:
    if len(spot.models) > 1:
        return f"write for example {{type: {next(iter(spot.types))}}}"
    return f"write some of {listed(spot.models[0].model_fields)}"


def _example(file: type[Keys], loc: Path) -> str:
    key = str(loc[-1])
    examples = spot_at(file, loc[:-1]).models[0].model_fields[key].examples or []
    return f"write for example {key}: {json.dumps(examples[0])}"


def _type_choice(written: object, spot: Spot) -> str:
    return nearest(written, spot.types, f"choose {listed(spot.types)}")
