"""A drill goes through the real machinery and ends by itself; an outage is told with its cost."""

from pathlib import Path

from harness.awaiting import until
from harness.site import ADDRESSES, ONE, POOL, TTL, TWO, site

BUDGET_S = 0.1 + 0.1 + 5 + TTL


def test_a_drilled_member_goes_down_comes_back_and_leaves_a_marked_incident(
    tmp_path: Path,
) -> None:
    with site(tmp_path) as lab:
        drilled = lab.rrdns("drill", ONE, "--for", "2s")
        assert drilled.returncode == 0
        assert "fire drill until" in drilled.stdout
        lab.await_state("down", ONE)
        assert ONE not in lab.answer()
        [incident] = lab.incidents()
        assert (incident["pool"], incident["member"], incident["drill"]) == (POOL, ONE, True)
        assert incident["reason"].startswith("web: fire drill until")
        until(lambda: lab.answer() == set(ADDRESSES))
        assert lab.member(ONE)["drill_until"] is None
        [incident] = lab.incidents()
        assert incident["up_at"]
        assert 0 < incident["measured_s"] <= incident["budget_s"] == BUDGET_S
        assert "drill: web: fire drill" in lab.rrdns("incidents").stdout


def test_ready_ends_a_drill(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        lab.rrdns("drill", ONE, "--for", "1h")
        lab.await_state("down", ONE)
        assert lab.rrdns("ready", ONE, "--wait").returncode == 0
        assert lab.answer() == set(ADDRESSES)


def test_an_outage_is_an_incident_over_a_kill_and_one_in_maintenance_is_none(
    tmp_path: Path,
) -> None:
    with site(tmp_path) as lab:
        assert lab.rrdns("maint", TWO).returncode == 0
        lab.mirrors.kill(ONE, TWO)
        lab.await_state("down", ONE, TWO)
        lab.await_saved("down", ONE)
        [before] = lab.incidents()
        assert (before["member"], before["drill"], before["up_at"]) == (ONE, False, None)
        assert 0 < before["measured_s"] <= before["budget_s"] == BUDGET_S
        lab.server.kill()
        lab.server.start_again()
        until(lab.server.is_ready)
        assert lab.incidents() == [before]
        lab.mirrors.start(ONE)
        lab.await_state("up", ONE)
        [over] = lab.incidents()
        assert over == before | {"up_at": over["up_at"]}

        assert lab.rrdns("ready", TWO).returncode == 0  # and still down: now it is somebody's
        assert [incident["member"] for incident in lab.incidents()] == [TWO, ONE]
