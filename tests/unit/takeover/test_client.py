"""A client does not go on sending to a host that has let go, whatever the phase of all timers.

It believes the last announcement that it has heard, as a neighbour does.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rrdns.takeover.machine.seen import Order

from .world import TIMERS, Actor, World, mac_of

MISLED_S = 0.1  # as long as frames and messages are under way
SEEDS = range(15)
REMEMBERED = replace(TIMERS, preempt_delay_s=0.1)  # an owner is back while others still are


class Heard(World):
    """With a client that hears whoever is plugged in."""

    told: int | None = None

    def _announce(self, actor: Actor, mac: str | None) -> None:
        super()._announce(actor, mac)
        if actor.rank not in self.unplugged:
            told = mac or mac_of(actor.rank)
            self.told = next((each.rank for each in self.actors if mac_of(each.rank) == told), None)

    @property
    def is_misled(self) -> bool:
        """Whether one host has the address, and the client sends to another."""
        return len(self.holders) == 1 and [self.told] != self.holders


def until(world: Heard, *holders: int) -> Iterator[float]:
    """Lets time pass until these have the address, and a while more, by chance."""
    for now in world.run(30.0):
        yield now
        if world.holders == [*holders]:
            break
    assert world.holders == [*holders]
    yield from world.run(world.random.uniform(0.1, TIMERS.heard_s))


def a_death_and_return(world: Heard) -> Iterator[float]:
    world.crash(0)
    yield from until(world, 1)
    world.boot(0)
    yield from until(world, 0)


def two_deaths_and_returns(world: Heard) -> Iterator[float]:
    world.crash(0)
    yield from until(world, 1)
    world.crash(1)
    yield from until(world, 2)
    world.boot(1)
    world.boot(0)
    yield from until(world, 0)


def a_partition(world: Heard) -> Iterator[float]:
    """Both have it, each unheard by the other, until long after they have announced it."""
    world.cut.add(frozenset((0, 1)))
    world.cut.add(frozenset((0, 2)))
    yield from until(world, 0, 1)
    yield from world.run(10.0)
    world.cut.clear()
    yield from until(world, 0)


def orders(world: Heard) -> Iterator[float]:
    world.order(2, Order.HOLD)
    yield from until(world, 2)
    world.order(2, Order.FOLLOW)
    yield from until(world, 0)
    world.order(0, Order.DISABLE)
    yield from until(world, 1)
    world.order(0, Order.FOLLOW)
    yield from until(world, 0)


def an_agent_killed(world: Heard) -> Iterator[float]:
    world.kill_agent(0)
    yield from world.run(TIMERS.lease_s)
    yield from until(world, 1)
    world.start_agent(0)
    yield from until(world, 0)


@pytest.mark.parametrize(
    "story", [a_death_and_return, two_deaths_and_returns, a_partition, orders, an_agent_killed]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_is_told_of_each_change(
    story: Callable[[Heard], Iterator[float]], seed: int
) -> None:
    world = Heard(2, seed, REMEMBERED)
    for _ in until(world, 0):
        pass
    misled_at: float | None = None
    for now in story(world):
        misled_at = (misled_at or now) if world.is_misled else None
        assert misled_at is None or now - misled_at <= MISLED_S, (world.told, world.holders)
    assert world.told == 0
