"""Held here: whoever may be up is handed out; when all are down, the ladder decides, and it never
leaves a name without an answer unless it says `nodata`.
"""

import re
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.check import TcpCheck
from rrdns.health.verdict import State
from rrdns.pool.duty import Duty
from rrdns.pool.member import Member, Pool, Rung
from rrdns.pool.rotation import NOBODY, NOTES, Fitness, Rotation, rotation_of
from rrdns.pool.turns import InfoCode
from rrdns.zone.name import ROOT

ONE, TWO, THREE = (Member(IPv4Address(f"192.0.2.{last}")) for last in (1, 2, 3))
SPARE = Member(IPv4Address("192.0.2.9"), backup=True)
ALL = (ONE, TWO, THREE, SPARE)

UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


NOW = 1000.0


def rotation(
    states: str,
    *ladder: Rung,
    before: Rotation = NOBODY,
    members: tuple[Member, ...] = ALL,
    now: float = NOW,
    **policy: Any,
) -> Rotation:
    """The rotation where `states` has a letter for each member: `u`p, `d`own, or `?`; behind it `s`
    for suspect, `r` for drained, `m` for maintenance, `c` for an address that another host has."""
    meant = {"u": UP, "d": DOWN, "?": UNKNOWN}
    ordered = {"r": Duty.DRAIN, "m": Duty.MAINT}
    fit = {}
    for member, (state, notes) in zip(members, re.findall("([ud?])([srmc]*)", states), strict=True):
        duty = next((ordered[note] for note in notes if note in ordered), Duty.READY)
        fit[member] = Fitness(meant[state], duty, "s" in notes, gives_way="c" in notes)
    pool = Pool(ROOT, members, all_down=ladder or (Rung.ALL,), ttl_s=60, **policy)
    return rotation_of(pool, members, fit.__getitem__, now, before)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("uuuu", (ONE, TWO, THREE)),
        ("uduu", (ONE, THREE)),
        ("dduu", (THREE,)),
        ("????", (ONE, TWO, THREE)),
        ("d?du", (TWO,)),
        ("u?dd", (ONE, TWO)),
    ],
    ids=[
        "all up",
        "one down",
        "one left",
        "none judged yet",
        "unknown is no reason to drop",
        "up and unknown",
    ],
)
def test_members_that_may_be_up_are_in_rotation(states: str, expected: tuple[Member, ...]) -> None:
    found = rotation(states, Rung.NODATA)
    assert found == Rotation(expected, None, 60)


BEFORE = Rotation((ONE, TWO), None, 60)

LADDER = {
    "all": ("dddu", [Rung.ALL], NOBODY, ALL, Rung.ALL),
    "nodata": ("dddu", [Rung.NODATA], NOBODY, (), Rung.NODATA),
    "backup": ("dddu", [Rung.BACKUP, Rung.ALL], NOBODY, (SPARE,), Rung.BACKUP),
    "backup that can not be judged": ("ddd?", [Rung.BACKUP], NOBODY, (SPARE,), Rung.BACKUP),
    "backup that is down too": ("dddd", [Rung.BACKUP, Rung.NODATA], NOBODY, (), Rung.NODATA),
    "last-good": ("dddu", [Rung.LAST_GOOD], BEFORE, (ONE, TWO), Rung.LAST_GOOD),
    "last-good without a memory": (
        "dddu",
        [Rung.LAST_GOOD, Rung.BACKUP],
        NOBODY,
        (SPARE,),
        Rung.BACKUP,
    ),
    "a ladder that runs out": ("dddd", [Rung.LAST_GOOD, Rung.BACKUP], NOBODY, ALL, Rung.ALL),
}


@pytest.mark.parametrize(
    ("states", "ladder", "before", "members", "rung"), LADDER.values(), ids=LADDER
)
def test_the_ladder(
    states: str,
    ladder: list[Rung],
    before: Rotation,
    members: tuple[Member, ...],
    rung: Rung,
) -> None:
    found = rotation(states, *ladder, before=before)
    assert found.members == members
    assert found.rung is rung


def test_every_rung_has_something_to_tell_and_last_good_is_a_stale_answer() -> None:
    """RFC 8914 section 4.4."""
    assert set(NOTES) == set(Rung)
    stale = {rung for rung, note in NOTES.items() if note.code is InfoCode.STALE_ANSWER}
    assert stale == {Rung.LAST_GOOD}


def test_last_good_is_remembered_as_long_as_all_are_down() -> None:
    up = rotation("uudd", Rung.LAST_GOOD)
    down = rotation("dddd", Rung.LAST_GOOD, before=up)
    still_down = rotation("dddd", Rung.LAST_GOOD, before=down)
    assert down == still_down == Rotation((ONE, TWO), Rung.LAST_GOOD, 60)


def test_last_good_is_remembered_on_another_rung() -> None:
    down = rotation("dddd", Rung.NODATA, before=BEFORE)
    assert rotation("dddd", Rung.LAST_GOOD, before=down).members == (ONE, TWO)


def test_last_good_leaves_out_who_is_no_member_any_more() -> None:
    found = rotation("dd", Rung.LAST_GOOD, before=BEFORE, members=(TWO, THREE))
    assert found.members == (TWO,)


def test_last_good_of_members_that_are_all_gone_is_no_answer() -> None:
    assert rotation("d", Rung.LAST_GOOD, before=BEFORE, members=(THREE,)).rung is Rung.ALL


def test_a_member_that_is_back_ends_the_fallback() -> None:
    assert rotation("dudd", before=Rotation(ALL, Rung.ALL)) == Rotation((TWO,), None, 60)


def test_last_good_is_too_old_at_some_time() -> None:
    down = rotation("dddd", Rung.LAST_GOOD, before=BEFORE, last_good_s=100.0)
    assert down.holds_until == NOW + 100
    later = rotation("dddd", Rung.LAST_GOOD, before=down, now=NOW + 100, last_good_s=100.0)
    assert (later.members, later.rung) == (ALL, Rung.ALL)


def test_last_good_is_as_old_as_its_last_moment_in_rotation() -> None:
    up = rotation("uudd", now=NOW)
    down = rotation("dddd", Rung.LAST_GOOD, before=up, now=NOW + 500, last_good_s=100.0)
    assert (down.rung, down.holds_until) == (Rung.LAST_GOOD, NOW + 600)


@pytest.mark.parametrize(
    ("states", "ladder", "members"),
    [
        ("uruuru", Rung.ALL, (TWO,)),
        ("uurumu", Rung.ALL, (ONE,)),
        ("urumuru", Rung.ALL, (ONE, THREE, SPARE)),
        ("ddmumd", Rung.ALL, (ONE, SPARE)),
        ("umumumum", Rung.ALL, ALL),
        ("dddur", Rung.BACKUP, ALL),
    ],
    ids=[
        "drained ones are left out",
        "those in maintenance are left out",
        "when all are ordered away, the drained ones help out",
        "those in maintenance do not, while there is anybody else",
        "and do when there is nobody",
        "a drained backup is none",
    ],
)
def test_orders(states: str, ladder: Rung, members: tuple[Member, ...]) -> None:
    assert rotation(states, ladder).members == members


@pytest.mark.parametrize(
    ("states", "members"),
    [
        ("ucuuu", (TWO, THREE)),
        ("ucucuu", (THREE,)),
        ("ucucucu", (ONE, TWO, THREE)),
        ("ucddu", (ONE,)),
        ("uc?du", (TWO,)),
        ("ucurumu", (ONE,)),
        ("dcuuu", (TWO, THREE)),
        ("dddcu", (SPARE,)),
    ],
    ids=[
        "one gives way",
        "two give way to one",
        "all are handed out where all would give way",
        "one helps out where the others are down",
        "one gives way to one of whom nothing is known",
        "one helps out where the others were ordered away",
        "one that is down is left out as ever",
        "where all are down, the ladder decides",
    ],
)
def test_who_gives_way(states: str, members: tuple[Member, ...]) -> None:
    found = rotation(states, Rung.BACKUP)
    assert found.members == members
    assert found.lessened == ()


def test_backups_give_way_to_each_other_as_members_do() -> None:
    other = Member(IPv4Address("192.0.2.8"), backup=True)
    assert rotation("duuc", Rung.BACKUP, members=(ONE, other, SPARE)).members == (other,)
    assert rotation("ducu", Rung.BACKUP, members=(ONE, other, SPARE)).members == (SPARE,)


@pytest.mark.parametrize(
    ("states", "lessened"),
    [("ucuuu", (ONE,)), ("ucucuu", (ONE, TWO)), ("ucucucu", ()), ("uuuu", ()), ("ucddu", ())],
    ids=["one", "two", "not where all would give way", "nobody", "not who is alone"],
)
def test_a_weight_for_those_that_give_way(states: str, lessened: tuple[Member, ...]) -> None:
    found = rotation(states, covered_weight=5)
    alive = [m for m, state in zip(ALL, re.findall("[ud]", states), strict=True) if state == "u"]
    assert found.members == tuple(m for m in alive if not m.backup)
    assert found.lessened == lessened


def test_the_ttl_shrinks_when_somebody_gives_way() -> None:
    assert rotation("ucuuu", before=rotation("uuuu", **FLOOR), **FLOOR).ttl == 5


def test_those_that_were_found_down_together_were_good_together() -> None:
    """Probes end one after the other, within the time after which their check is certain."""
    check = TcpCheck(name="web", port=80)
    every = {"checks": (check,)}
    before = rotation("uuud", now=NOW, **every)
    before = rotation("duud", before=before, now=NOW + 100, **every)
    before = rotation("dudd", before=before, now=NOW + 100 + check.certain_after_s, **every)
    down = rotation("dddd", Rung.LAST_GOOD, before=before, now=NOW + 104, **every)
    assert down.members == (TWO, THREE)
    later = rotation("dddd", Rung.LAST_GOOD, before=down, now=NOW + 200, **every)
    assert later.members == (TWO, THREE)


def test_last_good_has_nobody_who_was_ordered_away_since() -> None:
    assert rotation("drddd", Rung.LAST_GOOD, before=BEFORE).members == (TWO,)


def test_an_edit_of_a_weight_makes_nobody_leave() -> None:
    edited = (Member(ONE.address, weight=9), TWO, THREE, SPARE)
    calm = rotation("uuuu", ttl_floor_s=5)
    after = rotation("uuuu", before=calm, members=edited, ttl_floor_s=5)
    assert (after.ttl, after.troubled_at) == (60, calm.troubled_at)
    assert rotation("dddd", Rung.LAST_GOOD, before=calm, members=edited).members == edited[:3]


FLOOR = {"ttl_floor_s": 5}


@pytest.mark.parametrize(
    ("states", "ttl"),
    [("uuuu", 60), ("usuuu", 5), ("dsuuu", 5), ("usmuuu", 60), ("usruuu", 60), ("duuu", 60)],
    ids=["calm", "falling", "rising", "under maintenance", "drained", "down for long"],
)
def test_the_ttl_shrinks_while_a_member_is_in_doubt(states: str, ttl: int) -> None:
    assert rotation(states, **FLOOR).ttl == ttl


def test_the_ttl_grows_back_by_doubling_once_it_is_calm() -> None:
    doubt = rotation("usuuu", **FLOOR)
    left = rotation("duuu", before=doubt, **FLOOR)
    assert (left.ttl, left.holds_until) == (5, NOW + 10)
    seen, now = [], left.holds_until
    while now < 1e9:
        left = rotation("duuu", before=left, now=now, **FLOOR)
        seen.append((now - NOW, left.ttl))
        now = left.holds_until
    assert seen == [(10, 10), (20, 20), (40, 40), (80, 60)]


def test_a_member_that_leaves_without_having_been_in_doubt_shrinks_the_ttl_too() -> None:
    assert rotation("duuu", before=rotation("uuuu", **FLOOR), **FLOOR).ttl == 5


def test_without_a_floor_the_ttl_is_the_zones() -> None:
    assert rotation("usuuu").ttl == 60


@given(st.text("ud?", min_size=4, max_size=4), st.lists(st.sampled_from(Rung), max_size=4))
def test_there_is_an_answer_unless_nodata_is_asked_for(states: str, ladder: list[Rung]) -> None:
    found = rotation(states, *ladder)
    assert found.members or Rung.NODATA in ladder
    assert [member for member in ALL if member in found.members] == list(found.members)
