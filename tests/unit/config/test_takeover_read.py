"""A good takeover.yaml becomes a plan for this host, with the documented defaults."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from rrdns.config.takeover_read import read_plan
from rrdns.health.check import CommandCheck, HttpCheck
from rrdns.takeover.plan import PROFILES, Gate, Hooks, Host, OnExit, Plan, Timers, Vip

from .conftest import ReadPlan

EXAMPLE = """\
hosts:
  marconi: 192.0.2.1
  hertz: {address: 192.0.2.2, interface: eth1}
  popov: {address: "2001:db8::3", agent: false}
interface: eth0
witnesses: [192.0.2.254, "2001:db8::254"]
quorum: 2
profile: fast
timers: {interval: 500ms, fall: 4}
vips:
  192.0.2.127: {owner: marconi, candidates: [hertz], label: marc}
  "2001:db8::127": {owner: popov, candidates: [hertz, marconi]}
on_exit: lease
checks: {web: {type: http, port: 8080}}
ready: {checks: [web], command: [./in-sync, -q], timeout: 1m}
hooks: {pre_claim: [may-claim], claimed: [./claimed, 1], released: [/r], blocked: [b], timeout: 2s}
port: 9055
status_port: 9056
control: takeover.sock
"""
SMALLEST = """\
hosts: {marconi: 192.0.2.1, hertz: 192.0.2.2}
interface: eth0
witnesses: [192.0.2.254]
vips: {192.0.2.127: {owner: marconi, candidates: [hertz]}}
"""

MARCONI = Host("marconi", ip_address("192.0.2.1"), "eth0")
HERTZ = Host("hertz", ip_address("192.0.2.2"), "eth1")
POPOV = Host("popov", ip_address("2001:db8::3"), "eth0", agent=False)


def test_every_key(read_takeover: ReadPlan, tmp_path: Path) -> None:
    assert read_takeover(EXAMPLE) == Plan(
        path=Path("takeover.yaml"),
        here=MARCONI,
        hosts={"marconi": MARCONI, "hertz": HERTZ, "popov": POPOV},
        vips=(
            Vip(ip_address("192.0.2.127"), MARCONI, (HERTZ,), "eth0:marc"),
            Vip(ip_address("2001:db8::127"), POPOV, (HERTZ, MARCONI)),
        ),
        witnesses=(ip_address("192.0.2.254"), ip_address("2001:db8::254")),
        quorum=2,
        timers=replace(PROFILES["fast"], interval_s=0.5, fall=4, stagger_s=0.6),
        on_exit=OnExit.LEASE,
        hooks=Hooks(
            pre_claim=("may-claim",),
            claimed=(f"{tmp_path}/claimed", "1"),
            released=("/r",),
            blocked=("b",),
            timeout_s=2.0,
        ),
        gate=Gate((HttpCheck(name="web", port=8080),), (f"{tmp_path}/in-sync", "-q"), 60.0),
        port=9055,
        status_port=9056,
        control=tmp_path / "takeover.sock",
    )


def test_the_smallest_file_has_the_defaults_of_a_plan(read_takeover: ReadPlan) -> None:
    hertz = replace(HERTZ, interface="eth0")
    vip = Vip(ip_address("192.0.2.127"), MARCONI, (hertz,))
    assert read_takeover(SMALLEST) == Plan(
        path=Path("takeover.yaml"),
        here=MARCONI,
        hosts={"marconi": MARCONI, "hertz": hertz},
        vips=(vip,),
        witnesses=(ip_address("192.0.2.254"),),
    )


def test_sections_whose_keys_are_all_commented_out_have_the_defaults(
    read_takeover: ReadPlan,
) -> None:
    empty = "timers:\nchecks:\nready:\nhooks:\nhost:\n"
    assert read_takeover(SMALLEST + empty) == read_takeover(SMALLEST)


def test_one_file_serves_all_hosts(read_takeover: ReadPlan) -> None:
    for host in (MARCONI, HERTZ, POPOV):
        plan = read_takeover(EXAMPLE, at=str(host.address))
        assert plan.here == host
        assert plan.hosts == read_takeover(EXAMPLE).hosts


@pytest.mark.parametrize(
    ("line", "host", "expected"),
    [
        ("", None, "marconi"),
        ("host: hertz", None, "hertz"),
        ("", "hertz", "hertz"),
        ("host: marconi", "hertz", "hertz"),
    ],
    ids=["by its address", "by the file", "by name", "by name against the file"],
)
def test_which_host_this_is(
    read_takeover: ReadPlan, line: str, host: str | None, expected: str
) -> None:
    assert read_takeover(f"{SMALLEST}{line}\n", host=host).here.name == expected


def test_a_host_may_be_told_on_a_machine_that_has_no_hosts_address(
    read_takeover: ReadPlan,
) -> None:
    assert read_takeover(SMALLEST, at="192.0.2.77", host="hertz").here.name == "hertz"


@pytest.mark.parametrize("written", ["marc", "eth0:marc", "1"])
def test_a_label_is_the_alias_of_this_hosts_interface(
    read_takeover: ReadPlan, written: str
) -> None:
    plan = read_takeover(SMALLEST.replace("[hertz]", f"[hertz], label: {written}"))
    assert plan.vips[0].label == f"eth0:{written.rpartition(':')[2]}"


def test_each_host_puts_a_label_behind_its_own_interface(read_takeover: ReadPlan) -> None:
    labels = {
        host: read_takeover(EXAMPLE, host=host).vips[0].label
        for host in ("marconi", "hertz", "popov")
    }
    assert labels == {"marconi": "eth0:marc", "hertz": "eth1:marc", "popov": "eth0:marc"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_without_timers_is_as_it_stands(read_takeover: ReadPlan, profile: str) -> None:
    assert read_takeover(f"{SMALLEST}profile: {profile}\n").timers == PROFILES[profile]


def test_every_timer(read_takeover: ReadPlan) -> None:
    written = """\
timers: {interval: 2s, timeout: 3s, fast_interval: 1s, fall: 6, rise: 7, asks: 8, ask_gap: 50ms,
  stagger: 4s, lease: 1m, preempt_delay: 0s, hold_down: 4s, flap_window: 1h, most_takeovers: 9}
"""
    assert read_takeover(SMALLEST + written).timers == Timers(
        interval_s=2.0,
        timeout_s=3.0,
        fast_interval_s=1.0,
        fall=6,
        rise=7,
        asks=8,
        ask_gap_s=0.05,
        stagger_s=4.0,
        lease_s=60.0,
        preempt_delay_s=0.0,
        hold_down_s=4.0,
        flap_window_s=3600.0,
        most_takeovers=9,
    )


def test_a_shorter_interval_takes_the_fast_one_with_it(read_takeover: ReadPlan) -> None:
    timers = read_takeover(f"{SMALLEST}timers: {{interval: 100ms}}\n").timers
    assert timers == Timers(interval_s=0.1, fast_interval_s=0.1, stagger_s=0.6)


@pytest.mark.parametrize(
    ("written", "stagger_s"),
    [
        ("interval: 4s", 4.5),
        ("asks: 19, ask_gap: 200ms", 4.0),
        ("asks: 9, ask_gap: 100ms, stagger: 1s", 1.0),
    ],
    ids=["more than the interval", "as long as a proof", "just as long as both"],
)
def test_the_next_candidate_leaves_time_to_notice_and_to_prove(
    read_takeover: ReadPlan, written: str, stagger_s: float
) -> None:
    timers = read_takeover(f"{SMALLEST}timers: {{{written}}}\n").timers
    assert timers.stagger_s == pytest.approx(stagger_s)


def test_pairs_and_rings_and_other_subnets(read_takeover: ReadPlan) -> None:
    plan = read_takeover(
        """\
hosts: {a: 192.0.2.1, b: 192.0.2.2, c: 192.0.2.3}
interface: eth0
witnesses: [192.0.2.254]
vips:
  10.0.0.1: {owner: a, candidates: [b]}
  10.0.0.2: {owner: b, candidates: [c, a]}
  2001:db8::3: {owner: c, candidates: [a]}
"""
    )
    assert [[host.name for host in vip.hosts] for vip in plan.vips] == [
        ["a", "b"],
        ["b", "c", "a"],
        ["c", "a"],
    ]
    assert plan.ours == plan.vips
    assert plan.warnings == ()


def test_a_quorum_of_nobody_does_without_witnesses(read_takeover: ReadPlan) -> None:
    plan = read_takeover(SMALLEST.replace("witnesses: [192.0.2.254]", "quorum: 0"))
    assert (plan.witnesses, plan.quorum) == ((), 0)


def test_a_host_without_an_agent_needs_no_room_for_a_label(read_takeover: ReadPlan) -> None:
    plan = read_takeover(
        """\
hosts: {old: {address: 192.0.2.9, interface: enp0s31f6np0, agent: false}, marconi: 192.0.2.1}
interface: eth0
witnesses: [192.0.2.254]
vips: {192.0.2.127: {owner: old, candidates: [marconi], label: formerly}}
"""
    )
    assert plan.vips[0].label == "eth0:formerly"


def test_a_check_by_a_program_is_relative_to_the_file(
    read_takeover: ReadPlan, tmp_path: Path
) -> None:
    checks = "checks: {c: {type: command, argv: [./judge, 1]}}\nready: {checks: [c]}\n"
    plan = read_takeover(SMALLEST + checks)
    assert plan.gate.checks == (CommandCheck(name="c", argv=(f"{tmp_path}/judge", "1")),)


def test_what_is_hardly_meant_is_a_warning(read_takeover: ReadPlan) -> None:
    plan = read_takeover(
        """\
hosts: {marconi: 192.0.2.1, hertz: 192.0.2.2, popov: {address: 192.0.2.3, agent: false}}
interface: eth0
witnesses: [192.0.2.254]
vips: {192.0.2.127: {owner: marconi, candidates: [hertz]}}
checks: {web: {type: http}}
""",
        at="192.0.2.3",
    )
    assert [str(problem) for problem in plan.warnings] == [
        "takeover.yaml:1:47: warning: this host, 'popov', has 'agent: false';"
        " remove that, or run no agent on it",
        "takeover.yaml:1:47: warning: this host, 'popov', has no part in any of the 'vips';"
        " name it as owner or candidate, or run no agent on it",
        "takeover.yaml:5:10: warning: nothing uses the check 'web';"
        " name it in the 'checks' of 'ready', or remove it",
    ]


@pytest.mark.parametrize("host", ["marconi", "hertz"])
def test_the_shipped_file_is_read_without_a_warning(host: str) -> None:
    plan = read_plan(Path(__file__).parents[3] / "zones" / "takeover.yaml", [], host)
    assert plan.warnings == ()
    assert plan.ours == plan.vips
    assert plan.timers == Timers()
