"""Who is in rotation: the members that are not down, or a rung of the ladder when all are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rrdns.health.verdict import State

from .member import Member, Rung
from .turns import InfoCode, Note

NOTES: Mapping[Rung, Note] = {
    Rung.LAST_GOOD: Note(InfoCode.STALE_ANSWER, "no member is up: those last seen up are given"),
    Rung.BACKUP: Note(InfoCode.OTHER, "no member is up: the backup is given"),
    Rung.ALL: Note(InfoCode.OTHER, "no member is up: all are given"),
    Rung.NODATA: Note(InfoCode.OTHER, "no member is up: none is given"),
}
"""What replies tell of the rung that is taken."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The members of one family that are handed out now.

    `rung` is None as long as a member is up, or can not be judged. `last_good` are those that
    were in rotation when that was last so.
    """

    members: tuple[Member, ...]
    rung: Rung | None = None
    last_good: tuple[Member, ...] = ()


def rotation_of(
    members: Iterable[Member],
    state_of: Callable[[Member], State],
    ladder: Iterable[Rung],
    before: Rotation | None = None,
) -> Rotation:
    """The rotation of `members`, all of one family; `before` is the one that it follows.

    A member of unknown state is handed out: not being able to probe is no reason to drop it. A
    ladder that runs out ends in `all`: silence helps nobody.
    """
    members = tuple(members)
    alive = tuple(m for m in members if not m.backup and state_of(m) is not State.DOWN)
    if alive:
        return Rotation(alive, None, alive)
    remembered = before.last_good if before else ()
    last_good = tuple(member for member in members if member in remembered)
    for rung in ladder:
        match rung:
            case Rung.LAST_GOOD:
                chosen = last_good
            case Rung.BACKUP:
                chosen = tuple(m for m in members if m.backup and state_of(m) is not State.DOWN)
            case Rung.ALL:
                chosen = members
            case Rung.NODATA:
                return Rotation((), rung, last_good)
        if chosen:
            return Rotation(chosen, rung, last_good)
    return Rotation(members, Rung.ALL, last_good)
