"""Buffers and descriptors are measured against what the server asks for."""

from dataclasses import replace

from rrdns.doctor.examinations import buffers, descriptors
from rrdns.doctor.finding import Level
from rrdns.health.check import IcmpCheck
from rrdns.serve.sockets import BUFFER_OCTETS

from .conftest import OWN, FakeHost, MakePatient, worst

POOL = """
checks: {alive: {type: icmp}, web: {type: http}}
pools: {www.lab.rrdns.net: {checks: [alive, web]}}
dns: {tcp: {connections: 200}}
"""


def test_buffers_as_large_as_asked_for_are_well(make_patient: MakePatient) -> None:
    assert {each.level for each in buffers.examine(make_patient())} == {Level.OK}


def test_a_small_buffer_is_a_warning_with_the_line_that_mends_it(
    make_patient: MakePatient, host: FakeHost
) -> None:
    host.settings["net.core.rmem_max"] = (212992,)
    finding = worst(buffers.examine(make_patient()))
    assert finding.level is Level.WARNING
    assert "some 554 queries" in finding.what
    assert f"net.core.rmem_max = {BUFFER_OCTETS}" in finding.mend


def test_pings_share_their_descriptors(make_patient: MakePatient) -> None:
    assert descriptors.probes_of(make_patient(POOL).loaded) == 2


def test_a_tripwire_has_a_descriptor_beside_the_probes(make_patient: MakePatient) -> None:
    [pool] = (loaded := make_patient(POOL).loaded).pools
    checks = tuple(replace(c, tripwire=not isinstance(c, IcmpCheck)) for c in pool.checks)
    assert descriptors.probes_of(replace(loaded, pools=(replace(pool, checks=checks),))) == 4


def test_the_workers_written_have_descriptors_of_their_own(make_patient: MakePatient) -> None:
    settings = make_patient(POOL).loaded.settings
    few = replace(OWN, most_files=200 + 2 + descriptors.OTHERS + 63)
    patient = make_patient(POOL, serving=few)
    dns = replace(settings.dns, workers=32)
    loaded = replace(patient.loaded, settings=replace(settings, dns=dns))
    [finding] = descriptors.examine(replace(patient, loaded=loaded))
    assert finding.level is Level.FAILURE


def test_the_limit_of_descriptors_is_that_of_who_serves(make_patient: MakePatient) -> None:
    needed = 200 + 2 + descriptors.OTHERS
    enough = replace(OWN, who="rrdns.service", most_files=needed)
    [finding] = descriptors.examine(make_patient(POOL, serving=enough))
    assert finding.level is Level.OK
    few = replace(enough, most_files=needed - 1)
    [finding] = descriptors.examine(make_patient(POOL, serving=few))
    assert finding.level is Level.FAILURE
    assert f"LimitNOFILE={needed}" in finding.mend
