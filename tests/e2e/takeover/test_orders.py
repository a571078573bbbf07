"""Operators' orders are obeyed without a lost reply, and what the commands say is so."""

import json
import time
from pathlib import Path

from harness.continuity import continuity
from harness.lab import inside, output
from harness.segment import DEVICE, VIP, Segment
from harness.takeover import LEASE_S, Scene, address_log, config_of, scene, stays

STATUS_PORT = 8056
PATIENCE_S = 2.5  # longer than who gives it away waits for another
MOVES_S = 1.0  # long enough for an address to move, if it were to


def test_hold_moves_it_and_enable_moves_it_back(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        ordered_at = time.monotonic()
        said = pair.b.order("hold")
        assert said == f"{VIP}: held here; holding: it was ordered\n"
        seen.await_steady(net.b, ordered_at)
        pair.await_holder("b")
        pair.a.await_state("wait", "an operator wants it at b")
        assert "ordered: hold" in pair.b.run("status").stdout

        enabled_at = time.monotonic()
        assert pair.b.order("enable").startswith(f"{VIP}: held here; holding: ")
        seen.await_steady(net.a, enabled_at)
        pair.await_rest()
        assert seen.lost(ordered_at) == 0


def test_what_is_held_by_order_is_taken_when_its_holder_dies(pair: Scene) -> None:
    net = pair.net
    pair.b.order("hold")
    net.b.unplug()
    pair.await_holder("a")
    net.b.plug()
    pair.await_holder("b")
    pair.b.obey("enable")
    pair.await_rest()


def test_release_has_another_take_it_and_enable_takes_it_back(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        ordered_at = time.monotonic()
        assert pair.a.order("release").startswith(f"{VIP}: not held here; ")
        seen.await_steady(net.b, ordered_at)
        pair.a.await_state("wait", "released by an operator")
        stays(lambda: net.holders() == ["b"], MOVES_S)
        assert seen.lost(ordered_at) == 0
        enabled_at = time.monotonic()
        pair.a.obey("enable")
        seen.await_steady(net.a, enabled_at)


def test_what_is_released_stays_here_as_long_as_nobody_else_takes_it(
    net: Segment, tmp_path: Path
) -> None:
    with scene(net, tmp_path) as pair, address_log(net.a, tmp_path) as a:
        pair.a.order("release")
        net.b.unplug()
        pair.await_holder("a")
        went = a.went()
        stays(lambda: a.went() == went, PATIENCE_S)
        net.b.plug()
        pair.await_holder("b")


def test_disable_hands_over_and_leaves_it_to_others(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    with continuity(net, tmp_path) as seen:
        seen.await_steady(net.a)
        ordered_at = time.monotonic()
        assert pair.a.order("disable").startswith(f"{VIP}: not held here; disabled")
        seen.await_steady(net.b, ordered_at)
        assert seen.lost(ordered_at) == 0
        net.b.unplug()
        pair.await_holder()
        stays(lambda: pair.a.is_in("disabled"), MOVES_S)
        net.b.plug()
        pair.await_holder("b")
        pair.a.obey("enable")
        pair.await_rest()


def test_a_disabled_candidate_claims_nothing(pair: Scene, tmp_path: Path) -> None:
    net = pair.net
    pair.b.order("disable")
    with address_log(net.b, tmp_path) as b:
        net.a.unplug()
        pair.a.await_state("isolated")
        stays(lambda: not b.came(), MOVES_S)
        assert pair.b.is_in("disabled")
    pair.b.obey("enable")
    pair.await_holder("b")


def test_an_order_outlives_a_restart(pair: Scene) -> None:
    pair.a.order("release")
    pair.await_holder("b")
    pair.a.stop()
    pair.a.start()
    pair.a.await_state("wait", "released by an operator")
    assert pair.net.holders() == ["b"]
    pair.a.obey("enable")
    pair.await_rest()


def test_status_tells_a_person_and_a_program(pair: Scene) -> None:
    told = pair.b.run("status")
    assert told.returncode == 0
    headline, blank, headings, line = told.stdout.splitlines()
    assert f"host b, {DEVICE}, up " in headline
    assert "other agents heard: a" in headline
    assert not blank
    assert headings.split() == ["VIP", "ROLE", "STATE", "SINCE", "REASON"]
    assert line.split()[:5] == [VIP, "candidate", "1", "of", "a"]
    assert "STANDBY" in line
    found = json.loads(pair.b.run("status", "--json").stdout)
    vip = found["vips"][VIP]
    assert (found["host"], vip["owner"], vip["state"], vip["holds"]) == ("b", "a", "standby", False)


def test_orders_that_can_not_be_followed_are_refused(pair: Scene) -> None:
    done = pair.a.run("hold", "10.0.0.9")
    assert done.returncode == 1
    assert done.stderr == (f"Error: 10.0.0.9 is no virtual address of this host; there are {VIP}\n")
    done = pair.a.run("hold", "marconi")
    assert done.returncode == 2
    assert "'marconi' is not an IP address" in done.stderr


def test_the_status_is_shown_to_others_and_takes_no_orders(net: Segment, tmp_path: Path) -> None:
    url = f"http://{net.a.address}:{STATUS_PORT}/"
    with scene(net, tmp_path, config_of(net, status_port=STATUS_PORT), ("a",)) as alone:
        curl = ["curl", "--silent", "--max-time", "10"]
        asked = inside(net.c.namespace, [*curl, "-H", "Accept: application/json", url])
        assert json.loads(output(asked))["vips"][VIP]["holds"]
        ordered = [*curl, "--request", "POST", f"{url}vips/{VIP}/disable"]
        said = output(inside(net.c.namespace, ordered)).decode()
        assert "orders come in by the unix socket only" in said
        assert alone.a.is_in("holding")


def test_clean_takes_away_what_was_left_and_only_while_no_agent_runs(
    net: Segment, tmp_path: Path
) -> None:
    with scene(net, tmp_path, config_of(net, timers={"lease": "1h"}), ("a",)) as alone:
        refused = alone.a.run("clean")
        assert refused.returncode == 1
        assert "another agent runs here" in refused.stderr
        assert net.holders() == ["a"]
        alone.a.crash()
        assert net.holders() == ["a"]
        assert alone.a.run("clean").stdout == f"{VIP}: taken off {DEVICE}\n"
        assert net.holders() == []
        assert alone.a.run("clean").stdout == "nothing was left\n"


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(net: Segment, tmp_path: Path) -> None:
    with scene(net, tmp_path, hosts=("a",)) as alone, address_log(net.b, tmp_path) as b:
        dry = alone.add("b", config_of(net))
        dry.start("--dry-run", "--verbose")
        dry.await_log(f"vip={VIP} STANDBY: its owner answers")
        net.a.unplug()
        dry.await_log(f"vip={VIP} would be put on this host for {LEASE_S:g} s at a time")
        net.a.plug()
        dry.await_log(f"vip={VIP} would be taken off this host")
        alone.await_holder("a")
        dry.stop()
        assert not b.came()
        assert not dry.control.exists()


def test_check_says_what_the_file_means_for_this_host(net: Segment, tmp_path: Path) -> None:
    made = Scene(net, tmp_path)
    agent = made.add("b", config_of(net))
    done = agent.run("check")
    assert done.returncode == 0
    fine, role = done.stdout.splitlines()
    assert fine == f"{agent.config}: fine; this host is b, on {DEVICE}"
    assert role.startswith(f"{VIP}: b is candidate 1 for a; takes it within ")
