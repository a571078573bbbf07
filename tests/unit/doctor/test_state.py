"""State that can not be kept is a warning: the server answers all the same."""

from dataclasses import replace

import pytest

from rrdns.doctor.examinations import state
from rrdns.doctor.finding import Finding, Level

from .conftest import OWN, FakeHost, MakePatient

CONFIG = "state: {file: state.json}\ncontrol: {socket: control.sock}"
UNIT = replace(OWN, who="rrdns.service")


def levels(findings: list[Finding]) -> list[Level]:
    return [each.level for each in findings]


@pytest.mark.parametrize(
    ("writable", "level"), [(True, Level.OK), (False, Level.WARNING), (None, Level.WARNING)]
)
def test_what_serves_from_here_is_tried(
    make_patient: MakePatient, host: FakeHost, writable: bool | None, level: Level
) -> None:
    host.writable = writable
    assert levels(list(state.examine(make_patient(CONFIG)))) == [level, level]


def test_what_a_service_may_write_is_not_known(make_patient: MakePatient) -> None:
    found = list(state.examine(make_patient(CONFIG, serving=UNIT)))
    assert levels(found) == [Level.NOTE, Level.NOTE]


@pytest.mark.parametrize(("problem", "level"), [(None, Level.OK), ("disk full", Level.WARNING)])
def test_a_running_server_says_it_itself(
    make_patient: MakePatient, problem: str | None, level: Level
) -> None:
    report = {"state": {"problem": problem}}
    [found] = state.examine(make_patient(CONFIG, report=report, is_here=True))
    assert found.level is level
    assert (problem or "") in found.what


def test_that_nothing_is_kept_is_noted(
    make_patient: MakePatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = make_patient().loaded.settings.path / "nowhere"
    for default in ("DEFAULT_STATE_FILE", "DEFAULT_CONTROL_SOCKET"):
        monkeypatch.setattr(f"rrdns.config.settings.{default}", nowhere / "file")
    assert levels(list(state.examine(make_patient()))) == [Level.NOTE, Level.NOTE]
