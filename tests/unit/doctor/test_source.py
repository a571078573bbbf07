"""The running server is asked over each address, and each reply has to come from that one."""

from ipaddress import ip_address

from rrdns.doctor.examinations.source import MOST_ASKED, addresses_to_ask, examine
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Local

from .conftest import FakeHost, MakePatient, only, worst

EVERYWHERE = 'dns: {listen: ["0.0.0.0:5353", "127.0.0.1:7053"]}'
RUNNING = {"report": {"ready": True}, "is_here": True}


def test_without_a_server_it_is_said_how_it_will_be_done(make_patient: MakePatient) -> None:
    finding = only(examine(make_patient(EVERYWHERE)), Level.NOTE)
    assert "run the doctor again" in finding.mend
    only(examine(make_patient(EVERYWHERE, report={"ready": False}, is_here=True)), Level.NOTE)


def test_a_server_in_another_container_is_not_asked(make_patient: MakePatient) -> None:
    only(examine(make_patient(EVERYWHERE, report={"ready": True})), Level.NOTE)


def test_replies_from_where_was_asked_are_well(make_patient: MakePatient) -> None:
    finding = only(examine(make_patient(EVERYWHERE, **RUNNING)), Level.OK)
    assert "127.0.0.1:5353, 198.51.100.53:5353, 127.0.0.1:7053" in finding.what


def test_a_reply_from_elsewhere_fails(make_patient: MakePatient, host: FakeHost) -> None:
    host.replies = {"198.51.100.53:5353": "127.0.0.1"}
    finding = worst(examine(make_patient(EVERYWHERE, **RUNNING)))
    assert finding.level is Level.FAILURE
    assert "198.51.100.53:5353 was answered from 127.0.0.1" in finding.what


def test_silence_fails(make_patient: MakePatient, host: FakeHost) -> None:
    host.replies = {"127.0.0.1:7053": None}
    finding = worst(examine(make_patient(EVERYWHERE, **RUNNING)))
    assert finding.level is Level.FAILURE
    assert "127.0.0.1:7053 was not answered" in finding.what


def test_link_local_addresses_and_those_that_are_down_are_not_asked(
    make_patient: MakePatient,
) -> None:
    local = [
        Local(ip_address("fe80::1"), "eth0"),
        Local(ip_address("192.0.2.1"), "eth1", is_up=False),
        *(Local(ip_address(f"10.0.0.{last}"), "eth0") for last in range(1, 100)),
    ]
    dns = make_patient('dns: {listen: ["0.0.0.0:53", "[::]:53"]}').loaded.settings.dns
    asked = addresses_to_ask(dns, local)
    assert {str(each.host)[:5] for each in asked} == {"10.0."}
    assert len(asked) == MOST_ASKED
