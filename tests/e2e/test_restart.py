"""A restart goes on from what was known, if that is young and whole, and says what it did."""

import json
import os
from pathlib import Path

import pytest

from harness.asking import asking, lost
from harness.awaiting import until
from harness.process import await_ready
from harness.site import ADDRESSES, NAME, ONE, POOL, THREE, TWO, Site, site
from rrdns.config.settings import PlayerChoice


def restart(lab: Site) -> None:
    lab.server.kill()
    lab.server.start_again()
    await_ready(lab.server)


@pytest.mark.usefixtures("_unforked")
def test_after_a_kill_under_load_what_was_known_is_served_before_any_probe_has_ended(
    tmp_path: Path, player: PlayerChoice
) -> None:
    notes = tmp_path / "replies"
    with site(tmp_path, player=player) as lab:
        lab.mirrors.kill(TWO)
        lab.await_state("down", TWO)
        lab.await_saved("down", TWO)
        since = lab.member(TWO)["since"]
        with asking(lab.server, NAME, notes) as replies:
            until(lambda: len(replies()) > 50)
            lab.mirrors.hang()
            restart(lab)
            seen = len(replies())
            assert {m["address"]: m["restored"] for m in lab.pool()["members"]}[ONE]
            assert lab.member(TWO)["since"] == since
            assert lab.report()["state"]["restored_from"]
            until(lambda: len(replies()) > seen + 50)
            lab.mirrors.talks.set()
            until(lambda: not any(m["restored"] for m in lab.pool()["members"]))
        assert "starting from what was known" in lab.server.log
    assert {frozenset(reply.addresses) for reply in replies()} == {frozenset({ONE, THREE})}
    assert lost(notes) > 0  # while nobody was there


def test_old_verdicts_are_not_trusted_and_the_first_answer_waits_for_a_round(
    tmp_path: Path,
) -> None:
    with site(tmp_path, extra="state: {file: state.json, max_age: 1m}\n") as lab:
        lab.await_saved("up", TWO)
        assert lab.rrdns("drain", ONE).returncode == 0
        lab.server.kill()
        lab.mirrors.kill(TWO)
        saved = lab.saved()
        (tmp_path / "state.json").write_text(json.dumps(saved | {"saved_at": 1_767_225_600.0}))
        lab.server.start_again()
        await_ready(lab.server)
        assert lab.answer() == {THREE}  # an order does not grow old
        assert lab.report()["state"]["restored_from"] is None
        assert not any(m["restored"] for m in lab.pool()["members"])
        assert "starting from what was known" not in lab.server.log


def test_a_truncated_file_is_ignored_with_a_word_and_written_again(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        lab.await_saved("up", TWO)
        lab.server.kill()
        whole = (tmp_path / "state.json").read_text()
        (tmp_path / "state.json").write_text(whole[: len(whole) // 2])
        lab.server.start_again()
        await_ready(lab.server)
        assert lab.answer() == set(ADDRESSES)
        assert "state.json is ignored: the whole: Invalid JSON" in lab.server.log
        until(lambda: lab.report()["state"]["problem"] is None)
        assert "state.json is ignored" in lab.rrdns("status").stdout  # for as long as it runs
        assert {address for _, address, _ in lab.saved()["standings"]} == set(ADDRESSES)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_where_there_is_no_room_the_server_serves_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    script = f'mount -t tmpfs -o size=4k none {tmp_path}/full && exec "$@"'
    wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
    extra = "state: {file: full/state.json}\n"
    with site(tmp_path, extra=extra, wrapper=wrapper) as lab:
        until(lambda: lab.report()["state"]["saved_at"])
        drained = lab.rrdns("drain", ONE)  # what is written fits once, and not twice
        assert "a restart will not know of it: " in drained.stderr
        assert "state.json can not be written: No space left on device" in drained.stderr
        assert lab.answer() == {TWO, THREE}
        assert "No space left on device" in lab.rrdns("status").stdout
        assert lab.server.log.count("No space left on device") == 1


def test_a_stop_leaves_what_is_so_then(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        for _ in range(3):
            lab.ask()
        lab.server.stop()
        assert lab.saved()["cursors"] == [[POOL, 1, 3]]
        assert not (tmp_path / "control.sock").exists()
        lab.server.start_again()
        await_ready(lab.server)
        assert lab.answer() == set(ADDRESSES)


def test_who_goes_down_while_nobody_looks_is_safe_only_when_the_last_answers_are_old(
    tmp_path: Path,
) -> None:
    with site(tmp_path) as lab:
        lab.await_saved("up", TWO)
        lab.server.kill()
        lab.mirrors.kill(TWO)
        lab.server.start_again()
        await_ready(lab.server)
        lab.await_state("down", TWO)
        assert lab.member(TWO)["duty"]["safe_at"] > lab.report()["state"]["restored_from"]
        waited = lab.rrdns("drain", TWO, "--wait")
        assert waited.stdout.endswith("safe to be stopped\n")
