"""Each good file takes effect in its new version, each bad one stays in its old."""

import os
from pathlib import Path

import pytest

from rrdns.errors import BadInputError
from rrdns.load import Loaded, load, reload
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRType

CONFIG = """
zones: {a.example: a.zone, b.example: b.zone}
pools: {www.a.example: {}}
"""
ZONE = "$TTL 60\n@ SOA ns hostmaster 1 1h 15m 1w 5m\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n"
OTHER = ZONE.replace("192.0.2.1\n", "192.0.2.9\n")
BAD = ZONE + "www A 192.168.0.300\n"

A, B = from_text("a.example"), from_text("b.example")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name, text in {"rrdns.yaml": CONFIG, "a.zone": ZONE, "b.zone": ZONE}.items():
        (tmp_path / name).write_text(text)
    return tmp_path / "rrdns.yaml"


def save(config: Path, name: str, text: str) -> None:
    """Writes a file; its stamp differs also where the clock is too coarse to tell."""
    path = config.with_name(name)
    path.write_text(text)
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def www(loaded: Loaded, apex: Name = A) -> bytes:
    zone = loaded.zones[apex].loaded.zone
    rrset = zone.rrset(from_text("www", zone.apex), RRType.A)
    assert rrset is not None
    return rrset.rdatas[0]


def test_all_problems_of_all_files_are_told_at_the_start(config: Path) -> None:
    save(config, "a.zone", BAD)
    save(config, "b.zone", BAD)
    with pytest.raises(BadInputError) as caught:
        load(config)
    assert [Path(p.place.file).name for p in caught.value.problems] == ["a.zone", "b.zone"]


def test_what_has_not_changed_is_not_read_again(config: Path) -> None:
    before = load(config)
    after = reload(config, before)
    assert after.zones[A].loaded is before.zones[A].loaded
    assert not after.differs_from(before)


def test_a_good_file_takes_effect_beside_a_bad_one(config: Path) -> None:
    before = load(config)
    save(config, "a.zone", BAD)
    save(config, "b.zone", OTHER)
    after = reload(config, before)
    assert www(after, A) == www(before, A)
    assert www(after, B) != www(before, B)
    assert [problem.place.line for problem in after.rejected] == [6]
    assert after.zones[A].problems == after.rejected


def test_a_mended_file_leaves_no_problem_behind(config: Path) -> None:
    before = load(config)
    save(config, "a.zone", BAD)
    broken = reload(config, before)
    save(config, "a.zone", OTHER)
    after = reload(config, broken)
    assert www(after) != www(before)
    assert (after.rejected, after.zones[A].problems) == ((), ())


def test_a_bad_configuration_does_not_hold_up_a_zone(config: Path) -> None:
    before = load(config)
    save(config, "rrdns.yaml", CONFIG + "nonsense: 1\n")
    save(config, "a.zone", OTHER)
    after = reload(config, before)
    assert after.settings == before.settings
    assert www(after) != www(before)
    assert len(after.rejected) == 1


def test_what_does_not_fit_together_leaves_everything_as_it_was(config: Path) -> None:
    before = load(config)
    save(config, "a.zone", ZONE.replace("www A 192.0.2.1\n", ""))
    save(config, "b.zone", OTHER)
    after = reload(config, before)
    assert after.zones == before.zones
    assert len(after.rejected) == 1


def test_a_new_zone_that_is_bad_leaves_everything_as_it_was(config: Path) -> None:
    before = load(config)
    save(config, "c.zone", BAD)
    save(config, "rrdns.yaml", CONFIG.replace("zones: {", "zones: {c.example: c.zone, "))
    after = reload(config, before)
    assert after.zones.keys() == before.zones.keys()
    assert after.rejected


def test_every_file_that_was_looked_at_is_watched(config: Path) -> None:
    before = load(config)
    save(config, "b.zone", "$INCLUDE more.inc\n")
    save(config, "more.inc", "rubbish\n")
    after = reload(config, before)
    names = {file.name for file in after.stamps}
    assert {"rrdns.yaml", "a.zone", "b.zone", "more.inc"} <= names
