"""Candidates take an address in the order in which the file names them, whatever the phases."""

import pytest

from rrdns.takeover.plan import PROFILES, Timers

from .world import TICK_S, World

SEEDS = range(10)


def taken_after(timers: Timers, seed: int, *dead: int) -> tuple[int, float]:
    """Who has the address of hosts that die at once, in a world of three, and after how long."""
    world = World(2, seed, timers)
    for _ in world.run(timers.heard_s + timers.preempt_delay_s):
        pass
    assert world.holders == [0]
    died_at = world.now
    for rank in dead:
        world.crash(rank)
    now = next(now for now in world.run(30.0) if world.holders)
    return world.holders[0], now - died_at


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("dead", [(0,), (0, 1)])
def test_the_first_that_lives_has_it_and_as_soon_as_is_said(
    profile: str, dead: tuple[int, ...]
) -> None:
    timers = PROFILES[profile]
    for seed in SEEDS:
        holder, after_s = taken_after(timers, seed, *dead)
        assert holder == len(dead)
        assert after_s <= timers.taken_within_s(holder) + 4 * TICK_S
