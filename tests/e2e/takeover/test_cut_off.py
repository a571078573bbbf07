"""Whoever is cut off takes nothing, and lets go of what it holds before others hear it again."""

import re
import time
from pathlib import Path

import pytest

from harness.awaiting import until
from harness.continuity import continuity
from harness.lab import run
from harness.segment import DEVICE, VIP, Host, Segment
from harness.takeover import Scene, address_log, config_of, scene, stays

SECOND_VIP = "10.0.0.128"
LOSSY_S = 8.0
CLAIM_S = 2.0  # three times as long as from a host's death until it is taken over


def ip(namespace: str, words: str) -> None:
    run(["ip", "-n", namespace, *words.split()])


def connect_anew(host: Host) -> None:
    """Has the host an interface again, of the same name, where there was one."""
    ends = f"type veth peer name {DEVICE} netns {host.namespace}"
    ip(host.switch, f"link add name {host.port} {ends}")
    ip(host.switch, f"link set {host.port} master br0 up")
    ip(host.namespace, f"address add {host.address}/24 dev {DEVICE}")
    ip(host.namespace, f"link set {DEVICE} up")


@pytest.mark.parametrize("way", ["without carrier", "with carrier"])
def test_a_candidate_that_is_cut_off_claims_nothing(pair: Scene, tmp_path: Path, way: str) -> None:
    net = pair.net
    with address_log(net.b, tmp_path) as b, continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        cut_at = time.monotonic()
        if way == "with carrier":
            net.b.cut_off()
            pair.b.await_state("blocked", "0 of 1 witnesses answer")
        else:
            net.b.unplug()
            pair.b.await_state("blocked", "no carrier")
        stays(lambda: not b.came(), CLAIM_S)
        net.b.plug()
        net.b.rejoin()
        pair.b.await_state("standby", "its owner answers")
        assert not b.came()
        assert seen.lost(cut_at) == 0


def test_an_owner_that_is_cut_off_lets_go_before_the_network_heals(
    pair: Scene, tmp_path: Path
) -> None:
    """With a carrier it can only know by its witness, and by its peers' silence."""
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        cut_at = time.monotonic()
        net.a.cut_off()
        seen.await_steady(net.b, cut_at)
        pair.a.await_state("isolated", "neither a witness nor another agent is heard")
        pair.await_holder("b")
        healed_at = time.monotonic()
        net.a.rejoin()
        seen.await_steady(net.a, healed_at)
        pair.await_rest()
        assert seen.lost(healed_at) == 0


def test_an_interface_that_goes_down_and_up_has_the_address_again(
    pair: Scene, tmp_path: Path
) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        down_at = time.monotonic()
        net.a.shut()
        seen.await_steady(net.b, down_at)
        pair.a.await_state("isolated", "no carrier")
        pair.await_holder("b")
        up_at = time.monotonic()
        net.a.open()
        seen.await_steady(net.a, up_at)
        pair.await_rest()
        assert seen.lost(up_at) == 0


def test_an_interface_that_is_made_anew_is_as_good_as_the_old_one(
    net: Segment, tmp_path: Path
) -> None:
    with scene(net, tmp_path) as pair:
        for host, holder, state in ((net.b, "a", "blocked"), (net.a, "b", "isolated")):
            ip(host.namespace, f"link del {DEVICE}")
            pair.agents[host.name].await_state(state, "no carrier")
            pair.await_holder(holder)
            connect_anew(host)
            pair.await_rest()
        net.a.unplug()
        pair.await_holder("b")


def test_a_host_without_its_main_address_is_taken_over(net: Segment, tmp_path: Path) -> None:
    """It has a carrier, and nobody hears it."""
    with scene(net, tmp_path) as pair:
        ip(net.a.namespace, f"address del {net.a.address}/24 dev {DEVICE}")
        pair.await_holder("b")
        pair.a.await_state("isolated", "cut off")
        ip(net.a.namespace, f"address add {net.a.address}/24 dev {DEVICE}")
        pair.await_rest()


def test_a_link_that_flaps_for_a_second_settles(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        for _ in range(2):
            net.a.unplug()
            time.sleep(1.0)  # the fault itself
            net.a.plug()
            time.sleep(0.5)
        pair.await_rest()
        pair.await_holder("a")
        seen.await_steady(net.a, time.monotonic())


def test_a_flap_within_what_may_be_missed_is_not_noticed(net: Segment, tmp_path: Path) -> None:
    """The default profile: less than a second without a link is less than a death."""
    config = config_of(net)
    config |= {"profile": "default", "timers": {}}
    with (
        scene(net, tmp_path, config) as pair,
        address_log(net.b, tmp_path) as b,
        continuity(net, tmp_path) as seen,
    ):
        seen.await_steady(net.a)
        net.a.cut_off()
        time.sleep(0.7)  # the fault itself
        net.a.rejoin()
        seen.await_steady(net.a, time.monotonic())
        pair.await_rest()
        assert not b.came()
        assert not pair.b.vip()["takeovers"]


def test_of_two_that_hold_it_unheard_by_each_other_one_lets_go_once_they_hear(
    pair: Scene, tmp_path: Path
) -> None:
    """What no scheme of pings and ARP resolves: both see the witness, and the client both."""
    net = pair.net
    net.part(net.a, net.b)
    pair.await_holder("a", "b")
    assert [agent.vip()["state"] for agent in (pair.a, pair.b)] == ["holding", "holding"]
    with continuity(net, tmp_path) as seen:
        until(lambda: seen.replies.runs)
        healed_at = time.monotonic()
        net.join(net.a, net.b)
        seen.await_steady(net.a, healed_at)
        pair.await_holder("a")
        assert re.search(r"RELEASING: a (has it|says that it has it)", pair.b.log)
        assert seen.lost(healed_at) == 0


def test_a_network_that_loses_much_is_no_death(net: Segment, tmp_path: Path) -> None:
    """30 % of what the owner sends and is sent is lost; with the default profile nobody claims.

    A false claim is as likely in one second as in any other, and two candidates have twice as
    many chances as one.
    """
    vips = {
        VIP: {"owner": "a", "candidates": ["b", "d"]},
        SECOND_VIP: {"owner": "a", "candidates": ["d", "b"]},
    }
    config = config_of(net, vips) | {"profile": "default", "timers": {}}
    with (
        scene(net, tmp_path, config, ("a", "b", "d")) as three,
        address_log(net.b, tmp_path) as b,
        address_log(net.d, tmp_path) as d,
    ):
        net.a.lose(30)
        stays(lambda: not any(log.came(vip) for log in (b, d) for vip in vips), LOSSY_S)
        assert net.a.lost() > LOSSY_S
        net.a.lose(0)
        three.await_rest()
        assert net.holders() == ["a"]
