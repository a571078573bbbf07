"""What the files stand on: mappings of known keys, names of other things, their JSON Schema."""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .fields import Mistake, MistakenError, mistake, whole
from .wording import listed, nearest, quoted

T = TypeVar("T")

UpToHundred = Annotated[int, whole(1, 100)]


class Keys(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def at_most(most: int) -> Callable[[list[T]], list[T]]:
    """What gives a list back as it is; a mistake where that is longer."""

    def read(items: list[T]) -> list[T]:
        if len(items) > most:
            raise mistake(f"{len(items)} are too many", f"write {most} at most")
        return items

    return read


def distinct(items: list[T]) -> list[T]:
    """`items` as they are; a mistake at each that stands there twice."""
    seen: set[T] = set()
    twice = []
    for at, item in enumerate(items):
        if item in seen:
            twice.append(at)
        seen.add(item)
    if twice:
        raise MistakenError(
            *(
                Mistake((at,), f"{quoted(str(items[at]))} is listed twice", "remove it")
                for at in twice
            )
        )
    return items


def known(name: str, section: str, names: Collection[str]) -> str:
    """`name`, which has to be one of the `names` in `section`; raises a mistake where it is not."""
    if name not in names:
        otherwise = f"the {section} are {listed(names)}" if names else f"add it to '{section}'"
        what = f"there is no {section.removesuffix('s')} named {quoted(name)}"
        raise mistake(what, nearest(name, names, otherwise))
    return name


def known_in(section: str) -> AfterValidator:
    """Text has to be a name in `section`.

    `info.context` has, by section, all names there are, those with mistakes included.
    """

    def check(name: str, info: ValidationInfo) -> str:
        sections: Mapping[str, Collection[str]] = info.context or {}
        return known(name, section, sections.get(section, ()))

    return AfterValidator(check)


class _JsonSchema(GenerateJsonSchema):
    """Leaves out the default of a key that has none to show."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if "default" in described and described["default"] is None:
            del described["default"]
        return described


def json_schema_of(file: type[Keys], title: str) -> dict[str, Any]:
    """The JSON Schema of a file with these keys, for editors (draft 2020-12)."""
    described = file.model_json_schema(schema_generator=_JsonSchema)
    return {"$schema": _JsonSchema.schema_dialect, **described, "title": title}
