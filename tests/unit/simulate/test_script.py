"""A script means those whom its words name, and the last thing that was said of them."""

from ipaddress import ip_address

import pytest

from rrdns.errors import BadInputError
from rrdns.health.check import Target
from rrdns.health.vantage import Vantage, anchor_target
from rrdns.health.verdict import Outcome
from rrdns.load import Loaded
from rrdns.simulate.script import Script
from rrdns.trace import SILENT, WELL, read

from .conftest import CONFIG, MakeSite

VANTAGE = Vantage((ip_address("192.0.2.254"), ip_address("2001:db8::fe")))
TWO_CHECKS = CONFIG.replace("  alive:", "  web: {type: tcp, port: 80}\n  alive:").replace(
    "[alive]", "[alive, web]"
)
NO_CHECK = "zones: {linux.example: linux.example.zone}\npools: {www.linux.example: {}}\n"


def script_of(site: Loaded, trace: str) -> Script:
    return Script(read(trace, "t"), site.pools, VANTAGE)


def targets_of(site: Loaded) -> dict[str, Target]:
    [pool] = site.pools
    return {f"{t.address}/{t.check.name}": t for t in pool.all_targets()}


def silent(site: Loaded, trace: str) -> set[str]:
    """Whose probes find silence after a second."""
    script = script_of(site, trace)
    return {name for name, t in targets_of(site).items() if script.finding(t, 1.0) is SILENT}


@pytest.mark.parametrize(
    ("whom", "meant"),
    [
        ("192.0.2.1", {"192.0.2.1/alive", "192.0.2.1/web"}),
        ("192.0.2.1/web", {"192.0.2.1/web"}),
        ("marconi/web", {"192.0.2.1/web"}),
        ("white%20box/alive", {"192.0.2.2/alive"}),
        ("2001:DB8:0::1/web", {"2001:db8::1/web"}),
        (
            "*/web",
            {f"{host}/web" for host in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1")},
        ),
        ("anchors", set()),
    ],
)
def test_a_word_means_those_whom_it_names(make_site: MakeSite, whom: str, meant: set[str]) -> None:
    assert silent(make_site(TWO_CHECKS), f"0 {whom} silent") == meant


def test_everybody_is_everybody_but_the_anchors(make_site: MakeSite) -> None:
    site = make_site(TWO_CHECKS)
    script = script_of(site, "0 * silent")
    assert silent(site, "0 * silent") == set(targets_of(site))
    assert script.finding(anchor_target(VANTAGE, VANTAGE.anchors[0]), 1.0) is WELL


def test_anchors_are_meant_together_or_one_by_one(site: Loaded) -> None:
    both, one = script_of(site, "0 anchors silent"), script_of(site, "0 2001:db8::fe silent")
    found = [
        [
            script.finding(anchor_target(VANTAGE, address), 1.0) is SILENT
            for address in VANTAGE.anchors
        ]
        for script in (both, one)
    ]
    assert found == [[True, True], [False, True]]


def test_who_is_not_named_passes(site: Loaded) -> None:
    script = script_of(site, "")
    assert {script.finding(t, 1e5) for t in targets_of(site).values()} == {WELL}
    assert {script.loss(t, 1e5) for t in targets_of(site).values()} == {0.0}


def test_the_last_thing_that_was_said_holds(site: Loaded) -> None:
    target = targets_of(site)["192.0.2.1/alive"]
    script = script_of(site, "5 marconi silent\n5 * pass\n7 * refuse\n9 marconi error\n6 * loss 5%")
    outcomes = [script.finding(target, at).outcome for at in (0, 4.9, 5, 6.9, 7, 8.9, 9, 1e5)]
    passes, fails, errors = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
    assert outcomes == [passes, passes, passes, passes, fails, fails, errors, errors]
    assert [script.loss(target, at) for at in (5.9, 6.0)] == [0.0, 0.05]


def test_a_member_is_well_while_nothing_else_is_said(site: Loaded) -> None:
    target = targets_of(site)["192.0.2.1/alive"]
    script = script_of(site, "5 * silent\n6 * pass 3s\n6 * loss 50%\n8 * error")
    well = [(0, 4.9), (6, 7.9)]
    not_well = [(0, 5), (0, 7), (5, 5.5), (5.5, 7), (7, 8), (9, 10)]
    assert all(script.is_well(target, *span) for span in well)
    assert not any(script.is_well(target, *span) for span in not_well)


def test_orders_are_given_in_each_pool_in_time(make_site: MakeSite) -> None:
    site = make_site(NO_CHECK)
    script = script_of(site, "9 192.0.2.1 order ready\n3 192.0.2.1 order drain 5s")
    given = [(o.at_s, o.command.order, str(o.member.address)) for o in script.orders]
    assert given == [(3.0, "drain", "192.0.2.1"), (9.0, "ready", "192.0.2.1")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "0 marcony silent",
            "t:1:3: 'marcony' is no member, nor a check of one; did you mean 'marconi'?",
        ),
        (
            "0 ??? silent",
            "t:1:3: '???' is no member, nor a check of one; write the address or the name of a"
            " member, perhaps /CHECK behind it, or * for all",
        ),
        (
            "0 marconi/alive order drain",
            "t:1:3: 'marconi/alive' can not be ordered anything; name a member, without a check",
        ),
        (
            "0 anchors order drain",
            "t:1:3: 'anchors' can not be ordered anything; name a member, without a check",
        ),
    ],
)
def test_who_is_not_there_is_said_with_the_place(site: Loaded, line: str, problem: str) -> None:
    with pytest.raises(BadInputError) as raised:
        script_of(site, line)
    assert list(map(str, raised.value.problems)) == [problem]


def test_anchors_that_are_not_configured_are_told_apart(site: Loaded) -> None:
    with pytest.raises(BadInputError) as raised:
        Script(read("0 anchors silent\n1 x pass", "t"), site.pools, Vantage())
    assert [problem.what for problem in raised.value.problems] == [
        "no anchors are configured",
        "'x' is no member, nor a check of one",
    ]
