"""Reads a zone from its master file, whole or not at all."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rrdns.errors import BadInputError, Place, Problem

from .draft import Draft
from .findings import FaultError, Findings, TooManyErrorsError
from .lint import lint
from .name import Name
from .reader import Reader
from .source import Sources
from .tree import RRset, Zone


@dataclass(frozen=True, slots=True)
class LoadedZone:
    """A zone that is fit to be served, and what else its files tell.

    `places` has where each A or AAAA RRset of several addresses begins. `files` are the paths of
    all files looked at, as they were named and with links resolved.
    """

    zone: Zone
    warnings: tuple[Problem, ...]
    places: Mapping[tuple[Name, int], Place]
    files: frozenset[Path]


class BadZoneError(BadInputError):
    """A zone that can not be served; mending one of `files` may change that."""

    def __init__(self, problems: Iterable[Problem], files: frozenset[Path]) -> None:
        super().__init__(problems)
        self.files = files


def read_zone(path: Path, apex: Name, display: str | None = None) -> LoadedZone:
    """The zone `apex` from its master file. Changes nothing that other threads see.

    Problems name the file `display`, or the path as given. Raises BadZoneError with all
    problems, warnings included, where there is an error.
    """
    display = str(path) if display is None else display
    findings = Findings(display)
    sources = Sources(path, display)
    draft = Draft(apex)
    rrsets: list[RRset] = []
    with suppress(TooManyErrorsError):
        try:
            Reader(sources, draft, findings).read(sources.open_top())
        except FaultError as fault:
            findings.error(Place(display), fault.what, fault.mend)
        else:
            rrsets = draft.rrsets(findings)
            lint(draft, rrsets, findings, Place(display))
    files = frozenset(sources.paths)
    if findings.failed:
        raise BadZoneError(findings.problems(), files)
    zone = Zone.of(apex, rrsets)
    return LoadedZone(zone, findings.problems(), draft.places_of_address_sets(), files)
