"""What all parts of rrdns.yaml stand on: mappings of known keys, and lists without repetition."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict

from .fields import Mistake, MistakenError, whole
from .wording import quoted

T = TypeVar("T")

UpToHundred = Annotated[int, whole(1, 100)]


class Keys(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
