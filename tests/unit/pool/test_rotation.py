"""Held here: whoever may be up is handed out; when all are down, the ladder decides, and it never
leaves a name without an answer unless it says `nodata`.
"""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.verdict import State
from rrdns.pool.member import Member, Rung
from rrdns.pool.rotation import NOTES, Rotation, rotation_of
from rrdns.pool.turns import InfoCode

ONE, TWO, THREE = (Member(IPv4Address(f"192.0.2.{last}")) for last in (1, 2, 3))
SPARE = Member(IPv4Address("192.0.2.9"), backup=True)
ALL = (ONE, TWO, THREE, SPARE)

UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


def rotation(
    states: str, *ladder: Rung, before: Rotation | None = None, members: tuple[Member, ...] = ALL
) -> Rotation:
    """The rotation where `states` has a letter for each member: `u`p, `d`own, or `?`."""
    meant = {"u": UP, "d": DOWN, "?": UNKNOWN}
    state_of = {member: meant[letter] for member, letter in zip(members, states, strict=True)}
    return rotation_of(members, state_of.__getitem__, ladder or (Rung.ALL,), before)


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
    assert found == Rotation(expected, None, expected)


BEFORE = Rotation((ONE, TWO), None, (ONE, TWO))

LADDER = {
    "all": ("dddu", [Rung.ALL], None, ALL, Rung.ALL),
    "nodata": ("dddu", [Rung.NODATA], None, (), Rung.NODATA),
    "backup": ("dddu", [Rung.BACKUP, Rung.ALL], None, (SPARE,), Rung.BACKUP),
    "backup that can not be judged": ("ddd?", [Rung.BACKUP], None, (SPARE,), Rung.BACKUP),
    "backup that is down too": ("dddd", [Rung.BACKUP, Rung.NODATA], None, (), Rung.NODATA),
    "last-good": ("dddu", [Rung.LAST_GOOD], BEFORE, (ONE, TWO), Rung.LAST_GOOD),
    "last-good without a memory": (
        "dddu",
        [Rung.LAST_GOOD, Rung.BACKUP],
        None,
        (SPARE,),
        Rung.BACKUP,
    ),
    "a ladder that runs out": ("dddd", [Rung.LAST_GOOD, Rung.BACKUP], None, ALL, Rung.ALL),
}


@pytest.mark.parametrize(
    ("states", "ladder", "before", "members", "rung"), LADDER.values(), ids=LADDER
)
def test_the_ladder(
    states: str,
    ladder: list[Rung],
    before: Rotation | None,
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
    assert down == still_down == Rotation((ONE, TWO), Rung.LAST_GOOD, (ONE, TWO))


def test_last_good_is_remembered_on_another_rung() -> None:
    down = rotation("dddd", Rung.NODATA, before=BEFORE)
    assert rotation("dddd", Rung.LAST_GOOD, before=down).members == (ONE, TWO)


def test_last_good_leaves_out_who_is_no_member_any_more() -> None:
    found = rotation("dd", Rung.LAST_GOOD, before=BEFORE, members=(TWO, THREE))
    assert found.members == (TWO,)


def test_last_good_of_members_that_are_all_gone_is_no_answer() -> None:
    assert rotation("d", Rung.LAST_GOOD, before=BEFORE, members=(THREE,)).rung is Rung.ALL


def test_a_member_that_is_back_ends_the_fallback() -> None:
    assert rotation("dudd", before=Rotation(ALL, Rung.ALL)) == Rotation((TWO,), None, (TWO,))


@given(st.text("ud?", min_size=4, max_size=4), st.lists(st.sampled_from(Rung), max_size=4))
def test_there_is_an_answer_unless_nodata_is_asked_for(states: str, ladder: list[Rung]) -> None:
    found = rotation(states, *ladder)
    assert found.members or Rung.NODATA in ladder
    assert [member for member in ALL if member in found.members] == list(found.members)
