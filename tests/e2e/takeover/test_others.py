"""What is not ours is left alone, and who is there though it looks dead is not taken over."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.continuity import continuity
from harness.lab import inside, output, run
from harness.segment import DEVICE, VIP, Host, Segment
from harness.takeover import LEASE_S, Scene, address_log, config_of, scene, stays

SECOND_VIP = "10.0.0.128"
PROOFS_S = 2.0  # long enough for several proofs, each of which could have been the wrong one
SOON_S = 10.0


def addresses(host: Host) -> list[dict[str, Any]]:
    """Those of its interface, as `ip address` shows them."""
    words = ["ip", "-json", "-n", host.namespace, "address", "show", "dev", DEVICE]
    (interface,) = json.loads(output(words))
    found: list[dict[str, Any]] = interface["addr_info"]
    return found


@contextmanager
def without_icmp(host: Host) -> Iterator[None]:
    """Meanwhile the host answers no ping, as many a firewall has it."""
    chain = "add chain ip quiet in { type filter hook input priority 0; }"
    rule = "add rule ip quiet in icmp type echo-request drop"
    run(inside(host.namespace, ["nft", f"add table ip quiet; {chain}; {rule}"]))
    try:
        yield
    finally:
        run(inside(host.namespace, ["nft", "delete table ip quiet"]))


def test_a_stranger_with_the_address_is_shown_and_the_owner_defends_it(
    pair: Scene, tmp_path: Path
) -> None:
    net = pair.net
    stranger = net.d.mac
    net.d.take(VIP)
    try:
        pair.a.until(lambda: pair.a.vip()["contested"] == stranger)
        assert f"CONTESTED by {stranger}" in pair.a.run("status").stdout
        pair.a.await_state("holding")
        net.c.forget_neighbours()
        with continuity(net, tmp_path, hosts=("a", "d")) as seen:
            seen.await_steady(net.a)  # it is announced anew, whoever has answered first
    finally:
        net.d.drop(VIP)
    pair.a.until(lambda: not pair.a.vip()["contested"])


def test_what_a_stranger_has_no_candidate_takes(pair: Scene) -> None:
    net = pair.net
    stranger = net.d.mac
    net.d.take(VIP)
    net.a.unplug()
    pair.b.await_state("blocked", f"{stranger} has the address")
    assert pair.b.vip()["contested"] == stranger
    stays(lambda: net.holders() == ["d"] and pair.b.is_in("blocked", stranger), PROOFS_S)
    net.d.drop(VIP)
    pair.await_holder("b", longest_s=SOON_S)


def test_a_candidate_gives_way_to_a_stranger(pair: Scene) -> None:
    """Two that answer are worse than one, whoever that is."""
    net = pair.net
    net.a.unplug()
    pair.await_holder("b")
    net.d.take(VIP)
    pair.await_holder("d")
    pair.b.await_state("blocked", "has the address")
    net.d.drop(VIP)
    pair.await_holder("b", longest_s=SOON_S)


def test_an_owner_without_an_agent_is_taken_over_and_given_its_address_back(
    net: Segment, tmp_path: Path
) -> None:
    config = config_of(net)
    config["hosts"]["a"] = {"address": net.a.address, "agent": False}
    net.a.take(VIP)
    with scene(net, tmp_path, config, ("b",)) as alone, continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        died_at = time.monotonic()
        net.a.unplug()
        seen.await_steady(net.b, died_at)
        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        alone.await_holder("a")
        alone.b.await_state("standby", "its owner answers")
        assert net.c.neighbour() == net.a.mac
        assert seen.lost(returned_at) == 0


def test_an_owner_without_an_agent_that_has_lost_the_address_is_not_waited_for(
    net: Segment, tmp_path: Path
) -> None:
    """It answers pings and yet nobody has the address: after its reboot, say."""
    config = config_of(net)
    config["hosts"]["a"] = {"address": net.a.address, "agent": False}
    net.a.take(VIP)
    with scene(net, tmp_path, config, ("b",)) as alone:
        net.a.drop(VIP)
        alone.await_holder("b")
        alone.b.await_state("holding", "nobody has it")
        net.a.take(VIP)
        alone.await_holder("a")


def test_an_owner_that_answers_no_ping_and_lives_keeps_it(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with address_log(net.b, tmp_path) as b, without_icmp(net.a):
        pair.b.await_state("blocked", "a has the address")
        stays(lambda: not b.came(), PROOFS_S)
        assert net.holders() == ["a"]


def test_an_owner_without_an_agent_that_answers_no_ping_keeps_it_too(
    net: Segment, tmp_path: Path
) -> None:
    config = config_of(net)
    config["hosts"]["a"] = {"address": net.a.address, "agent": False}
    net.a.take(VIP)
    with (
        scene(net, tmp_path, config, ("b",)) as alone,
        address_log(net.b, tmp_path) as b,
        without_icmp(net.a),
    ):
        alone.b.await_state("blocked", "a has the address")
        stays(lambda: not b.came(), PROOFS_S)


def test_an_address_that_somebody_deletes_is_there_again_soon(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with address_log(net.b, tmp_path) as b, continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        gone_at = time.monotonic()
        net.a.drop(VIP)
        pair.a.await_log("the address was taken off the interface")
        seen.await_steady(net.a, gone_at + 0.5)
        pair.await_rest()
        assert not b.came()


def test_an_address_that_was_there_before_is_left_alone(net: Segment, tmp_path: Path) -> None:
    net.b.take(VIP)
    made = Scene(net, tmp_path)
    agent = made.add("b", config_of(net))
    agent.start()
    with address_log(net.b, tmp_path) as b:
        agent.await_state("fault", "not by rrdns; it is left alone")
        assert net.holders() == ["b"]
        net.a.unplug()
        stays(lambda: agent.is_in("fault"), PROOFS_S)
        agent.stop()
        assert net.holders() == ["b"]
        assert agent.run("clean").stdout == "nothing was left\n"
        assert not b.went()


def test_what_is_put_there_by_hand_meanwhile_is_left_alone_too(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    net.b.take(VIP)
    try:
        pair.b.await_state("fault", "not by rrdns")
        pair.b.stop()
        assert net.b.holds(VIP)
    finally:
        net.b.drop(VIP)


def test_what_is_no_more_of_the_file_goes_at_the_next_start(net: Segment, tmp_path: Path) -> None:
    roles = {"owner": "a", "candidates": ["b"]}
    config = config_of(net, {VIP: roles, SECOND_VIP: roles}, {"lease": "10s"}, on_exit="lease")
    with scene(net, tmp_path, config, ("a",)) as alone:
        run(["ip", "-n", net.a.namespace, "address", "add", "10.0.0.130/32", "dev", DEVICE])
        assert net.holders(SECOND_VIP) == ["a"]
        alone.a.stop()
        alone.a.configure(config_of(net))
        with address_log(net.a, tmp_path) as a:
            alone.a.start()
            alone.await_holder(address=SECOND_VIP)
            alone.await_rest()
            assert not a.went(VIP)
        assert f"vip={SECOND_VIP} is left over on {DEVICE}" in alone.a.log
        assert net.holders("10.0.0.130") == ["a"]


def test_an_address_has_its_label_and_a_lease_and_nothing_is_left_of_it(
    net: Segment, tmp_path: Path
) -> None:
    vips = {VIP: {"owner": "a", "candidates": ["b"], "label": "marc"}}
    before = addresses(net.b)
    with scene(net, tmp_path, config_of(net, vips)) as pair:
        net.a.unplug()
        pair.await_holder("b")
        (found,) = [each for each in addresses(net.b) if each["local"] == VIP]
        assert (found["label"], found["prefixlen"]) == (f"{DEVICE}:marc", 32)
        assert 0 < found["valid_life_time"] <= LEASE_S
        net.a.plug()
        pair.await_rest()
        assert addresses(net.b) == before


def test_hosts_whose_files_differ_say_so_until_they_agree(net: Segment, tmp_path: Path) -> None:
    swapped = config_of(net, {VIP: {"owner": "b", "candidates": ["a"]}})
    differs = f"{VIP}: there it is the owner, and here it is candidate 1"
    with scene(net, tmp_path) as pair:
        pair.b.stop()
        pair.b.configure(swapped)
        pair.b.start()
        for agent, other in ((pair.a, "b"), (pair.b, "a")):
            agent.await_log(f"{other} has another takeover.yaml: {differs}")
            assert f"{other} HAS ANOTHER FILE: {differs}\n" in agent.run("status").stdout
        pair.b.stop()
        pair.b.configure(config_of(net))
        pair.b.start()
        pair.a.await_log("b has the same takeover.yaml again")
        pair.await_rest()
        assert "ANOTHER FILE" not in pair.a.run("status").stdout
