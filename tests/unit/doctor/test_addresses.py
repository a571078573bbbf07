"""Each address of dns.listen is on an interface, with its label; a wildcard says what answers."""

import json
from ipaddress import ip_address

import pytest

from rrdns.doctor.examinations.addresses import examine, named
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Local

from .conftest import FakeHost, MakePatient, only, worst


def listen(*addresses: str) -> str:
    return f"dns: {{listen: {json.dumps(addresses)}}}"


def test_an_address_is_named_with_its_label(make_patient: MakePatient, host: FakeHost) -> None:
    host.addresses = [Local(ip_address("198.51.100.53"), "eth0:marc")]
    finding = only(examine(make_patient(listen("198.51.100.53:53"))), Level.OK)
    assert finding.what == "198.51.100.53 is on eth0:marc"


def test_a_missing_address_is_failed_with_those_there_are(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.missing = {"192.0.2.7"}
    finding = only(examine(make_patient(listen("192.0.2.7:53"))), Level.FAILURE)
    assert "198.51.100.53 (eth0)" in finding.what
    assert "ip address add 192.0.2.7/32" in finding.mend


def test_an_interface_that_is_down_is_a_warning(make_patient: MakePatient, host: FakeHost) -> None:
    host.addresses = [Local(ip_address("192.0.2.7"), "eth1:1", is_up=False)]
    finding = only(examine(make_patient(listen("192.0.2.7:53"))), Level.WARNING)
    assert finding.mend == "`ip link set eth1 up`"


@pytest.mark.parametrize(
    ("address", "level"), [("127.0.0.11", Level.OK), ("192.0.2.7", Level.NOTE)]
)
def test_an_address_may_be_there_without_an_interface(
    make_patient: MakePatient, address: str, level: Level
) -> None:
    only(examine(make_patient(listen(f"{address}:53"))), level)


def test_a_wildcard_lists_what_answers(make_patient: MakePatient) -> None:
    finding = only(examine(make_patient(listen("0.0.0.0:53"))), Level.OK)
    assert finding.what == "0.0.0.0:53 answers on 127.0.0.1 (lo), 198.51.100.53 (eth0)"


def test_a_wildcard_that_nobody_reaches_is_noted(make_patient: MakePatient) -> None:
    only(examine(make_patient(listen("[::]:53"))), Level.NOTE)


def test_ipv6_that_is_not_there_is_failed(make_patient: MakePatient, host: FakeHost) -> None:
    host.addresses = [each for each in host.addresses if each.address.version == 4]
    finding = only(examine(make_patient(listen("[::]:53"))), Level.FAILURE)
    assert 'remove "[::]:53"' in finding.mend


def test_a_member_that_is_this_host_is_noted(make_patient: MakePatient, host: FakeHost) -> None:
    host.addresses.append(Local(ip_address("198.51.100.2"), "eth0:marc"))
    config = listen("127.0.0.1:53") + "\npools: {www.lab.rrdns.net: {}}"
    finding = worst(examine(make_patient(config)))
    assert finding.level is Level.NOTE
    assert "198.51.100.2 (eth0:marc)" in finding.what
    assert "198.51.100.1" not in finding.what


def test_many_addresses_are_not_all_named() -> None:
    many = [Local(ip_address(f"192.0.2.{last}"), "eth0") for last in range(1, 21)]
    assert named(many).endswith("192.0.2.12 (eth0) and 8 more")
