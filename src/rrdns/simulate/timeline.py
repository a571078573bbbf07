"""What happens in a simulation, as it is told: the log's lines, and what is answered."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from rrdns.answer.snapshot import RRKey
from rrdns.health.verdict import State
from rrdns.load import Loaded
from rrdns.narrator import MOST_NAMED, Narrator
from rrdns.pool.member import Member, Pool
from rrdns.pool.rotation import Rotation
from rrdns.pool.standing import Change
from rrdns.publisher import families
from rrdns.steward import Steward
from rrdns.zone import name as names
from rrdns.zone.presentation import type_text

from .script import Script

EPOCH = datetime(2000, 1, 1, tzinfo=UTC).timestamp()  # midnight: its clock shows the trace's time


class Kind(StrEnum):
    """What an entry of the timeline tells."""

    LOG = "log"
    ANSWERS = "answers"
    REFUSED = "refused"
    FALSE_DROP = "false drop"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happens `at_s` seconds after the beginning."""

    at_s: float
    kind: Kind
    text: str


class Answered(NamedTuple):
    """Who is handed out, and for how long caches may keep that."""

    members: Sequence[Member]
    ttl: int


class Timeline(logging.Handler):
    """Collects what happens on the running loop; as a handler, what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.entries: list[Entry] = []

    def add(self, kind: Kind, text: str) -> None:
        """Something happens now."""
        self.entries.append(Entry(asyncio.get_running_loop().time(), kind, text))

    def emit(self, record: logging.LogRecord) -> None:
        self.add(Kind.LOG, record.getMessage())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Collects what rrdns logs meanwhile."""
        logger = logging.getLogger("rrdns")
        before = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.setLevel(before)


class Teller(Narrator):
    """A narrator who also tells what is answered, and who is dropped although all is well.

    The clock of `steward` began at `EPOCH`.
    """

    def __init__(
        self, steward: Steward[Any], loaded: Loaded, script: Script, timeline: Timeline
    ) -> None:
        super().__init__(steward.judge)
        self.drops = 0
        self.false_drops = 0
        self._steward = steward
        self._loaded = loaded
        self._script = script
        self._timeline = timeline
        self._told: dict[RRKey, Answered] = {}

    def member_changed(self, change: Change, *, quietly: bool = False) -> None:
        super().member_changed(change, quietly=quietly)
        if change.after is not State.DOWN or quietly:
            return
        self.drops += 1
        if self._is_false(change.pool, change.member):
            self.false_drops += 1
            text = f"{change.member.address}: the trace has it passing all the time"
            self._timeline.add(Kind.FALSE_DROP, text)

    def rotations(self, pool: Pool, rotations: Mapping[RRKey, Rotation]) -> None:
        super().rotations(pool, rotations)
        for key in families(pool):
            now = Answered(rotations[key].members, min(rotations[key].ttl, self._loaded.ttl(*key)))
            before = self._told.get(key)
            if now != before:
                self._told[key] = now
                self._timeline.add(Kind.ANSWERS, _answers_text(key, before, now))

    def _is_false(self, pool: Pool, member: Member) -> bool:
        """Whether nothing that the script says explains that `member` is down."""
        now = asyncio.get_running_loop().time()
        targets = pool.targets(member)
        if any(self._steward.monitor.drilled(target) is not None for target in targets):
            return False
        return all(
            self._script.is_well(target, health.first_failure - EPOCH, now)
            for target, health in zip(
                targets, self._steward.judge.healths(pool, member), strict=True
            )
            if health.first_failure is not None and health.verdict.state is State.DOWN
        )


def _answers_text(key: RRKey, before: Answered | None, now: Answered) -> str:
    owner, rtype = key
    where = f"{names.to_text(owner)} {type_text(rtype)}:"
    text = _addresses_text(now.members)
    if before is None:
        return f"{where} {text}, TTL {now.ttl}"
    if before.members == now.members:
        return f"{where} {text}, TTL {before.ttl} -> {now.ttl}"
    return f"{where} {_addresses_text(before.members)} -> {text}, TTL {now.ttl}"


def _addresses_text(members: Sequence[Member]) -> str:
    more = ["..."] if len(members) > MOST_NAMED else []
    return " ".join([str(member.address) for member in members[:MOST_NAMED]] + more) or "nothing"
