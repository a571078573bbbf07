"""What operators order is so when the reply comes, and stays so until it ends; and nobody else
orders anything.
"""

import json
import stat
import subprocess
import time
from pathlib import Path

from harness.asking import asking, lost
from harness.awaiting import until
from harness.process import await_ready, start
from harness.site import ADDRESSES, CONFIG, NAME, ONE, POOL, THREE, TTL, TWO, ZONE, Site, site
from rrdns.config.settings import PlayerChoice

TOKEN = "0123456789abcdef0123456789abcdef"


def curl(*words: str) -> tuple[int, dict[str, str]]:
    """The status and the JSON of a POST."""
    command = ["curl", "--silent", "--max-time", "30", "-X", "POST", "-w", "\n%{http_code}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def by_unix(site: Site, path: str) -> tuple[int, dict[str, str]]:
    socket = str(site.server.folder / "control.sock")
    return curl("--unix-socket", socket, f"http://rrdns{path}")


def by_tcp(site: Site, path: str, *words: str) -> tuple[int, dict[str, str]]:
    return curl(*words, f"http://127.0.0.1:{site.server.status_port}{path}")


def test_a_word_without_a_meaning_is_the_fault_of_the_command_line(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        for words in (["drain", ONE, "--for", "soon"], ["explain", "www.linux.example", "BLAH"]):
            refused = lab.rrdns(*words)
            assert refused.returncode == 2
            assert words[-1] in refused.stderr
        assert lab.answer() == set(ADDRESSES)


def test_a_drained_member_is_in_no_answer_and_wait_returns_when_it_is_in_no_cache(
    tmp_path: Path, player: PlayerChoice
) -> None:
    notes = tmp_path / "replies"
    with site(tmp_path, player=player) as lab, asking(lab.server, NAME, notes) as replies:
        until(lambda: len(replies()) > 50)
        status, report = by_unix(lab, f"/pools/{POOL}/members/{TWO}/drain?reason=disk")
        ordered_at = time.monotonic()
        assert (status, report["duty"]["order"]) == (200, "drain")
        waited = lab.rrdns("drain", TWO, "--wait", "--reason", "disk")
        returned_at = time.monotonic()
        seen = len(replies())
        until(lambda: len(replies()) > seen + 50)
    assert waited.returncode == 0
    assert f"{POOL} {TWO}: safe to be stopped" in waited.stdout
    with_it = [reply.at for reply in replies() if TWO in reply.addresses]
    assert with_it
    assert max(with_it) < ordered_at
    assert returned_at - max(with_it) >= TTL
    assert {len(reply.addresses) for reply in replies() if reply.at > ordered_at} == {2}
    assert lost(notes) == 0


def test_an_order_that_would_leave_too_few_is_refused_unless_forced(tmp_path: Path) -> None:
    with site(tmp_path, ", min_up: 2") as lab:
        assert lab.rrdns("maint", ONE).returncode == 0
        refused = lab.rrdns("maint", TWO)
        assert refused.returncode == 1
        assert "1 of the 3 IPv4 members" in refused.stderr
        assert "min_up is 2" in refused.stderr
        assert lab.answer() == {TWO, THREE}
        drilled = lab.rrdns("drill", TWO)
        assert (drilled.returncode, "min_up is 2" in drilled.stderr) == (1, True)
        assert lab.rrdns("maint", TWO, "--force").returncode == 0
        assert lab.answer() == {THREE}
        assert lab.rrdns("ready", TWO, "--wait").stdout.endswith(": handed out\n")
        assert lab.answer() == {TWO, THREE}


def test_an_order_ends_by_itself(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        assert lab.rrdns("drain", ONE, "--for", "1s").returncode == 0
        until(lambda: lab.answer() == set(ADDRESSES))
        assert lab.member(ONE)["duty"]["order"] == "ready"
        assert f"member={ONE} the order has ended: ready" in lab.server.log


def test_a_wait_whose_order_ends_before_says_so(tmp_path: Path) -> None:
    with site(tmp_path, zone=ZONE.replace(f"$TTL {TTL}", "$TTL 600")) as lab:
        waited = lab.rrdns("drain", ONE, "--for", "1s", "--wait")
        assert waited.returncode == 1
        assert "the order is over: ready" in waited.stderr


def test_an_order_survives_a_kill_and_goes_with_its_member(tmp_path: Path) -> None:
    with site(tmp_path) as lab:
        assert lab.rrdns("drain", ONE, "--for", "2h", "--reason", "disk").returncode == 0
        duty = lab.member(ONE)["duty"]
        until(lambda: lab.member(ONE)["duty"]["safe"])  # from then on it stays as it is
        lab.server.kill()
        lab.server.start_again()  # its control socket is left over, and replaced
        await_ready(lab.server)
        assert lab.member(ONE)["duty"] == duty | {"safe": True}
        assert duty["reason"] == "disk"
        assert lab.answer() == {TWO, THREE}
        zone = lab.server.folder / "lab.example.zone"
        zone.write_text(ZONE.replace(f"www  A   {ONE}\n", ""))
        until(lambda: "is no member any more: the order drain has ended" in lab.server.log)
        assert lab.rrdns("ready", ONE).stderr == (
            f"Error: no pool has a member {ONE}; there are {TWO}, {THREE}\n"
        )
        zone.write_text(ZONE)
        until(lambda: lab.answer() == set(ADDRESSES))


def test_orders_come_in_by_the_unix_socket_or_with_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "token").chmod(0o604)
    extra = "control: {socket: control.sock, token_file: token}\n"
    path = f"/pools/{NAME}/members/{TWO}"
    with site(tmp_path, extra=extra) as lab:
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o660
        assert "token can be read by everybody: chmod o-r" in lab.server.log
        assert by_tcp(lab, f"{path}/drain")[0] == 401
        assert by_tcp(lab, f"{path}/drain", "-H", f"Authorization: Bearer {TOKEN[:-1]}")[0] == 401
        assert lab.answer() == set(ADDRESSES)
        status, _ = by_tcp(lab, f"{path}/drain", "-H", f"Authorization: Bearer {TOKEN}")
        assert (status, lab.answer()) == (200, {ONE, THREE})
        assert by_unix(lab, f"{path}/ready")[0] == 200
        assert lab.answer() == set(ADDRESSES)
        (tmp_path / "control.sock").unlink()  # so that the command goes by TCP
        assert lab.rrdns("drain", TWO).returncode == 0
        (tmp_path / "token").write_text("short")
        status, refused = by_tcp(lab, f"{path}/ready", "-H", "Authorization: Bearer short")
        assert (status, "no secret of 16" in refused["error"]) == (403, True)


def test_a_second_server_takes_neither_the_socket_nor_the_state_of_the_first(
    tmp_path: Path,
) -> None:
    with site(tmp_path) as lab:
        until((tmp_path / "state.json").exists)
        (tmp_path / "b").mkdir()
        config = CONFIG.format(port=lab.mirrors.port, more="")
        files = {"lab.example.zone": ZONE}
        taken = start(tmp_path / "b", f"{config}control: {{socket: ../control.sock}}", files)
        assert taken.process.wait(60) == 1
        assert "control.sock: Address already in use; another server listens there" in taken.log
        second = start(tmp_path / "b", f"{config}state: {{file: ../state.json}}", files)
        try:
            await_ready(second)
            until(lambda: "another server keeps its state there" in second.log)
            second.stop()
        finally:
            second.kill()
        assert lab.rrdns("drain", ONE).returncode == 0
        assert [order[1] for order in lab.saved()["orders"]] == [ONE]
