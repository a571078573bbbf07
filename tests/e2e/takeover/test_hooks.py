"""Commands of the operator are told what happens, one after the other, and some are asked first."""

import time
from pathlib import Path

from harness.awaiting import until
from harness.continuity import continuity
from harness.segment import DEVICE, VIP, Host, Segment
from harness.takeover import address_log, config_of, scene, stays

HANG = ["/bin/sleep", "600"]
VETO = "no license for a second host"
PROOFS_S = 1.0  # long enough for several proofs


def teller(file: Path) -> list[str]:
    """A hook that adds a line to `file` with all that it is told."""
    words = "EVENT VIP INTERFACE HOST OWNER ROLE STATE REASON"
    told = " ".join(f"$RRDNS_{word}" for word in words.split())
    return ["/bin/sh", "-c", f'echo "{told}" >> {file}']


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def beginnings(file: Path) -> list[str]:
    return [line.split()[0] for line in lines(file)]


def test_hooks_are_told_in_order_all_that_they_need(net: Segment, tmp_path: Path) -> None:
    file = tmp_path / "told"
    hooks = {name: teller(file) for name in ("pre_claim", "claimed", "released", "blocked")}
    with scene(net, tmp_path, config_of(net)) as pair:
        pair.b.stop()
        pair.b.configure(config_of(net, hooks=hooks))
        pair.b.start()
        pair.await_rest()
        assert not lines(file)
        net.a.unplug()
        pair.await_holder("b")
        net.a.plug()
        pair.await_holder("a")
        until(lambda: "released" in beginnings(file))
        assert beginnings(file) == ["pre_claim", "claimed", "released"]
        _, claimed, released = lines(file)
        common = f"{VIP} {DEVICE} b a candidate"
        assert claimed == f"claimed {common} holding its owner does not answer"
        assert released.startswith(f"released {common} standby a ")


def test_a_stop_is_told_too(net: Segment, tmp_path: Path) -> None:
    file = tmp_path / "told"
    with scene(net, tmp_path, config_of(net, hooks={"released": teller(file)})) as pair:
        pair.a.stop()
        pair.await_holder("b")
        (released,) = lines(file)
        assert released.startswith(f"released {VIP} {DEVICE} a a owner ")


def test_a_veto_holds_for_as_long_as_it_is_given(net: Segment, tmp_path: Path) -> None:
    admitted, file = tmp_path / "admitted", tmp_path / "told"
    veto = ["/bin/sh", "-c", f"test -e {admitted} || {{ echo {VETO}; exit 1; }}"]
    hooks = {"pre_claim": veto, "blocked": teller(file)}
    with (
        scene(net, tmp_path, config_of(net, hooks=hooks)) as pair,
        address_log(net.b, tmp_path) as b,
    ):
        net.a.unplug()
        pair.b.await_state("blocked", f"vetoed by pre_claim: {VETO}")
        stays(lambda: not b.came(), PROOFS_S)
        assert beginnings(file) == ["blocked"]
        admitted.touch()
        pair.await_holder("b")


def test_a_hook_that_hangs_is_a_veto_and_holds_up_nothing_else(
    net: Segment, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    hang = ["/bin/sh", "-c", f"echo $$ >> {asked}; exec sleep 600"]
    hooks = {"pre_claim": hang, "timeout": "300ms"}
    with scene(net, tmp_path, config_of(net, hooks=hooks)) as pair:
        net.a.unplug()
        pair.b.await_state("blocked", "vetoed by pre_claim: /bin/sh did not end within 0.3 s")
        assert net.holders() == []
        first, *_ = asked.read_text().split()
        until(lambda: not Path(f"/proc/{first}").exists())
        net.a.plug()
        pair.await_rest()


def test_a_hook_that_hangs_delays_no_address(net: Segment, tmp_path: Path) -> None:
    hooks = {"claimed": HANG, "released": HANG, "timeout": "1s"}
    with (
        scene(net, tmp_path, config_of(net, hooks=hooks)) as pair,
        continuity(net, tmp_path) as seen,
    ):
        net.a.unplug()
        seen.await_steady(net.b)
        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        assert seen.lost(returned_at) == 0
        pair.b.await_log("the hook claimed: /bin/sleep did not end within 1 s")
        pair.await_rest()


def test_an_owner_has_its_address_back_when_its_gate_opens(net: Segment, tmp_path: Path) -> None:
    in_sync = tmp_path / "in-sync"
    in_sync.touch()
    command = ["/bin/sh", "-c", f"test -e {in_sync} || {{ echo still copying; exit 1; }}"]
    ready = {"command": command}
    with (
        scene(net, tmp_path, config_of(net, ready=ready)) as pair,
        continuity(net, tmp_path) as seen,
    ):
        in_sync.unlink()
        net.a.unplug()
        seen.await_steady(net.b)
        returned_at = time.monotonic()
        net.a.plug()
        pair.a.await_state("wait", "the gate is shut: still copying")
        stays(lambda: net.holders() == ["b"], PROOFS_S)
        in_sync.touch()
        seen.await_steady(net.a, returned_at)
        pair.await_rest()
        assert seen.lost(returned_at) == 0


def fit(tmp_path: Path, host: Host) -> Path:
    """While this file is there, the host's local checks pass."""
    return tmp_path / f"fit-{host.name}"


def test_a_host_whose_checks_fail_hands_over_and_has_it_back_when_they_pass(
    net: Segment, tmp_path: Path
) -> None:
    def config(host: Host) -> dict[str, object]:
        argv = ["/bin/sh", "-c", f"test -e {fit(tmp_path, host)}"]
        web = {"type": "command", "argv": argv, "interval": "200ms", "timeout": "2s"}
        return config_of(net, checks={"web": web}, ready={"checks": ["web"]})

    for host in (net.a, net.b):
        fit(tmp_path, host).touch()
    with (
        scene(net, tmp_path, config_of(net), ()) as pair,
        continuity(net, tmp_path) as seen,
    ):
        for name in ("a", "b"):
            pair.add(name, config(net.hosts[name])).start()
        pair.await_rest()
        seen.await_steady(net.a)
        broke_at = time.monotonic()
        fit(tmp_path, net.a).unlink()
        seen.await_steady(net.b, broke_at)
        pair.a.await_state("local-fail", "local checks fail")
        pair.await_holder("b")
        assert pair.a.report()["unfit"].startswith("web: ")
        assert "NOT FIT: web: " in pair.a.run("status").stdout

        fit(tmp_path, net.a).touch()
        seen.await_steady(net.a, time.monotonic())
        pair.await_rest()
        assert seen.lost(broke_at) == 0


def test_a_candidate_whose_checks_fail_claims_nothing(net: Segment, tmp_path: Path) -> None:
    never = {"type": "command", "argv": ["/bin/false"], "interval": "200ms"}
    config = config_of(net, checks={"web": never}, ready={"checks": ["web"]})
    with scene(net, tmp_path) as pair, address_log(net.b, tmp_path) as b:
        pair.b.stop()
        pair.b.configure(config)
        pair.b.start()
        pair.b.await_state("standby")
        net.a.unplug()
        pair.b.await_state("blocked", "local checks fail")
        stays(lambda: not b.came(), PROOFS_S)
