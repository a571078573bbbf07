"""What is to be thought of a member: what all its checks found, what operators ordered, and who has
its address."""

from collections.abc import Callable, Iterable

from rrdns.health.check import Target
from rrdns.health.result import Health
from rrdns.health.verdict import State, all_of, any_of

from .cover import Covers
from .duty import Roster
from .member import Member, Pool, Require
from .rotation import Fitness

HealthOf = Callable[[Target], Health]


class Judge:
    """Judges members by what `health_of`, the roster and the covers say now.

    `health_of` raises KeyError for a target that has not been probed yet, and so do the methods.
    """

    def __init__(self, health_of: HealthOf, roster: Roster, covers: Covers) -> None:
        self._health_of = health_of
        self._roster = roster
        self._covers = covers

    def state(self, pool: Pool, member: Member) -> State:
        """What is believed of a member, all its checks taken together."""
        return _state(pool, self.healths(pool, member))

    def fitness(self, pool: Pool, member: Member) -> Fitness:
        """All that decides whether a member is handed out."""
        healths = self.healths(pool, member)
        cover = self._covers.of(member.address)
        return Fitness(
            _state(pool, healths),
            self._roster.duty(pool, member),
            any(health.verdict.suspect for health in healths),
            gives_way=cover is not None and cover.state.gives_way,
        )

    def reason(self, pool: Pool, member: Member) -> str:
        """What the check found that stands for the state of `member`, and how many outcomes in a
        row were needed for it; empty where there is none."""
        healths = self.healths(pool, member)
        state = _state(pool, healths)
        for check, health in zip(pool.checks, healths, strict=True):
            if health.verdict.state is state and health.last is not None:
                times = health.decided_by
                count = f" ({times} of {times})" if times > 1 else ""
                return f"{check.name}: {health.last.reason}{count}"
        return ""

    def healths(self, pool: Pool, member: Member) -> list[Health]:
        """What each check has found."""
        return [self._health_of(target) for target in pool.targets(member)]


def _state(pool: Pool, healths: Iterable[Health]) -> State:
    states = (health.verdict.state for health in healths)
    return (all_of if pool.require is Require.ALL else any_of)(states)
