"""What others bring to the monitor: what another process has found, and drills.

On virtual time, as in test_monitor.py.
"""

import asyncio
from typing import Any

import pytest

from rrdns.health.check import IcmpCheck
from rrdns.health.monitor import Monitor
from rrdns.health.result import Health, Result
from rrdns.health.verdict import State, Verdict

from .conftest import Run
from .network import FAIL, PASS, Changes, Network, now, script, target

UP, DOWN = State.UP, State.DOWN


def saved(state: State, **more: Any) -> Health:
    """What another process has left of a target."""
    return Health(Verdict(state), since=1.0, last=Result(FAIL, "as saved", 0.1), **more)


def test_what_was_restored_is_trusted_and_confirmed_behind(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda of, *_: (FAIL if of == target(2) else PASS, 0.4))
        monitor = Monitor(Changes(), probers=network)
        monitor.restore({target(1): saved(UP), target(2): saved(DOWN), target(3): saved(UP)})
        targets = [target(1), target(2)]
        await monitor.first_round(targets, trusted=True)
        assert now() == 0.0
        assert [monitor.health(of).verdict.state for of in targets] == [UP, DOWN]
        assert all(monitor.health(of).restored for of in targets)
        await monitor.confirmed()
        assert now() == pytest.approx(0.4, abs=0.1)
        assert not any(monitor.health(of).restored for of in targets)
        assert [len(starts) for starts in network.starts.values()] == [1, 1]
        monitor.watch([*targets, target(3)])
        assert monitor.health(target(3)).verdict.state is UP
        monitor.watch(targets)
        monitor.watch([*targets, target(3)])
        assert monitor.health(target(3)).verdict.state is State.UNKNOWN, "restored but once"
        await monitor.aclose()

    run_virtual(story())


def test_those_that_were_not_restored_are_waited_for(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda of, *_: (PASS, 0.1 if of == target(1) else 0.8))
        monitor = Monitor(Changes(), probers=network)
        monitor.restore({target(2): saved(UP), target(3): saved(State.UNKNOWN)})
        await monitor.first_round([target(1), target(2)], trusted=True)
        assert now() == pytest.approx(0.1, abs=0.05)
        assert monitor.health(target(2)).restored
        await monitor.first_round([target(3)], trusted=True)
        assert now() == pytest.approx(0.9, abs=0.05), "nothing was known of this one"
        await monitor.aclose()

    run_virtual(story())


def test_without_trust_what_was_restored_is_probed_like_any(run_virtual: Run) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(lambda *_: (PASS, 0.4)))
        monitor.restore({target(): saved(UP)})
        await monitor.first_round([target()])
        assert not monitor.health(target()).restored
        assert now() == pytest.approx(0.4, abs=0.1)
        await monitor.aclose()

    run_virtual(story())


def test_a_change_of_what_was_restored_takes_its_full_streak(run_virtual: Run) -> None:
    async def story() -> None:
        changes = Changes()
        monitor = Monitor(changes, probers=Network(script(FAIL)))
        renamed = target(check=IcmpCheck(name="ping", interval_s=3.0))
        monitor.restore({target(): saved(UP, last_pass=0.5)})
        await monitor.first_round([renamed], trusted=True)
        monitor.watch([renamed])
        await monitor.confirmed()
        assert monitor.health(renamed).verdict == Verdict(UP, 1)
        await asyncio.sleep(1.0)
        assert changes.states(renamed) == [UP, DOWN]
        assert monitor.health(renamed).last_pass == 0.5
        await monitor.aclose()

    run_virtual(story())


def test_a_monitor_that_closes_while_it_confirms_leaves_nothing(run_virtual: Run) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(lambda *_: (PASS, 1e6)))
        targets = [target(n) for n in range(200)]
        monitor.restore(dict.fromkeys(targets, saved(UP)))
        await monitor.first_round(targets, trusted=True)
        await asyncio.sleep(0)
        await monitor.aclose()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(story())


def test_a_drill_fails_unsent_and_ends_by_itself(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network()
        changes = Changes()
        monitor = Monitor(changes, probers=network, wall=lambda: 1_767_225_600.0 + now())
        monitor.watch([target(1), target(2)])
        await asyncio.sleep(10.0)
        monitor.drill([target(1)], 1_767_225_600.0 + 70.0)
        assert monitor.drilled(target(1)) == 1_767_225_670.0
        assert monitor.drilled(target(2)) is None
        sent = len(network.starts[target(1)])
        await asyncio.sleep(20.0)
        assert changes.states(target(1)) == [UP, UP, DOWN]
        last = monitor.health(target(1)).last
        assert last is not None
        assert (last.outcome, last.reason) == (FAIL, "fire drill until 00:01:10Z")
        await asyncio.sleep(39.9)
        assert len(network.starts[target(1)]) == sent
        await asyncio.sleep(10.0)
        assert changes.states(target(1))[-1] is UP
        assert monitor.drilled(target(1)) is None
        assert changes.states(target(2)) == [UP]
        await monitor.aclose()

    run_virtual(story())


def test_a_drill_outlives_an_edit_of_the_rhythm_and_can_be_called_off(run_virtual: Run) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(), wall=now)
        monitor.watch([target()])
        monitor.drill([target()], 1000.0)
        edited = target(check=IcmpCheck(name="ping", interval_s=1.0))
        monitor.watch([edited])
        assert monitor.drilled(edited) == 1000.0
        await asyncio.sleep(10.0)
        assert monitor.health(edited).verdict.state is DOWN
        monitor.drill([edited], 0.0)
        await asyncio.sleep(10.0)
        assert monitor.health(edited).verdict.state is UP
        await monitor.aclose()

    run_virtual(story())
