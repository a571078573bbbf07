"""That no server runs is no failure; one that runs tells how it is."""

from typing import Any

import pytest

from rrdns import __version__
from rrdns.doctor.examinations import firewall, server
from rrdns.doctor.finding import Level

from .conftest import MakePatient, only, worst

PROBLEM = "lab.zone:1:1: nonsense; write sense"


def report(**other: Any) -> dict[str, Any]:
    reload = {"problems": other.pop("problems", [])}
    return {"version": __version__, "pid": 77, "ready": True, "reload": reload, **other}


def test_no_server_is_noted(make_patient: MakePatient) -> None:
    finding = only(server.examine(make_patient(silence="nobody answers; start it")), Level.NOTE)
    assert finding.what == "nobody answers; start it"


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ({}, Level.OK),
        ({"ready": False}, Level.NOTE),
        ({"version": "0.0.1"}, Level.WARNING),
        ({"problems": [PROBLEM]}, Level.WARNING),
    ],
    ids=["well", "not ready", "an old version", "a rejected file"],
)
def test_a_server_tells_how_it_is(
    make_patient: MakePatient, said: dict[str, Any], level: Level
) -> None:
    patient = make_patient(report=report(**said), is_here=True)
    assert worst(server.examine(patient)).level is level


def test_a_server_in_another_container_is_to_be_examined_there(make_patient: MakePatient) -> None:
    finding = worst(server.examine(make_patient(report=report())))
    assert "docker exec" in finding.mend


def test_it_is_said_that_a_firewall_can_not_be_seen(make_patient: MakePatient) -> None:
    config = 'dns: {listen: ["127.0.0.1:5353", "0.0.0.0:53"]}'
    finding = only(firewall.examine(make_patient(config)), Level.NOTE)
    assert "port 53" in finding.what
    assert "dig @ADDRESS -p 53 lab.rrdns.net. SOA" in finding.mend
    loopback = 'dns: {listen: ["127.0.0.1:5353"]}'
    only(firewall.examine(make_patient(loopback)), Level.OK)
