"""Which keys a file may have where: what its models say of the places in pydantic's errors."""

from typing import Any, NamedTuple, get_args, get_origin

from .keys import Keys
from .source import Path


class Spot(NamedTuple):
    """A place in a file. `models` are what may stand there: one mapping of keys, or several with a
    'type' each, or none, where something else belongs."""

    path: Path
    models: tuple[type[Keys], ...]

    @property
    def types(self) -> dict[str, type[Keys]]:
        """The models by their 'type', where they are several."""
        return {get_args(model.model_fields["type"].annotation)[0]: model for model in self.models}


def spot_at(file: type[Keys], loc: Path) -> Spot:
    """Where an error of pydantic's is: `loc` is a path, with the type of each mapping after it."""
    path: Path = ()
    kind: Any = file
    for step in loc:
        models = _models_in(kind)
        if len(models) > 1:
            kind = Spot(path, models).types[str(step)]
            continue
        path += (step,)
        if models:
            field = models[0].model_fields.get(str(step))
            kind = field.annotation if field else None
        else:
            kind = _entry_of(kind)
    return Spot(path, _models_in(kind))


def _models_in(kind: Any) -> tuple[type[Keys], ...]:
    """The models of which a value of this kind is one."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return (kind,) if issubclass(kind, Keys) else ()
    if get_origin(kind) in (dict, list):
        return ()
    return tuple(model for part in get_args(kind) for model in _models_in(part))


def _entry_of(kind: Any) -> Any:
    """The kind of what a mapping or list of this kind holds; None where it is neither."""
    if get_origin(kind) in (dict, list):
        return get_args(kind)[-1]
    return next(filter(None, map(_entry_of, get_args(kind))), None)
