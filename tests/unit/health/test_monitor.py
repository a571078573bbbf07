"""Every target is probed in its own time, and what is believed follows from its outcomes alone.

All on virtual time: a fake network answers, and the clock jumps.
"""

import asyncio
import itertools
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rrdns.health.check import IcmpCheck, Target
from rrdns.health.errorlog import LINES
from rrdns.health.monitor import Monitor
from rrdns.health.result import Health, Result
from rrdns.health.verdict import State, Verdict

from .conftest import Run
from .network import CHECK, ERROR, FAIL, PASS, Answer, Changes, Network, now, script, target

UP, DOWN = State.UP, State.DOWN


def test_the_first_round_gives_each_target_an_outcome_at_once(run_virtual: Run) -> None:
    async def story() -> None:
        slowly = {target(1): (PASS, 0.01), target(2): (FAIL, 1.0), target(3): (ERROR, 0.0)}
        network = Network(lambda target, *_: slowly[target])
        changes = Changes()
        monitor = Monitor(changes, probers=network)
        await monitor.first_round(slowly)
        assert now() == pytest.approx(1.0, abs=0.01), "as long as the slowest, not the sum"
        healths = [monitor.health(target) for target in slowly]
        assert [h.verdict.state for h in healths] == [State.UP, State.DOWN, State.UNKNOWN]
        assert all(h.last is not None and h.at >= h.since for h in healths)
        assert len(changes.seen) == 2, "an error changes nothing"
        await monitor.first_round([*slowly, target(4)][:3])
        assert [len(starts) for starts in network.starts.values()] == [1, 1, 1], "once is enough"

    run_virtual(story())


def test_the_first_round_ends_even_where_a_probe_does_not(run_virtual: Run) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(lambda *_: (PASS, 1e6)))
        await monitor.first_round([target()])
        assert now() < 2.0
        assert monitor.health(target()).last is None
        await monitor.aclose()

    run_virtual(story())


def test_what_the_first_round_found_is_kept_when_watching_begins(run_virtual: Run) -> None:
    async def story() -> None:
        changes = Changes()
        monitor = Monitor(changes, probers=Network())
        await monitor.first_round([target(1), target(2)])
        found = monitor.health(target(1))
        monitor.watch([target(1)])
        assert monitor.health(target(1)) == found
        with pytest.raises(KeyError):
            monitor.health(target(2))
        assert [known for known, _ in monitor.healths()] == [target(1)]
        await monitor.aclose()

    run_virtual(story())


def test_new_targets_start_spread_over_their_interval(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network()
        monitor = Monitor(Changes(), probers=network)
        monitor.watch([target(n) for n in range(100)])
        await asyncio.sleep(2.0)
        firsts = sorted(starts[0] for starts in network.starts.values())
        assert len(firsts) == 100
        gaps = [b - a for a, b in itertools.pairwise(firsts)]
        assert max(gaps) < 3 * 2.0 / 100, "no crowd and no hole"
        await monitor.aclose()

    run_virtual(story())


def test_a_healthy_target_is_probed_once_an_interval_for_ever(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda *_: (PASS, 0.3))
        monitor = Monitor(Changes(), probers=network)
        monitor.watch([target()])
        await asyncio.sleep(20_000.0)
        starts = network.starts[target()]
        assert len(starts) == 10_000
        assert starts[-1] - starts[0] == pytest.approx(9_999 * 2.0, abs=0.01), "no drift"
        await monitor.aclose()

    run_virtual(story())


def test_a_slow_target_delays_no_other(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda target, *_: (FAIL, 1.0) if target.address.packed[3] else (PASS, 0))
        monitor = Monitor(Changes(), probers=network)
        monitor.watch([target(n) for n in range(50)])
        await asyncio.sleep(100.0)
        assert len(network.starts[target(0)]) == 50
        await monitor.aclose()

    run_virtual(story())


def test_targets_that_stay_keep_verdict_and_rhythm(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network()
        monitor = Monitor(Changes(), probers=network)
        for n in range(100):
            monitor.watch([target(1), target(100 + n)])
            await asyncio.sleep(0.7)
        starts = network.starts[target(1)]
        gaps = [b - a for a, b in itertools.pairwise(starts)]
        assert gaps == pytest.approx([2.0] * 34)
        assert monitor.health(target(1)).verdict == Verdict(State.UP)
        await monitor.aclose()

    run_virtual(story())


def test_a_target_no_longer_watched_is_left_alone_at_once(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda *_: (FAIL, 1.0))
        changes = Changes()
        monitor = Monitor(changes, probers=network)
        monitor.watch([target()])
        await asyncio.sleep(CHECK.interval_s)
        assert network.in_flight[target()]
        monitor.watch([])
        await asyncio.sleep(0)
        assert not network.in_flight[target()], "the probe in flight is cancelled"
        await asyncio.sleep(60.0)
        assert len(network.starts[target()]) == 1
        assert not changes.seen, "and its outcome is not heard"
        assert not monitor.healths()

    run_virtual(story())


def test_a_target_that_comes_back_starts_from_nothing(run_virtual: Run) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network())
        await monitor.first_round([target()])
        monitor.watch([])
        monitor.watch([target()])
        assert monitor.health(target()).verdict == Verdict()
        await monitor.aclose()

    run_virtual(story())


def test_a_change_may_itself_change_what_is_watched(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(script(PASS, FAIL))

        def drop(_target: Target, _before: Health, after: Health) -> None:
            if after.verdict.state is State.DOWN:
                monitor.watch([])

        monitor = Monitor(drop, probers=network)
        monitor.watch([target()])
        await asyncio.sleep(60.0)
        assert len(network.starts[target()]) == 3
        await monitor.aclose()

    run_virtual(story())


def test_changes_are_told_in_order_and_suspicion_is_one(run_virtual: Run) -> None:
    async def story() -> None:
        changes = Changes()
        monitor = Monitor(changes, probers=Network(script(PASS, FAIL, ERROR, FAIL, PASS)))
        monitor.watch([target()])
        await asyncio.sleep(60.0)
        told = [(after.state, after.suspect) for _, _, _, after in changes.seen]
        assert told == [
            (State.UP, False),
            (State.UP, True),
            (State.DOWN, False),
            (State.DOWN, True),
            (State.UP, False),
        ]
        befores = [before for _, _, before, _ in changes.seen]
        assert befores == [Verdict(), *(after for _, _, _, after in changes.seen[:-1])]
        await monitor.aclose()

    run_virtual(story())


def test_outcomes_count_in_the_order_in_which_probes_started(run_virtual: Run) -> None:
    async def story() -> None:
        # The first of a pair is lost, the second answers long before that is known.
        network = Network(lambda _t, _s, count: (FAIL, 1.0) if count == 2 else (PASS, 0.001))
        changes = Changes()
        monitor = Monitor(changes, probers=network)
        monitor.watch([target()])
        await asyncio.sleep(60.0)
        assert changes.states(target()) == [State.UP], "a lost packet is not even a suspicion"
        assert monitor.health(target()).verdict == Verdict(State.UP)
        await monitor.aclose()

    run_virtual(story())


def test_errors_drop_nobody_and_do_not_change_the_rhythm(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(script(PASS, ERROR))
        changes = Changes()
        monitor = Monitor(changes, probers=network)
        monitor.watch([target()])
        await asyncio.sleep(200.0)
        assert changes.states(target()) == [State.UP]
        assert len(network.starts[target()]) == 100
        health = monitor.health(target())
        assert health.last is not None
        assert health.last.outcome is ERROR
        await monitor.aclose()

    run_virtual(story())


def test_an_error_is_logged_when_it_comes_not_at_each_probe(
    run_virtual: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(script(PASS, ERROR)))
        monitor.watch([target(1)])
        await asyncio.sleep(300.0)
        assert [record.getMessage() for record in caplog.records] == [
            "check alive of 192.0.2.1 can not be carried out: error after 0.001"
        ]
        monitor.watch([target(n) for n in range(200)])
        await asyncio.sleep(50.0)
        assert len(caplog.records) <= 1 + LINES
        await monitor.aclose()

    with caplog.at_level(logging.WARNING):
        run_virtual(story())


def test_an_exception_in_a_probe_is_an_error_and_the_probing_goes_on(
    run_virtual: Run, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(_target: Target, _start: float, count: int) -> Answer:
        if count <= 3:
            raise ZeroDivisionError("a bug")
        return PASS, 0.001

    async def story() -> None:
        monitor = Monitor(Changes(), probers=Network(answer))
        await monitor.first_round([target()])
        last = monitor.health(target()).last
        assert last is not None
        assert last.outcome is ERROR
        assert "ZeroDivisionError('a bug')" in last.reason
        monitor.watch([target()])
        await asyncio.sleep(20.0)
        assert monitor.health(target()).verdict == Verdict(State.UP)
        await monitor.aclose()

    run_virtual(story())
    assert len(caplog.records) == 1


def test_an_exception_in_who_is_told_does_not_end_the_probing(
    run_virtual: Run, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def story() -> None:
        network = Network(script(PASS, FAIL))
        monitor = Monitor(fail, fail, probers=network)
        monitor.watch([target()])
        await asyncio.sleep(20.0)
        assert monitor.health(target()).verdict == Verdict(State.DOWN)
        assert len(network.starts[target()]) > 5
        await monitor.aclose()

    run_virtual(story())
    assert caplog.records


def test_each_probe_is_told_for_the_metrics(run_virtual: Run) -> None:
    async def story() -> None:
        told: list[tuple[Target, Result]] = []
        network = Network()
        monitor = Monitor(Changes(), lambda *probe: told.append(probe), network)
        await monitor.first_round([target()])
        monitor.watch([target()])
        await asyncio.sleep(60.0)
        assert len(told) == len(network.starts[target()])
        assert all(of == target() and result.outcome is PASS for of, result in told)
        await monitor.aclose()

    run_virtual(story())


def test_closing_ends_every_probe_and_closes_the_probers(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda *_: (PASS, 1e6))
        monitor = Monitor(Changes(), probers=network)
        monitor.watch([target(n) for n in range(20)])
        await asyncio.sleep(10.0)
        await monitor.aclose()
        assert network.closed
        assert not +network.in_flight
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(story())


durations = st.floats(0.1, 8.0).map(lambda s: round(s, 2))


@settings(max_examples=150)
@given(
    interval=durations,
    timeout=durations,
    fast=durations,
    fall=st.integers(1, 5),
    latency_share=st.floats(0.0, 0.99),
    alive_for=st.floats(0.0, 40.0),
    refuses=st.booleans(),
)
def test_a_dead_member_is_down_within_the_bound_whether_it_refuses_or_is_silent(
    run_virtual: Run,
    interval: float,
    timeout: float,
    fast: float,
    fall: int,
    latency_share: float,
    alive_for: float,
    refuses: bool,
) -> None:
    check = IcmpCheck(
        name="x", interval_s=interval, timeout_s=timeout, fast_interval_s=fast, fall=fall
    )
    latency = timeout * latency_share
    death = interval + timeout + alive_for  # not before its first answer

    def answer(_target: Target, start: float, _count: int) -> Answer:
        if start + latency <= death:
            return PASS, latency
        return FAIL, (max(0.0, death - start) if refuses else timeout)

    async def story() -> None:
        network = Network(answer)
        changes = Changes()
        monitor = Monitor(changes, probers=network)
        monitor.watch([target(check=check)])
        bound = interval + (fall - 1) * min(fast, interval) + timeout
        await asyncio.sleep(death + bound + 0.001)
        assert changes.states(target(check=check))[-1] is State.DOWN
        assert min(at for at, *_, after in changes.seen if after.state is State.DOWN) >= death
        assert network.most_in_flight <= fall
        await monitor.aclose()

    run_virtual(story())


def test_an_edit_of_the_rhythm_keeps_what_was_found(run_virtual: Run) -> None:
    """Neither the first outcome after it decides, nor is anything forgotten."""

    async def story() -> None:
        before = target(check=IcmpCheck(name="alive", fall=3))
        after = target(check=IcmpCheck(name="ping", fall=3, interval_s=3.0))
        changes = Changes()
        network = Network(lambda asked, *_: (PASS if asked == before else FAIL, 0.001))
        monitor = Monitor(changes, probers=network)
        await monitor.first_round([before])
        monitor.watch([before])
        await monitor.first_round([after])
        monitor.watch([after])
        assert monitor.health(after).verdict.state is UP
        assert after not in network.starts
        await asyncio.sleep(10)
        assert changes.states(after) == [UP, DOWN]  # suspect first
        assert monitor.health(after).decided_by == 3
        await monitor.aclose()

    run_virtual(story())


def test_recent_probes_are_told_with_their_starts_oldest_first(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda _t, _s, count: (FAIL, 1.0) if count == 2 else (PASS, 0.25))
        monitor = Monitor(Changes(), probers=network, wall=now)
        monitor.watch([target()])
        assert monitor.recent(target()) == []
        await asyncio.sleep(10.0)
        recent = monitor.recent(target())
        starts = network.starts[target()][: len(recent)]
        assert [seen.at for seen in recent] == pytest.approx(starts, abs=0.002)
        assert [seen.outcome for seen in recent[:3]] == [PASS, FAIL, PASS]
        assert [seen.elapsed_s for seen in recent[:3]] == pytest.approx([0.25, 1.0, 0.25])
        monitor.watch([target(check=IcmpCheck(name="ping"))])
        assert monitor.recent(target(check=IcmpCheck(name="ping"))) == recent
        with pytest.raises(KeyError):
            monitor.recent(target())
        await monitor.aclose()

    run_virtual(story())


def test_lateness_is_counted_from_when_a_probe_was_due(run_virtual: Run) -> None:
    async def story() -> None:
        network = Network(lambda _t, _s, count: (FAIL, 5.0) if count % 9 == 0 else (PASS, 0.1))
        monitor = Monitor(Changes(), probers=network)
        await monitor.first_round([target()])
        assert sum(monitor.lateness.counts) == 0, "it was not due"
        monitor.watch([target()])
        await asyncio.sleep(300.0)
        assert sum(monitor.lateness.counts) == len(network.starts[target()]) - 1
        assert monitor.lateness.most_s == pytest.approx(0.0, abs=1e-6), "on virtual time"
        await monitor.aclose()

        late = Monitor(Changes(), probers=Network(), monotonic=lambda: now() + 0.3)
        late.watch([target()])
        await asyncio.sleep(10.0)
        assert late.lateness.most_s == pytest.approx(0.3)
        await late.aclose()

    run_virtual(story())


def test_a_member_that_flaps_for_ever_is_probed_for_ever(run_virtual: Run) -> None:
    """However many passes it needs, its probes neither stop nor pile up."""

    async def story() -> None:
        check = IcmpCheck(name="x", interval_s=1.0, fast_interval_s=0.1, timeout_s=3.0, rise=2)
        network = Network(lambda _t, start, _c: (PASS, 0.01) if start % 20 > 10 else (FAIL, 3.0))
        changes = Changes()
        monitor = Monitor(changes, probers=network, wall=now)
        monitor.watch([target(check=check)])
        await asyncio.sleep(2000.0)
        starts = network.starts[target(check=check)]
        assert max(b - a for a, b in itertools.pairwise(starts)) <= 4.0
        assert network.most_in_flight <= 2
        turns = changes.states(target(check=check))[-100:]
        assert set(turns) == {UP, DOWN}
        await monitor.aclose()

    run_virtual(story())
