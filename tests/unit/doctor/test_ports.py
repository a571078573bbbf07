"""A port is free, or rrdns has it, or it is said who else has it and what to do."""

import errno
from dataclasses import replace
from ipaddress import ip_address

import pytest

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.doctor.examinations.ports import SILENCE_RESOLVED, collides, examine
from rrdns.doctor.finding import Level
from rrdns.doctor.seen import Held, Local, Process

from .conftest import OWN, FakeHost, MakePatient, worst

EVERYWHERE = 'dns: {listen: ["0.0.0.0:53"]}'
ONE = 'dns: {listen: ["198.51.100.53:53"]}'
RUNNING = {"report": {"version": "1", "ready": True}, "is_here": True}


def held(host: str, *by: Process, transport: Transport = Transport.UDP, uid: int = 0) -> Held:
    return Held(transport, ip_address(host), 53, uid, by)


RESOLVED = held("127.0.0.53", Process(512, "systemd-resolve"))
RRDNS = Process(77, "rrdns", ("/opt/bin/python", "/opt/bin/rrdns", "serve", "-c", "x"))


@pytest.mark.parametrize(
    ("theirs", "ours", "collide"),
    [
        ("127.0.0.53", "0.0.0.0", True),
        ("0.0.0.0", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("127.0.0.53", "192.0.2.1", False),
        ("127.0.0.53", "::", False),
        ("::", "::1", True),
    ],
)
def test_all_addresses_collide_with_each(theirs: str, ours: str, collide: bool) -> None:
    assert collides(held(theirs), Listen(ip_address(ours), 53)) is collide
    assert not collides(held(theirs), Listen(ip_address(ours), 5353))


def test_a_free_port_is_well(make_patient: MakePatient) -> None:
    found = list(examine(make_patient(EVERYWHERE)))
    assert {each.level for each in found} == {Level.OK}
    assert [each.what.split()[0] for each in found] == ["0.0.0.0:53", "127.0.0.1:8053"]


def test_resolved_is_recognised_with_both_cures(make_patient: MakePatient, host: FakeHost) -> None:
    host.sockets = [RESOLVED]
    finding = worst(examine(make_patient(EVERYWHERE)))
    assert finding.level is Level.FAILURE
    assert "systemd-resolve (pid 512) has UDP 127.0.0.53:53" in finding.what
    assert 'dns.listen: ["198.51.100.53:53"]' in finding.mend
    assert "DNSStubListener=no" in finding.mend


def test_resolved_is_recognised_by_its_address_alone(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("127.0.0.54", uid=101)]
    finding = worst(examine(make_patient(EVERYWHERE)))
    assert SILENCE_RESOLVED in finding.mend
    assert "user 101" in finding.what


def test_resolved_is_not_in_the_way_of_another_address(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [RESOLVED]
    assert worst(examine(make_patient(ONE))).level is Level.OK


def test_rrdns_itself_may_have_its_port(make_patient: MakePatient, host: FakeHost) -> None:
    host.sockets = [held("0.0.0.0", RRDNS), held("0.0.0.0", RRDNS, transport=Transport.TCP)]
    finding = next(examine(make_patient(EVERYWHERE)))
    assert finding.level is Level.OK
    assert "rrdns (pid 77)" in finding.what


def test_a_hidden_process_of_the_running_servers_user_is_the_server(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("0.0.0.0", uid=953)]
    serving = replace(OWN, who="the running server", uid=953)
    finding = next(examine(make_patient(EVERYWHERE, serving=serving, **RUNNING)))
    assert finding.level is Level.OK
    assert "the running server" in finding.what


def test_a_hidden_process_beside_a_running_server_is_not_failed(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("0.0.0.0", uid=5)]
    assert next(examine(make_patient(EVERYWHERE, **RUNNING))).level is Level.NOTE


def test_a_hidden_process_without_a_server_is_in_the_way(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("198.51.100.53", uid=5)]
    finding = next(examine(make_patient(ONE)))
    assert finding.level is Level.FAILURE
    assert "sudo rrdns doctor" in finding.mend


def test_a_cure_that_is_known_for_a_process_is_told(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("0.0.0.0", Process(9, "dnsmasq"))]
    assert "systemctl status 9" in next(examine(make_patient(EVERYWHERE))).mend


def test_an_unknown_process_is_to_be_ended_or_avoided(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("198.51.100.53", Process(9, "mydns"))]
    assert "another address or port" in next(examine(make_patient(ONE))).mend


def test_a_link_local_address_is_not_proposed(make_patient: MakePatient, host: FakeHost) -> None:
    host.addresses = [Local(ip_address("169.254.1.1"), "eth0")]
    host.sockets = [RESOLVED]
    assert "169.254.1.1" not in next(examine(make_patient(EVERYWHERE))).mend


def test_a_privileged_port_needs_the_capability(make_patient: MakePatient, host: FakeHost) -> None:
    serving = replace(OWN, who="rrdns.service", capabilities=frozenset())
    patient = make_patient(ONE, serving=serving)
    finding = next(examine(patient))
    assert finding.level is Level.FAILURE
    assert finding.what.startswith("rrdns.service may not have ports below 1024")
    host.settings["net.ipv4.ip_unprivileged_port_start"] = (53,)
    assert next(examine(patient)).level is Level.OK


def test_what_only_this_user_may_not_is_no_failure(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.bind_errors = {"198.51.100.53:53": errno.EACCES}
    assert next(examine(make_patient(ONE))).level is Level.OK


def test_a_socket_of_ipv6_may_have_the_port_of_ipv4(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.sockets = [held("::", Process(9, "mydns"))]
    assert next(examine(make_patient(EVERYWHERE))).level is Level.OK
    host.bind_errors = {"0.0.0.0:53": errno.EADDRINUSE}
    finding = next(examine(make_patient(EVERYWHERE)))
    assert finding.level is Level.FAILURE
    assert "mydns" in finding.what


def test_a_port_that_is_taken_by_nobody_in_sight_is_in_the_way(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.bind_errors = {"0.0.0.0:53": errno.EADDRINUSE}
    finding = next(examine(make_patient(EVERYWHERE)))
    assert finding.level is Level.FAILURE
    assert "a process that can not be seen" in finding.what


def test_any_free_port_is_always_there(make_patient: MakePatient) -> None:
    finding = next(examine(make_patient('dns: {listen: ["127.0.0.1:0"]}')))
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("command", "is_rrdns"),
    [
        ("/opt/rrdns/bin/python /opt/rrdns/bin/rrdns serve -c x", True),
        ("python3 -m rrdns serve", True),
        ("rrdns demo", True),
        ("less /etc/rrdns", False),
        ("rrdns", False),
        ("", False),
    ],
)
def test_rrdns_is_known_by_its_command_line(command: str, is_rrdns: bool) -> None:
    assert Process(1, "x", tuple(command.split())).is_rrdns is is_rrdns
