"""An agent that is stopped hands over; one that is killed or hangs leaves a lease that ends."""

import time
from pathlib import Path

from harness.continuity import continuity
from harness.segment import VIP, Segment
from harness.takeover import LEASE_S, Scene, address_log, config_of, scene, stays

SLACK_S = 2.0  # the kernel counts whole seconds, and looks now and then


def test_a_planned_stop_hands_over_without_a_lost_reply(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        stopped_at = time.monotonic()
        pair.a.stop()
        pair.await_holder("b")
        seen.await_steady(net.b, stopped_at)
        pair.b.await_state("holding", "its holder gives it away")

        pair.a.start()
        started_at = time.monotonic()
        seen.await_steady(net.a, started_at)
        pair.await_rest()
        assert seen.lost(stopped_at) == 0


def test_a_candidate_that_holds_hands_over_too(net: Segment, tmp_path: Path) -> None:
    config = config_of(net, {VIP: {"owner": "a", "candidates": ["b", "d"]}})
    with (
        scene(net, tmp_path, config, ("a", "b", "d")) as three,
        continuity(net, tmp_path, hosts=("a", "b", "d")) as seen,
    ):
        net.a.unplug()
        seen.await_steady(net.b)
        stopped_at = time.monotonic()
        three.b.stop()
        seen.await_steady(net.d, stopped_at)
        three.await_holder("d")
        assert seen.lost(stopped_at) == 0


def test_who_stops_alone_keeps_it_for_its_lease(pair: Scene) -> None:
    pair.b.stop()
    pair.a.stop()
    assert "kept for its lease" in pair.a.log
    pair.await_holder("a")
    pair.await_holder(longest_s=LEASE_S + SLACK_S)


def test_on_exit_lease_keeps_it_and_a_restart_adopts_it_unnoticed(
    net: Segment, tmp_path: Path
) -> None:
    config = config_of(net, timers={"lease": "6s"}, on_exit="lease")
    with scene(net, tmp_path, config) as pair, continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        with address_log(net.a, tmp_path) as a, address_log(net.b, tmp_path) as b:
            stopped_at = time.monotonic()
            pair.a.stop()
            assert net.holders() == ["a"]
            pair.a.start()
            pair.a.await_state("holding", "it was held before the start")
            pair.await_rest()
            restarted_at = time.monotonic()
            pair.a.until(lambda: a.came() >= 2)  # it renews the lease
            assert (a.went(), b.came()) == (0, 0)
        seen.await_steady(net.a, restarted_at)
        assert seen.lost(stopped_at) == 0


def test_a_candidate_that_was_killed_adopts_it_while_the_owner_is_dead(
    net: Segment, tmp_path: Path
) -> None:
    with (
        scene(net, tmp_path, config_of(net, timers={"lease": "8s"})) as pair,
        continuity(net, tmp_path) as seen,
    ):
        net.a.unplug()
        seen.await_steady(net.b)
        stopped_at = time.monotonic()
        pair.b.crash()
        with address_log(net.b, tmp_path) as b:
            pair.b.start()
            pair.b.await_state("holding", "it was held before the start")
            restarted_at = time.monotonic()
            pair.b.until(lambda: b.came() >= 2)  # it renews the lease
            assert not b.went()
        seen.await_steady(net.b, restarted_at)
        assert seen.lost(stopped_at) == 0
        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        pair.await_rest()


def test_of_an_owner_that_is_killed_the_address_is_gone_within_the_lease(
    pair: Scene, tmp_path: Path
) -> None:
    """Its host lives and answers pings: only that nobody has it any more tells the candidate."""
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        killed_at = time.monotonic()
        pair.a.crash()
        pair.a.until(lambda: not net.a.holds(), LEASE_S + SLACK_S)
        seen.await_steady(net.b, killed_at)
        pair.b.await_state("holding", "nobody has it")
        started_at = time.monotonic()
        pair.a.start()
        seen.await_steady(net.a, started_at)
        pair.await_rest()
        assert seen.lost(started_at) == 0


def test_of_a_candidate_that_is_killed_the_address_is_gone_within_the_lease(pair: Scene) -> None:
    pair.net.a.unplug()
    pair.await_holder("b")
    pair.b.crash()
    pair.await_holder(longest_s=LEASE_S + SLACK_S)


def test_a_holder_that_hangs_loses_it_and_notices(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        pair.a.freeze()
        pair.a.until(lambda: not net.a.holds(), LEASE_S + SLACK_S)
        seen.await_steady(net.b, time.monotonic())
        pair.await_holder("b")
        given_back = pair.b.log.count("RELEASING: a ")
        thawed_at = time.monotonic()
        pair.a.thaw()
        pair.a.await_log("this process did not run for")
        seen.await_steady(net.a, thawed_at)
        pair.await_rest()
        assert pair.b.log.count("RELEASING: a ") == given_back + 1
        assert seen.lost(thawed_at) == 0


def test_a_candidate_that_hangs_believes_nothing_that_it_missed(
    pair: Scene, tmp_path: Path
) -> None:
    """All its pings of that time have failed, and it has heard nobody hold the address."""
    net = pair.net
    pair.b.freeze()
    with address_log(net.b, tmp_path) as b:
        stays(lambda: net.holders() == ["a"], LEASE_S)
        pair.b.thaw()
        pair.b.await_log("this process did not run for")
        pair.b.await_state("standby", "its owner answers")
        stays(lambda: not b.came(), 1.0)  # several proofs
