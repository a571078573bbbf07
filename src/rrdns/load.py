"""Reads all that the user writes: the configuration, its zones, and how they fit together."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rrdns.config.bind import bind
from rrdns.config.read import read_settings
from rrdns.config.settings import Settings
from rrdns.errors import BadInputError, Problem, errors_in
from rrdns.heap import undisturbed
from rrdns.pool.member import Pool
from rrdns.watch import Stamp, Stamps, stamps_of
from rrdns.zone.master import BadZoneError, LoadedZone, read_zone
from rrdns.zone.name import Name, ancestry


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """A zone as it was read from `path` at `read_at` (time.time), and its files' stamps then.

    `problems` are its warnings, and the errors in a newer file that did not take effect.
    """

    path: Path
    loaded: LoadedZone
    read_at: float
    stamps: Stamps
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is in force. `rejected` are the errors in newer files that did not take effect.

    `stamps` are of every file that was looked at, so that the next save is noticed.
    """

    settings: Settings
    zones: Mapping[Name, ZoneVersion]
    pools: tuple[Pool, ...]
    stamps: Stamps
    warnings: tuple[Problem, ...] = ()
    rejected: tuple[Problem, ...] = ()

    def all_warnings(self) -> tuple[Problem, ...]:
        """Those about the zones in force, and about how the configuration fits them."""
        about_zones = (w for version in self.zones.values() for w in version.loaded.warnings)
        return (*self.settings.warnings, *about_zones, *self.warnings)

    def ttl(self, owner: Name, rtype: int) -> int:
        """The TTL of an RRset that one of the zones has, as a pool's always is."""
        apex = next(name for name in ancestry(owner) if name in self.zones)
        return self.zones[apex].loaded.zone.nodes[owner][rtype].ttl

    def differs_from(self, other: "Loaded") -> bool:
        """Whether anything that answers or probes depend on is another than in `other`."""
        mine = {apex: version.loaded for apex, version in self.zones.items()}
        theirs = {apex: version.loaded for apex, version in other.zones.items()}
        return (
            mine.keys() != theirs.keys()
            or any(mine[apex] is not theirs[apex] for apex in mine)
            or self.pools != other.pools
            or self.settings != other.settings
        )


def load(path: Path) -> Loaded:
    """All that the configuration at `path` names; BadInputError says everything that is wrong."""
    reading = _Reading({})
    with undisturbed():
        return reading.join(reading.settings(path))


def reload(path: Path, before: Loaded) -> Loaded:
    """What is in force after an edit: each good file in its new version, each bad one in the old.

    A configuration that is bad, or does not fit the zones, leaves everything as it was.
    """
    reading = _Reading(before.zones)
    try:
        settings = reading.settings(path)
    except BadInputError as error:
        reading.rejected += error.problems
        settings = before.settings
    try:
        with undisturbed():
            return reading.join(settings)
    except BadInputError as error:
        return replace(before, stamps=reading.stamps, rejected=error.problems)


@dataclass(slots=True)
class _Reading:
    """One reading of everything; a zone that is bad falls back on its version in `before`.

    `stamps` and `rejected` collect what `Loaded` says of the reading.
    """

    before: Mapping[Name, ZoneVersion]
    stamps: dict[Path, Stamp | None] = field(default_factory=dict)
    rejected: list[Problem] = field(default_factory=list)

    def settings(self, path: Path) -> Settings:
        """The configuration. Raises BadInputError."""
        self.stamps.update(stamps_of([path]))
        return read_settings(path)

    def join(self, settings: Settings) -> Loaded:
        """The zones and pools of `settings`; BadInputError where there is no whole to be had."""
        found = {apex: self._zone(apex, path) for apex, path in settings.zones.items()}
        zones = {apex: version for apex, version in found.items() if version is not None}
        if len(zones) < len(found):
            raise BadInputError(self.rejected)
        pools, problems = bind(
            settings,
            {apex: version.loaded.zone for apex, version in zones.items()},
            {apex: version.loaded.places for apex, version in zones.items()},
        )
        if errors_in(problems):
            raise BadInputError((*self.rejected, *problems))
        return Loaded(
            settings, zones, pools, self.stamps, warnings=problems, rejected=tuple(self.rejected)
        )

    def _zone(self, apex: Name, path: Path) -> ZoneVersion | None:
        """The zone in its newest good version: unchanged, read anew, or the one before."""
        known = self.before.get(apex)
        stamps = stamps_of({path, *(known.loaded.files if known else ())})
        self.stamps.update(stamps)
        if known and known.path == path and known.stamps == stamps:
            return replace(known, problems=known.loaded.warnings)
        try:
            loaded = read_zone(path, apex)
        except BadZoneError as error:
            self.stamps.update(stamps_of(error.files - stamps.keys()))
            self.rejected += error.problems
            return known and replace(known, problems=(*known.loaded.warnings, *error.problems))
        stamps = {**stamps_of(loaded.files), **stamps}
        self.stamps.update(stamps)
        kept = {file: stamps[file] for file in (path, *loaded.files)}
        return ZoneVersion(path, loaded, time.time(), kept, loaded.warnings)
