"""Pings matter where a check sends them, and to the process that sends them."""

from dataclasses import replace

import pytest

from rrdns.doctor.examinations.ping import PING_GROUPS, examine, pinged
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Rights

from .conftest import OWN, ZONE, FakeHost, MakePatient, only, worst

PINGING = "checks: {alive: {type: icmp}}\npools: {www.lab.rrdns.net: {checks: [alive]}}"
UNIT = Rights("rrdns.service", frozenset(), 1000)


def test_without_a_check_of_that_type_nothing_is_needed(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.icmp = set()
    only(examine(make_patient()), Level.OK)


def test_what_serves_from_here_is_tried(make_patient: MakePatient, host: FakeHost) -> None:
    patient = make_patient(PINGING)
    only(examine(patient), Level.OK)
    host.icmp = {6}
    finding = only(examine(patient), Level.FAILURE)
    assert "IPv4" in finding.what
    assert "IPv6" not in finding.what
    assert "CAP_NET_RAW" in finding.mend


@pytest.mark.parametrize(
    ("serving", "ping_groups", "level"),
    [
        (replace(UNIT, capabilities=OWN.capabilities), (1, 0), Level.OK),
        (UNIT, (1, 0), Level.FAILURE),
        (UNIT, (0, 2147483647), Level.WARNING),
        (replace(UNIT, groups=frozenset({953})), (953, 953), Level.OK),
        (replace(UNIT, groups=frozenset({954})), (953, 953), Level.FAILURE),
    ],
    ids=["capability", "nobody may", "group unknown", "group admitted", "group not admitted"],
)
def test_what_serves_elsewise_is_judged_by_its_rights(
    make_patient: MakePatient,
    host: FakeHost,
    serving: Rights,
    ping_groups: tuple[int, int],
    level: Level,
) -> None:
    host.settings[PING_GROUPS] = ping_groups
    finding = only(examine(make_patient(PINGING, serving=serving)), level)
    assert "rrdns.service" in finding.what


def test_that_only_this_process_may_not_is_noted(make_patient: MakePatient, host: FakeHost) -> None:
    host.icmp = set()
    serving = replace(UNIT, capabilities=OWN.capabilities)
    assert worst(examine(make_patient(PINGING, serving=serving))).level is Level.NOTE


def test_both_versions_of_ip_are_pinged_if_members_have_both(make_patient: MakePatient) -> None:
    assert pinged(make_patient(PINGING).loaded) == {4}
    assert pinged(make_patient("vantage: {anchors: ['2001:db8::1']}").loaded) == {6}
    assert pinged(make_patient(PINGING, ZONE + "www AAAA 2001:db8::1").loaded) == {4, 6}
