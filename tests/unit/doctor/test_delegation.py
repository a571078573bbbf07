"""What the parent says is held against the zone; who can not be asked is not failed."""

from collections.abc import Mapping
from ipaddress import ip_address

import pytest

from rrdns.doctor.examinations.delegation import examine, is_reserved
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Delegated, Local
from rrdns.health.check import Address
from rrdns.zone.name import Name, from_text

from .conftest import FakeHost, MakePatient, only, worst

LAB, NS1 = from_text("lab.rrdns.net"), from_text("ns1.lab.rrdns.net")
NS2 = from_text("ns2.elsewhere.net")
OURS = "198.51.100.53"


def addresses(*texts: str) -> frozenset[Address]:
    return frozenset(map(ip_address, texts))


def told(
    servers: Mapping[Name, frozenset[Address]],
    found: Mapping[Name, frozenset[Address] | None] | None = None,
    *,
    by_parent: bool = True,
) -> Mapping[Name, Delegated]:
    return {LAB: Delegated("the parent rrdns.net.", by_parent, servers, found or {})}


def test_what_nobody_answers_is_noted(make_patient: MakePatient) -> None:
    finding = only(examine(make_patient()), Level.NOTE)
    assert "nobody answers" in finding.what


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("www.linux.example", True),
        ("example.com", True),
        ("a.example.org", True),
        ("1.168.192.in-addr.arpa", True),
        (".", True),
        ("notexample", False),
        ("www.rrdns.net", False),
        ("8.8.in-addr.arpa", False),
    ],
)
def test_reserved_names_are_known(name: str, reserved: bool) -> None:
    assert is_reserved(from_text(name)) is reserved


def test_reserved_names_are_not_asked(make_patient: MakePatient, host: FakeHost) -> None:
    finding = only(examine(make_patient(apex="x.example")), Level.NOTE)
    assert "reserved" in finding.what
    assert host.asked == []


def test_a_delegation_that_agrees_is_well(make_patient: MakePatient, host: FakeHost) -> None:
    host.told = dict(told({NS1: addresses(OURS)}, {NS1: addresses(OURS)}))
    finding = only(examine(make_patient()), Level.OK)
    assert finding.what == (
        "lab.rrdns.net. is delegated to ns1.lab.rrdns.net., says the parent rrdns.net."
    )


def test_a_zone_that_is_not_delegated_is_a_warning(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.told = dict(told({}))
    finding = only(examine(make_patient()), Level.WARNING)
    assert "ns1.lab.rrdns.net." in finding.mend


def test_name_servers_that_one_side_lacks_are_warned_of(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.told = dict(told({NS2: frozenset()}, {NS2: addresses(OURS)}))
    first, second = examine(make_patient())
    assert "does not have ns1.lab.rrdns.net." in first.what
    assert "to ns2.elsewhere.net. too" in second.what
    assert first.level is second.level is Level.WARNING


def test_glue_that_leads_elsewhere_fails(make_patient: MakePatient, host: FakeHost) -> None:
    host.told = dict(told({NS1: addresses("192.0.2.99")}, {NS1: addresses(OURS)}))
    finding = worst(examine(make_patient()))
    assert finding.level is Level.FAILURE
    assert "at 192.0.2.99, the zone has it at 198.51.100.53" in finding.what


def test_missing_glue_fails_where_the_parent_itself_said_so(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.told = dict(told({NS1: frozenset()}, {NS1: None}))
    finding = worst(examine(make_patient()))
    assert finding.level is Level.FAILURE
    assert "no glue" in finding.what
    host.told = dict(told({NS1: frozenset()}, {NS1: addresses(OURS)}, by_parent=False))
    only(examine(make_patient()), Level.OK)


def test_a_name_server_without_an_address_fails(make_patient: MakePatient, host: FakeHost) -> None:
    host.told = dict(told({NS2: frozenset()}, {NS2: frozenset()}))
    assert "has no address" in worst(examine(make_patient())).what
    host.told = dict(told({NS2: frozenset()}, {NS2: None}))
    assert worst(examine(make_patient())).level is Level.WARNING


def test_a_delegation_to_other_hosts_alone_is_noted(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.addresses = []
    host.told = dict(told({NS1: addresses(OURS)}, {NS1: addresses(OURS)}))
    finding = worst(examine(make_patient()))
    assert finding.level is Level.NOTE
    assert "an address of this host" in finding.what


def test_a_name_server_of_this_host_has_to_be_listened_on(
    make_patient: MakePatient, host: FakeHost
) -> None:
    finding = worst(examine(make_patient('dns: {listen: ["127.0.0.1:53"]}')))
    assert finding.level is Level.WARNING
    assert f"ns1.lab.rrdns.net. at {OURS}" in finding.what
    host.addresses = [Local(ip_address("127.0.0.1"), "lo")]
    assert worst(examine(make_patient('dns: {listen: ["127.0.0.1:53"]}'))).level is Level.NOTE
