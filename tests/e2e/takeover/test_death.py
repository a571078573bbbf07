"""A host that dies is taken over by the first that can, and has its address back without a loss."""

import time
from pathlib import Path

from harness.continuity import continuity
from harness.segment import VIP, Segment
from harness.takeover import Scene, config_of, scene

TWO_CANDIDATES = {VIP: {"owner": "a", "candidates": ["b", "d"]}}
STALE_S = 20.0  # a client that nobody tells goes on to send to the dead host for longer


def test_a_dead_host_is_taken_over_and_nothing_is_lost_at_its_return(
    pair: Scene, tmp_path: Path
) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        died_at = time.monotonic()
        net.a.unplug()
        assert seen.outage(net.a, net.b, died_at) < STALE_S
        assert net.c.neighbour() == net.b.mac
        pair.b.await_state("holding", "its owner does not answer")
        pair.a.await_state("isolated", "no carrier")

        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        pair.b.await_state("standby", "its owner answers")
        pair.a.await_state("holding", "taken back")
        assert net.c.neighbour() == net.a.mac
        assert seen.lost(returned_at) == 0


def test_of_two_candidates_the_first_takes_it_and_the_second_when_that_is_dead_too(
    net: Segment, tmp_path: Path
) -> None:
    config, hosts = config_of(net, TWO_CANDIDATES), ("a", "b", "d")
    with (
        scene(net, tmp_path, config, hosts) as three,
        continuity(net, tmp_path, hosts=hosts) as seen,
    ):
        seen.await_steady(net.a)
        died_at = time.monotonic()
        net.a.unplug()
        seen.await_steady(net.b, died_at)
        three.await_holder("b")
        three.d.await_state("wait", "b has the address")
        assert "CLAIMING" not in three.d.log

        died_at = time.monotonic()
        net.b.unplug()
        seen.await_steady(net.d, died_at)
        three.await_holder("d")

        returned_at = time.monotonic()
        net.b.plug()
        # It moves no more than it has to: who has taken it keeps it until its owner is back.
        three.b.await_state("wait", "d has the address")
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        three.await_rest()
        three.await_holder("a")
        assert three.b.log.count("CLAIMING") == 1
        assert seen.lost(returned_at) == 0
