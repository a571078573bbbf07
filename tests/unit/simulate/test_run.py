"""A simulation does what the server does, at the times at which it would, the same each time."""

import logging
from ipaddress import ip_address

import pytest

from rrdns.errors import BadInputError
from rrdns.load import Loaded
from rrdns.simulate import LONGEST_S
from rrdns.simulate.run import AFTERWARDS_S, EPOCH, Simulated, usual_length_s
from rrdns.simulate.timeline import Kind
from rrdns.trace import read

from .conftest import CONFIG, MakeSite, played, texts

HOUR_S = 3600.0
WWW = "www.linux.example. A:"
ALL = "192.0.2.1 192.0.2.2 192.0.2.3"


def outage(simulated: Simulated) -> tuple[float, float | None]:
    """When the only outage began and ended."""
    [(_, incident)] = simulated.incidents
    return incident.down_at - EPOCH, incident.up_at and incident.up_at - EPOCH


def test_a_calm_hour_is_calm(site: Loaded) -> None:
    calm = played(site, "", HOUR_S)
    assert texts(calm, Kind.LOG) == []
    assert texts(calm, Kind.ANSWERS) == [
        f"{WWW} {ALL}, TTL 60",
        "www.linux.example. AAAA: 2001:db8::1, TTL 60",
    ]
    assert calm.addresses == 4
    assert calm.probes == pytest.approx(4 * HOUR_S / 2, abs=8), "one each two seconds"
    assert calm.probe_rate == pytest.approx(0.5, abs=0.01)
    assert (calm.drops, calm.false_drops, calm.incidents) == (0, 0, [])


def test_no_takeover_agent_is_asked(site: Loaded, make_site: MakeSite) -> None:
    asking = make_site(f'takeover: {{status: ["http://192.0.2.11:8056/"]}}\n{CONFIG}')
    assert asking.settings.takeover.status
    trace = "100 192.0.2.1 silent\n200 192.0.2.1 pass 12ms"
    assert played(asking, trace).timeline == played(site, trace).timeline


@pytest.mark.parametrize("silence", ["silent", "refuse", "fail 30ms 503", "pass 5s"])
def test_who_dies_leaves_within_the_budget_and_comes_back(site: Loaded, silence: str) -> None:
    simulated = played(site, f"100 192.0.2.1 {silence}\n200 192.0.2.1 pass 12ms", 300)
    down_s, up_s = outage(simulated)
    [pool] = site.pools
    assert 100 < down_s <= 100 + pool.failover_budget_s - pool.ttl_s
    assert up_s is not None
    assert 200 < up_s <= 200 + 2.0 + 0.5 + 0.012
    [(_, incident)] = simulated.incidents
    assert incident.measured_s is not None
    assert incident.measured_s <= incident.budget_s == pool.failover_budget_s
    assert texts(simulated, Kind.ANSWERS)[2:] == [
        f"{WWW} {ALL} -> 192.0.2.2 192.0.2.3, TTL 60",
        f"{WWW} 192.0.2.2 192.0.2.3 -> {ALL}, TTL 60",
    ]
    assert simulated.drops == 1


def test_a_drop_is_false_where_the_trace_has_the_member_passing(site: Loaded) -> None:
    lost = played(site, "0 192.0.2.1 loss 100%\n20 192.0.2.1 loss 0%", 40)
    slow = played(site, "10 192.0.2.1 pass 1s\n20 192.0.2.1 pass", 40)
    dead = played(site, "10 192.0.2.1 silent", 40)
    drilled = played(site, "10 192.0.2.1 order drill 20s", 40)
    told = [(each.drops, each.false_drops) for each in (lost, slow, dead, drilled)]
    assert told == [(1, 1), (1, 1), (1, 0), (1, 0)]
    assert texts(lost, Kind.FALSE_DROP) == ["192.0.2.1: the trace has it passing all the time"]


def test_an_error_of_ours_drops_nobody(site: Loaded) -> None:
    simulated = played(site, "10 * error no descriptors", HOUR_S)
    assert simulated.drops == 0
    assert "check alive of 192.0.2.1 can not be carried out: no descriptors" in texts(
        simulated, Kind.LOG
    )


def test_nobody_is_dropped_while_the_anchors_are_silent(make_site: MakeSite) -> None:
    site = make_site(CONFIG + "vantage: {anchors: [192.0.2.254]}\n")
    simulated = played(site, "50 * silent\n50 anchors silent\n90 * pass\n90 anchors pass", 120)
    said = texts(simulated, Kind.LOG)
    assert simulated.drops == 0
    assert said == [
        "cut off: no anchor answers (192.0.2.254: no answer within 0.5 s); verdicts are frozen",
        "an anchor answers again: 192.0.2.254: 1.0 ms",
    ]
    assert ip_address("192.0.2.254") in site.settings.vantage.anchors


def test_orders_are_carried_out_in_time_and_end_by_themselves(site: Loaded) -> None:
    simulated = played(site, "10 marconi order drain 20s reboot\n15 192.0.2.2 order maint", 60)
    said = [(entry.at_s, entry.text) for entry in simulated.timeline if entry.kind is Kind.LOG]
    where = "pool=www.linux.example. member="
    marconi = f"{where}192.0.2.1 (marconi)"
    assert said == [
        (10.0, f"{marconi} ordered drain until 2000-01-01 00:00:30Z: reboot"),
        (15.0, f"{where}192.0.2.2 (white box) ordered maint"),
        (pytest.approx(30.0), f"{marconi} the order has ended: ready"),
    ]
    assert texts(simulated, Kind.ANSWERS)[2:] == [
        f"{WWW} {ALL} -> 192.0.2.2 192.0.2.3, TTL 60",
        f"{WWW} 192.0.2.2 192.0.2.3 -> 192.0.2.3, TTL 60",
        f"{WWW} 192.0.2.3 -> 192.0.2.1 192.0.2.3, TTL 60",
    ]


def test_an_order_is_refused_as_the_server_refuses_it(site: Loaded) -> None:
    trace = "5 2001:db8::1 order drain\n6 2001:db8::1 order drill\n7 2001:db8::1 order drain force"
    simulated = played(site, trace)
    refused = texts(simulated, Kind.REFUSED)
    assert [text.partition(": 0 of the 1 ")[0] for text in refused] == [
        "pool=www.linux.example. member=2001:db8::1 drain",
        "pool=www.linux.example. member=2001:db8::1 drill",
    ]
    assert any(text.endswith("ordered drain") for text in texts(simulated, Kind.LOG))


def test_the_ladder_and_a_ttl_that_shrinks_are_shown(make_site: MakeSite) -> None:
    config = CONFIG.replace("    checks: [alive]", "    checks: [alive]\n    ttl_floor: 5s")
    simulated = played(make_site(config), "10 2001:db8::1 silent\n30 2001:db8::1 pass", 200)
    six = [text for text in texts(simulated, Kind.ANSWERS) if " AAAA: " in text]
    ttls = [text.rpartition(" ")[2] for text in six]
    assert ttls[:2] == ["60", "5"]
    assert ttls[-5:] == ["5", "10", "20", "40", "60"], "it grows back once all is well"
    assert any("no member is up; all" in text for text in texts(simulated, Kind.LOG))


def test_the_same_trace_makes_the_same_story(site: Loaded) -> None:
    trace = "0 * loss 30%\n20 192.0.2.2 silent\n40 * pass\n50 marconi order drill 5s"

    def story(seed: int) -> object:
        simulated = played(site, trace, 200, seed)
        return simulated.timeline, simulated.incidents, simulated.probes

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_the_log_of_the_process_is_as_it_was(site: Loaded) -> None:
    logger = logging.getLogger("rrdns")
    before = logger.level, list(logger.handlers)
    played(site, "1 * silent")
    with pytest.raises(BadInputError):
        played(site, "1 nobody silent")
    assert (logger.level, list(logger.handlers)) == before


def test_it_lasts_until_all_has_settled() -> None:
    def usual(trace: str) -> float:
        return usual_length_s(read(trace, "t"))

    assert usual("") == AFTERWARDS_S
    assert usual("90 a pass\n20 b silent") == 90 + AFTERWARDS_S
    assert usual("90 a pass\n80 b order drain 1m") == 140 + AFTERWARDS_S
    assert usual("10d a order drain 10d") == LONGEST_S


def test_it_may_end_before_the_first_round_does(site: Loaded) -> None:
    simulated = played(site, "0 * silent", 0.5)
    assert simulated.incidents == []
