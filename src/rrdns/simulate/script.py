"""A trace held against a configuration: who finds what, and who is ordered what, at any time. Pure.

Times are seconds since the beginning of the trace.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from operator import itemgetter
from typing import TypeVar

from rrdns.config.wording import nearest, quoted
from rrdns.errors import BadInputError, Problem
from rrdns.health.check import Target
from rrdns.health.vantage import Vantage, anchor_target
from rrdns.health.verdict import Outcome
from rrdns.pool.member import Member, Pool
from rrdns.trace import ANCHORS, EVERYBODY, WELL, Command, Event, Finding, Loss, word

T = TypeVar("T")


@dataclass(slots=True)
class _Whose:
    """Those whom a word means: what is probed, and who can be ordered something."""

    targets: list[Target] = field(default_factory=list)
    members: list[tuple[Pool, Member]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that is given at `at_s`."""

    at_s: float
    command: Command
    pool: Pool
    member: Member


class Script:
    """What `events` say of the members of `pools`, and of the anchors of `vantage`.

    Raises BadInputError where they speak of others.
    """

    def __init__(self, events: Iterable[Event], pools: Sequence[Pool], vantage: Vantage) -> None:
        self.orders: list[Ordered] = []
        self._findings: defaultdict[Target, list[tuple[float, Finding]]] = defaultdict(list)
        self._losses: defaultdict[Target, list[tuple[float, float]]] = defaultdict(list)
        known = _known(pools, vantage)
        problems = []
        for event in sorted(events, key=lambda event: event.at_s):
            whose = known.get(_folded(event.whom))
            if whose is None:
                problems.append(_unknown(event, known))
            elif isinstance(event.what, Command) and not whose.members:
                what = f"{quoted(event.whom)} can not be ordered anything"
                problems.append(Problem(event.place, what, "name a member, without a check"))
            else:
                self._add(event, whose)
        if problems:
            raise BadInputError(problems)

    def finding(self, target: Target, now: float) -> Finding:
        """What a probe that starts `now` finds, unless it is lost."""
        return _at(self._findings[target], now, WELL)

    def loss(self, target: Target, now: float) -> float:
        """The share of the probes that are lost, 0 to 1."""
        return _at(self._losses[target], now, 0.0)

    def is_well(self, target: Target, begin: float, end: float) -> bool:
        """Whether probes that start in that time would pass, were they neither lost nor slow."""
        found = self._findings[target]
        meanwhile = (finding for at, finding in found if begin < at <= end)
        return all(
            finding.outcome is Outcome.PASS for finding in (self.finding(target, begin), *meanwhile)
        )

    def _add(self, event: Event, whose: _Whose) -> None:
        match event.what:
            case Finding() as finding:
                for target in whose.targets:
                    self._findings[target].append((event.at_s, finding))
            case Loss(share):
                for target in whose.targets:
                    self._losses[target].append((event.at_s, share))
            case Command() as command:
                for pool, member in whose.members:
                    self.orders.append(Ordered(event.at_s, command, pool, member))


def _at(history: Sequence[tuple[float, T]], now: float, default: T) -> T:
    """The last value of `history` that has begun."""
    begun = bisect_right(history, now, key=itemgetter(0))
    return history[begun - 1][1] if begun else default


def _known(pools: Iterable[Pool], vantage: Vantage) -> Mapping[str, _Whose]:
    """All words that mean somebody."""
    known: defaultdict[str, _Whose] = defaultdict(_Whose)
    for pool in pools:
        for member in pool.members:
            for name in (EVERYBODY, str(member.address), member.name):
                if name is not None:
                    known[word(name)].members.append((pool, member))
                    known[word(name)].targets += pool.targets(member)
                    for target in pool.targets(member):
                        known[word(f"{name}/{target.check.name}")].targets.append(target)
    for address in vantage.anchors:
        for name in (ANCHORS, str(address)):
            known[name].targets.append(anchor_target(vantage, address))
    return {name: _Whose([*dict.fromkeys(w.targets)], w.members) for name, w in known.items()}


def _folded(written: str) -> str:
    """The word with its address as we write it."""
    whom, slash, check = written.partition("/")
    try:
        return f"{ip_address(whom)}{slash}{check}"
    except ValueError:
        return written


def _unknown(event: Event, known: Mapping[str, _Whose]) -> Problem:
    whom = event.whom
    if whom == ANCHORS:
        mend = "set vantage.anchors in the configuration, or remove the line"
        return Problem(event.place, "no anchors are configured", mend)
    mend = "write the address or the name of a member, perhaps /CHECK behind it, or * for all"
    return Problem(
        event.place,
        f"{quoted(whom)} is no member, nor a check of one",
        nearest(whom, _suggested(known), mend),
    )


def _suggested(known: Iterable[str]) -> Iterator[str]:
    return (name for name in known if name != EVERYBODY)
