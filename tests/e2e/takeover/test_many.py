"""Any number of addresses, of both families, in pairs that cover each other and in rings."""

import time
from contextlib import ExitStack
from pathlib import Path

from harness.awaiting import until
from harness.continuity import continuity
from harness.segment import VIP, VIP6, Segment
from harness.takeover import Config, config_of, scene

VIPS = ("10.0.0.127", "10.0.0.128", "10.0.0.129")


def over_ipv6(net: Segment) -> Config:
    """Hosts and witness by their IPv6 addresses."""
    config = config_of(net, {VIP6: {"owner": "a", "candidates": ["b"]}})
    hosts = {name: net.hosts[name].address6 for name in config["hosts"]}
    return config | {"hosts": hosts, "witnesses": [net.w.address6]}


def test_with_ipv6_alone_it_is_the_same(net: Segment, tmp_path: Path) -> None:
    with (
        scene(net, tmp_path, over_ipv6(net)) as pair,
        continuity(net, tmp_path, VIP6) as seen,
    ):
        seen.await_steady(net.a)
        died_at = time.monotonic()
        net.a.unplug()
        seen.await_steady(net.b, died_at)
        pair.await_holder("b", address=VIP6)
        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        pair.await_rest()
        pair.a.stop()
        seen.await_steady(net.b, time.monotonic())
        assert seen.lost(returned_at) == 0


def test_an_interface_that_was_down_has_its_ipv6_address_again(
    net: Segment, tmp_path: Path
) -> None:
    """With the interface all IPv6 addresses have gone, the main one too."""
    with scene(net, tmp_path, over_ipv6(net)) as pair:
        net.a.shut()
        pair.await_holder("b", address=VIP6)
        net.a.open()
        pair.await_rest()
        pair.await_holder("a", address=VIP6)


def test_both_families_of_a_host_move_together(net: Segment, tmp_path: Path) -> None:
    roles = {"owner": "a", "candidates": ["b"]}
    with (
        scene(net, tmp_path, config_of(net, {VIP: roles, VIP6: roles})) as pair,
        continuity(net, tmp_path, VIP) as four,
        continuity(net, tmp_path, VIP6) as six,
    ):
        died_at = time.monotonic()
        net.a.unplug()
        for seen in (four, six):
            seen.await_steady(net.b, died_at)
        returned_at = time.monotonic()
        net.a.plug()
        for seen in (four, six):
            seen.await_steady(net.a, returned_at)
        pair.await_rest()
        assert [four.lost(returned_at), six.lost(returned_at)] == [0, 0]


def test_of_two_that_cover_each_other_the_living_one_has_both(net: Segment, tmp_path: Path) -> None:
    one, two, _ = VIPS
    vips = {
        one: {"owner": "a", "candidates": ["b"]},
        two: {"owner": "b", "candidates": ["a"]},
    }
    with (
        scene(net, tmp_path, config_of(net, vips)) as pair,
        continuity(net, tmp_path, one) as first,
        continuity(net, tmp_path, two) as second,
    ):
        first.await_steady(net.a)
        second.await_steady(net.b)
        for dead, living in ((net.a, net.b), (net.b, net.a)):
            died_at = time.monotonic()
            dead.unplug()
            for seen in (first, second):
                seen.await_steady(living, died_at)
            kept = second if living is net.b else first
            assert kept.lost(died_at) == 0
            returned_at = time.monotonic()
            dead.plug()
            pair.await_rest()
            first.await_steady(net.a, returned_at)
            second.await_steady(net.b, returned_at)
            assert [first.lost(returned_at), second.lost(returned_at)] == [0, 0]


def test_in_a_ring_of_three_one_that_is_left_has_all(net: Segment, tmp_path: Path) -> None:
    ring = {"a": ["b", "d"], "b": ["d", "a"], "d": ["a", "b"]}
    vips = {
        vip: {"owner": owner, "candidates": candidates}
        for vip, (owner, candidates) in zip(VIPS, ring.items(), strict=True)
    }
    with scene(net, tmp_path, config_of(net, vips), tuple(ring)) as three, ExitStack() as clients:
        seen = {
            vip: clients.enter_context(continuity(net, tmp_path, vip, tuple(ring))) for vip in VIPS
        }

        def holders() -> list[list[str]]:
            return [net.holders(vip) for vip in VIPS]

        net.a.unplug()
        until(lambda: holders() == [["b"], ["b"], ["d"]])
        net.b.unplug()
        until(lambda: holders() == [["d"], ["d"], ["d"]])
        for each in seen.values():
            each.await_steady(net.d, time.monotonic())
        returned_at = time.monotonic()
        net.a.plug()
        net.b.plug()
        three.await_rest()
        assert holders() == [["a"], ["b"], ["d"]]
        for each, owner in zip(seen.values(), ring, strict=True):
            each.await_steady(net.hosts[owner], time.monotonic())
            assert each.lost(returned_at) == 0
