"""A network that answers as a test says, on virtual time, and what remembers what was told."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from rrdns.health.check import IcmpCheck, Target
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State, Verdict

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
CHECK = IcmpCheck(name="alive")

Answer = tuple[Outcome, float]  # and how long it takes


def target(n: int = 1, check: IcmpCheck = CHECK) -> Target:
    return Target(check, IPv4Address(f"192.0.2.{n}"))


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Network:
    """Fake probers: `answer(target, start, count)` says how each probe ends."""

    answer: Callable[[Target, float, int], Answer] = lambda *_: (PASS, 0.001)
    starts: dict[Target, list[float]] = field(default_factory=dict)
    in_flight: Counter[Target] = field(default_factory=Counter)
    most_in_flight: int = 0
    closed: bool = False

    async def probe(self, target: Target) -> Result:
        starts = self.starts.setdefault(target, [])
        starts.append(now())
        outcome, delay = self.answer(target, now(), len(starts))
        self.in_flight[target] += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight[target])
        try:
            await asyncio.sleep(delay)
        finally:
            self.in_flight[target] -= 1
        return Result(outcome, f"{outcome} after {delay}", delay)

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Changes:
    """An `on_change` that remembers."""

    seen: list[tuple[float, Target, Verdict, Verdict]] = field(default_factory=list)

    def __call__(self, target: Target, before: Health, after: Health) -> None:
        self.seen.append((now(), target, before.verdict, after.verdict))

    def states(self, of: Target) -> list[State]:
        return [after.state for _, target, _, after in self.seen if target == of]


def script(*outcomes: Outcome) -> Callable[[Target, float, int], Answer]:
    """Each probe's outcome in turn, the last one for ever."""
    return lambda _target, _start, count: (outcomes[min(count, len(outcomes)) - 1], 0.001)
