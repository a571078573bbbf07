"""While this host is cut off nobody is judged; while it is not, the guard costs one round trip.

On virtual time: a link that is cut and mended, members and anchors behind it.
"""

import asyncio
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rrdns.health.check import IcmpCheck, Target
from rrdns.health.guard import GAP_S
from rrdns.health.monitor import Monitor
from rrdns.health.result import Result
from rrdns.health.vantage import ANSWERED, Vantage, View
from rrdns.health.verdict import Outcome, State

from .conftest import Run
from .network import ERROR, FAIL, PASS, Changes, now, target

GATEWAY = ip_address("10.0.0.254")
OTHER = ip_address("10.0.0.253")
VANTAGE = Vantage((GATEWAY,))
NOBODY = "not judged: no anchor answers (10.0.0.254)"


@dataclass
class Link:
    """What this host reaches others by. A packet is lost if the link is cut before its reply.

    `cuts` are from when to when, `dead_at` when a member dies, `rtt_s` how far each is.
    """

    cuts: list[tuple[float, float]] = field(default_factory=list)
    dead_at: dict[Target, float] = field(default_factory=dict)
    rtt_s: float = 0.002
    anchors_rtt_s: float = 0.001
    asked: list[float] = field(default_factory=list)
    mute: set[object] = field(default_factory=set)

    async def probe(self, target: Target) -> Result:
        start = now()
        is_anchor = target.check.name == "vantage"
        if is_anchor:
            self.asked.append(start)
        rtt_s = self.anchors_rtt_s if is_anchor else self.rtt_s
        end = start + rtt_s
        dead = end >= self.dead_at.get(target, end + 1) or target.address in self.mute
        if dead or any(cut <= end and start < mended for cut, mended in self.cuts):
            await asyncio.sleep(target.check.timeout_s)
            return Result(FAIL, "no answer", target.check.timeout_s)
        await asyncio.sleep(rtt_s)
        return Result(PASS, "here", rtt_s)

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Views:
    """An `on_vantage` that remembers."""

    seen: list[tuple[float, View | None]] = field(default_factory=list)

    def __call__(self, view: View | None) -> None:
        self.seen.append((now(), view))

    @property
    def cuts(self) -> list[bool | None]:
        return [view and view.cut_off for _, view in self.seen]


@settings(max_examples=200)
@given(
    cut_at=st.floats(5.0, 12.0),
    cut_for=st.floats(VANTAGE.interval_s + 0.001, 20.0),
    rtt_s=st.floats(0.001, 0.9),
    anchors_rtt_s=st.floats(0.0, 0.4),
    fast_s=st.floats(0.1, 2.0),
    timeout_s=st.floats(0.1, 3.0),
    fall=st.integers(1, 4),
)
def test_a_cut_longer_than_the_anchors_interval_costs_nobody_a_failure(
    run_virtual: Run,
    cut_at: float,
    cut_for: float,
    rtt_s: float,
    anchors_rtt_s: float,
    fast_s: float,
    timeout_s: float,
    fall: int,
) -> None:
    """Whenever it begins and ends, also while probes are in flight."""
    check = IcmpCheck(
        name="x", timeout_s=timeout_s, fast_interval_s=fast_s, fall=fall, interval_s=2.0
    )
    targets = [target(n, check) for n in range(7)]
    link = Link([(cut_at, cut_at + cut_for)], {}, min(rtt_s, timeout_s * 0.9), anchors_rtt_s)

    async def story() -> None:
        changes = Changes()
        monitor = Monitor(changes, probers=link)
        monitor.look_from(VANTAGE)
        monitor.watch(targets)
        await asyncio.sleep(cut_at + cut_for + 20.0)
        assert [after.state for *_, after in changes.seen] == [State.UP] * len(targets)
        recent = {seen.outcome for of in targets for seen in monitor.recent(of)}
        assert recent <= {PASS, ERROR}
        await monitor.aclose()

    run_virtual(story())


@settings(max_examples=150)
@given(
    dies_after=st.floats(5.0, 9.0),
    fall=st.integers(1, 4),
    timeout_s=st.floats(0.1, 3.0),
    anchors_rtt_s=st.floats(0.0, 0.4),
    cut_for=st.sampled_from([0.0, 7.0]),
)
def test_a_dead_member_is_down_as_soon_as_without_a_guard_and_a_round_trip(
    run_virtual: Run,
    dies_after: float,
    fall: int,
    timeout_s: float,
    anchors_rtt_s: float,
    cut_for: float,
) -> None:
    """If it dies while we are cut off, counted from when an anchor is heard again."""
    check = IcmpCheck(name="x", timeout_s=timeout_s, fall=fall)
    dying = target(1, check)
    cuts = [(4.0, dies_after + cut_for)] if cut_for else []
    link = Link(cuts, {dying: dies_after}, rtt_s=0.01, anchors_rtt_s=anchors_rtt_s)
    bound = check.interval_s + (fall - 1) * check.fast_interval_s + timeout_s
    round_trip = anchors_rtt_s + GAP_S
    thaw = (ANSWERED + 1) * (VANTAGE.interval_s + anchors_rtt_s) + check.interval_s

    async def story() -> None:
        changes = Changes()
        monitor = Monitor(changes, probers=link)
        monitor.look_from(VANTAGE)
        monitor.watch([dying])
        late = thaw if cut_for else 0.0
        await asyncio.sleep(dies_after + cut_for + late + bound + round_trip + 0.001)
        assert changes.states(dying)[-1] is State.DOWN
        if cut_for:
            assert changes.seen[-1][0] > cuts[0][1]
        await monitor.aclose()

    run_virtual(story())


def test_a_cut_and_its_end_are_told_once(run_virtual: Run) -> None:
    async def story() -> None:
        views = Views()
        link = Link([(10.0, 100.0)])
        monitor = Monitor(Changes(), probers=link, on_vantage=views, wall=lambda: 1000.0 + now())
        monitor.look_from(VANTAGE)
        monitor.watch([target(n) for n in range(20)])
        await asyncio.sleep(50.0)
        assert monitor.vantage is not None
        assert monitor.vantage.cut_off
        assert [monitor.recent(target(n))[-1].outcome for n in range(20)] == [ERROR] * 20
        last = monitor.health(target(0)).last
        assert last is not None
        assert last.reason == NOBODY
        await asyncio.sleep(150.0)
        assert views.cuts == [True, False]
        (cut_at, cut), (thawed_at, _) = views.seen
        assert cut is not None
        assert cut.since == 1000.0 + cut_at
        assert 10.0 <= cut_at <= 10.0 + VANTAGE.interval_s + 2 * VANTAGE.timeout_s
        assert 100.0 <= thawed_at <= 100.0 + ANSWERED * VANTAGE.interval_s + 0.01
        assert {monitor.recent(target(n))[-1].outcome for n in range(20)} == {PASS}
        await monitor.aclose()

    run_virtual(story())


def test_the_errors_of_a_cut_are_not_logged_for_each_member(
    run_virtual: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        monitor = Monitor(Changes(), probers=Link([(10.0, 100.0)]))
        monitor.look_from(VANTAGE)
        monitor.watch([target(n) for n in range(20)])
        await asyncio.sleep(50.0)
        await monitor.aclose()

    run_virtual(story())
    assert not caplog.records


def test_a_lost_packet_of_an_anchor_is_not_told(run_virtual: Run) -> None:
    async def story() -> None:
        views = Views()
        link = Link()
        monitor = Monitor(Changes(), probers=link, on_vantage=views)
        monitor.look_from(VANTAGE)
        await asyncio.sleep(10.0)
        link.cuts.append((now(), link.asked[-1] + VANTAGE.interval_s + 0.0001))
        await asyncio.sleep(10.0)
        assert not views.seen
        await monitor.aclose()

    run_virtual(story())


def test_those_who_wait_at_the_same_time_share_a_round(run_virtual: Run) -> None:
    async def story() -> None:
        targets = [target(n) for n in range(200)]
        link = Link(dead_at=dict.fromkeys(targets, 0.0))
        monitor = Monitor(Changes(), probers=link)
        monitor.look_from(VANTAGE)
        await monitor.first_round(targets)
        assert {monitor.health(of).verdict.state for of in targets} == {State.DOWN}
        assert len(link.asked) <= 5
        monitor.watch(targets)
        before = len(link.asked)
        await asyncio.sleep(10.0)
        assert len(link.asked) - before <= 10.0 / GAP_S + 1
        await monitor.aclose()

    run_virtual(story())


def test_one_anchor_of_several_is_enough(run_virtual: Run) -> None:
    async def story() -> None:
        views = Views()
        dead = target(1)
        link = Link(dead_at={dead: 5.0}, mute={GATEWAY})
        monitor = Monitor(Changes(), probers=link, on_vantage=views)
        monitor.look_from(Vantage((GATEWAY, OTHER)))
        monitor.watch([dead])
        await asyncio.sleep(20.0)
        assert not views.seen
        assert monitor.health(dead).verdict.state is State.DOWN
        assert monitor.vantage is not None
        outcomes = {a.address: a.last and a.last.outcome for a in monitor.vantage.anchors}
        assert outcomes == {GATEWAY: FAIL, OTHER: PASS}
        await monitor.aclose()

    run_virtual(story())


def test_other_anchors_take_force_and_a_cut_lasts_until_one_answers(run_virtual: Run) -> None:
    async def story() -> None:
        views = Views()
        link = Link(mute={GATEWAY})
        monitor = Monitor(Changes(), probers=link, on_vantage=views)
        monitor.look_from(VANTAGE)
        monitor.watch([target()])
        await asyncio.sleep(10.0)
        assert views.cuts == [True]
        monitor.look_from(Vantage((OTHER,)))
        assert monitor.vantage is not None
        assert monitor.vantage.cut_off
        await asyncio.sleep(2.0)
        assert views.cuts == [True, False]
        assert [anchor.address for anchor in monitor.vantage.anchors] == [OTHER]
        await monitor.aclose()

    run_virtual(story())


def test_without_anchors_nobody_is_asked_and_nothing_is_frozen(run_virtual: Run) -> None:
    async def story() -> None:
        views = Views()
        link = Link(mute={GATEWAY}, dead_at={target(): 5.0})
        monitor = Monitor(Changes(), probers=link, on_vantage=views)
        monitor.look_from(Vantage())
        assert monitor.vantage is None
        monitor.look_from(VANTAGE)
        monitor.watch([target()])
        await asyncio.sleep(20.0)
        assert monitor.health(target()).verdict.state is not State.DOWN
        monitor.look_from(Vantage())
        assert views.cuts == [True, None]
        asked = len(link.asked)
        await asyncio.sleep(20.0)
        assert monitor.health(target()).verdict.state is State.DOWN
        assert len(link.asked) == asked
        await monitor.aclose()

    run_virtual(story())


def test_the_same_anchors_are_no_change(run_virtual: Run) -> None:
    async def story() -> None:
        link = Link()
        monitor = Monitor(Changes(), probers=link)
        for _ in range(100):
            monitor.look_from(VANTAGE)
            await asyncio.sleep(0.1)
        assert len(link.asked) == pytest.approx(20, abs=1)
        await monitor.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(story())


def test_an_error_of_ours_does_not_wait_for_anchors(run_virtual: Run) -> None:
    class Forbidden(Link):
        async def probe(self, target: Target) -> Result:
            if target.check.name == "vantage":
                return await super().probe(target)
            return Result(Outcome.ERROR, "not permitted", 0.0)

    async def story() -> None:
        monitor = Monitor(Changes(), probers=Forbidden(anchors_rtt_s=0.4))
        monitor.look_from(VANTAGE)
        await monitor.first_round([target()])
        assert now() < 0.1
        last = monitor.health(target()).last
        assert last is not None
        assert last.reason == "not permitted"
        await monitor.aclose()

    run_virtual(story())
