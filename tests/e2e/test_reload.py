"""A save is enough, a bad one does no harm, and no query notices either."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.message
import pytest

from harness.asking import asking, lost
from harness.awaiting import until
from harness.forked import ran
from harness.listening import listeners, silent
from harness.process import ServerProcess, serving, start
from harness.wire import UdpClient
from rrdns.config.settings import PlayerChoice

RELOADS = 400
RATE_PER_S = 300

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones:
  lab.example: lab.example.zone
  other.example: other.example.zone
checks:
  open: {type: tcp, port: MIRROR_PORT, interval: 300ms, timeout: 300ms, fast_interval: 100ms}
pools:
  www.lab.example: {checks: [open]}
"""

HEAD = "$TTL 60\n@ SOA ns1 hostmaster ( SERIAL 3600 900 604800 60 )\n@ NS ns1\nns1 A 127.0.0.1\n"
OLD, NEW = ("127.0.1.1", "127.0.1.2", "127.0.1.3"), ("127.0.2.1", "127.0.2.2", "127.0.2.3")
DEAD = "127.0.3.1"


def zone(addresses: tuple[str, ...], serial: int = 1) -> str:
    lines = "".join(f"www A {address}\n" for address in addresses)
    return HEAD.replace("SERIAL", str(serial)) + lines


@pytest.fixture
def server(tmp_path: Path, player: PlayerChoice) -> Iterator[ServerProcess]:
    with listeners(OLD + NEW) as port:
        files = {"lab.example.zone": zone(OLD), "other.example.zone": zone(OLD)}
        config = CONFIG.replace("MIRROR_PORT", str(port))
        with serving(tmp_path, config, files, player=player) as running:
            yield running


def ask(server: ServerProcess, name: str = "www.lab.example") -> set[str]:
    with UdpClient("127.0.0.1", server.dns_port) as client:
        reply = dns.message.from_wire(client.ask(dns.message.make_query(name, "A").to_wire()))
    return {record.address for rrset in reply.answer for record in rrset}


def report(server: ServerProcess) -> dict:
    return json.loads(server.get("/status"))


def save(server: ServerProcess, text: str, name: str = "lab.example.zone") -> None:
    """As an editor saves: a temporary file, then a rename."""
    temporary = server.folder / f".{name}.swp"
    temporary.write_text(text)
    temporary.rename(server.folder / name)


def rrdns(server: ServerProcess, command: str) -> "subprocess.CompletedProcess[str]":
    return ran([command, "-c", str(server.config)], 60.0)


def test_a_save_by_rename_is_enough(server: ServerProcess) -> None:
    save(server, zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))
    assert report(server)["zones"]["lab.example."]["serial"] == 2
    until(lambda: "www.lab.example. A: -127.0.1.1" in server.log)


def test_a_save_in_place_is_enough(server: ServerProcess) -> None:
    (server.folder / "lab.example.zone").write_text(zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))


def test_a_save_that_keeps_the_serial_is_served_with_a_warning(server: ServerProcess) -> None:
    save(server, zone(NEW, serial=1))
    until(lambda: ask(server) == set(NEW))
    until(lambda: "changed without a new serial" in server.log)


def test_a_file_that_is_still_being_written_is_not_served_in_half(server: ServerProcess) -> None:
    *first_lines, last_line = zone(NEW, serial=2).splitlines(keepends=True)
    answers = set()
    with (server.folder / "lab.example.zone").open("w", buffering=1) as file:
        for line in first_lines:
            file.write(line)
            answers.add(frozenset(ask(server)))
        file.write(last_line)
    until(lambda: ask(server) == set(NEW))
    assert answers == {frozenset(OLD)}


def test_a_saved_configuration_is_enough(server: ServerProcess) -> None:
    text = server.config.read_text().replace("{checks: [open]}", "{checks: [open], answers: 1}")
    save(server, text, "rrdns.yaml")
    until(lambda: len(ask(server)) == 1)


def test_a_broken_zone_leaves_the_old_one_serving_and_is_shown(server: ServerProcess) -> None:
    save(server, zone((*NEW, "192.168.0.300")))
    until(lambda: report(server)["zones"]["lab.example."]["problems"])
    [problem] = report(server)["zones"]["lab.example."]["problems"]
    assert re.search(r"lab\.example\.zone:8:7: '192\.168\.0\.300' is not an IPv4 address", problem)
    assert ask(server) == set(OLD)
    assert problem in server.log
    assert problem in rrdns(server, "status").stdout
    reload = rrdns(server, "reload")
    assert reload.returncode == 2
    assert problem in reload.stderr
    save(server, zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))
    assert report(server)["zones"]["lab.example."]["problems"] == []


def test_one_broken_zone_does_not_hold_up_the_others(server: ServerProcess) -> None:
    save(server, "nonsense\n")
    save(server, zone(NEW, serial=2), "other.example.zone")
    until(lambda: ask(server, "www.other.example") == set(NEW))
    assert ask(server) == set(OLD)


def test_a_broken_configuration_leaves_the_old_one_in_force(server: ServerProcess) -> None:
    good = server.config.read_text()
    save(server, good.replace("checks: [open]", "chekcs: [open]"), "rrdns.yaml")
    until(lambda: report(server)["reload"]["problems"])
    [problem] = report(server)["reload"]["problems"]
    assert "unknown key 'chekcs'; did you mean 'checks'?" in problem
    assert ask(server) == set(OLD)
    assert rrdns(server, "reload").returncode == 2
    save(server, good, "rrdns.yaml")
    until(lambda: not report(server)["reload"]["problems"])
    assert rrdns(server, "reload").returncode == 0


def test_a_zone_that_loses_its_pool_is_rejected(server: ServerProcess) -> None:
    save(server, HEAD.replace("SERIAL", "2"))
    until(lambda: report(server)["reload"]["problems"])
    assert ask(server) == set(OLD)


def test_sighup_reads_the_files_again(server: ServerProcess) -> None:
    before = report(server)["reload"]["accepted"]
    server.send(signal.SIGHUP)
    until(lambda: report(server)["reload"]["accepted"] == before + 1)


def test_a_new_member_is_probed_before_it_is_handed_out(server: ServerProcess) -> None:
    notes = server.folder / "replies"
    with asking(server, "www.lab.example", notes) as replies:
        save(server, zone((*OLD, DEAD), serial=2))
        until(lambda: report(server)["zones"]["lab.example."]["serial"] == 2)
        seen = len(replies())
        until(lambda: len(replies()) > seen + 20)
        answered = replies()
    assert {frozenset(reply.addresses) for reply in answered} == {frozenset(OLD)}


def test_members_that_are_gone_are_no_longer_probed(server: ServerProcess) -> None:
    save(server, zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))
    probes = probe_count(server)
    until(lambda: probe_count(server) >= probes + 30)
    members = report(server)["pools"]["www.lab.example."]["members"]
    assert [member["address"] for member in members] == list(NEW)


def probe_count(server: ServerProcess) -> float:
    metrics = server.get("/metrics").decode()
    return sum(map(float, re.findall(r"^rrdns_probes_total\{.*\} (\S+)$", metrics, re.M)))


@pytest.mark.timeout(300)
def test_no_query_is_lost_or_answered_wrongly_during_400_reloads(server: ServerProcess) -> None:
    notes = server.folder / "replies"
    sets = {0: OLD, 1: NEW}
    with asking(server, "www.lab.example", notes, rate=RATE_PER_S) as replies:
        until(replies)
        for number in range(RELOADS):
            save(server, zone(sets[number % 2], serial=number + 2))
            done = report(server)["reload"]["accepted"]
            server.send(signal.SIGHUP)
            until(lambda done=done: report(server)["reload"]["accepted"] > done)
        seen = len(replies())
        until(lambda: len(replies()) > seen + 10)
    answered = replies()
    assert lost(notes) == 0
    assert {reply.rcode for reply in answered} == {0}
    assert {frozenset(reply.addresses) for reply in answered} == {frozenset(OLD), frozenset(NEW)}
    print(f"{RELOADS} reloads, {len(answered)} queries answered")


def test_a_flood_of_sighups_is_a_few_reloads(server: ServerProcess) -> None:
    for _ in range(500):
        server.send(signal.SIGHUP)
    save(server, zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))
    until(lambda: rrdns(server, "reload").returncode == 0)
    assert report(server)["reload"]["accepted"] < 100


def test_an_edit_of_a_checks_rhythm_keeps_health(server: ServerProcess) -> None:
    since = member_since(server)
    text = server.config.read_text().replace("interval: 300ms", "interval: 400ms")
    save(server, text, "rrdns.yaml")
    until(lambda: report(server)["reload"]["accepted"] == 1)
    assert member_since(server) == since


def member_since(server: ServerProcess) -> list[str]:
    members = report(server)["pools"]["www.lab.example."]["members"]
    return [member["since"] for member in members]


def test_sighup_and_sigterm_are_heard_before_it_is_ready(tmp_path: Path) -> None:
    with silent(DEAD) as port:
        config = CONFIG.replace("MIRROR_PORT", str(port)).replace("timeout: 300ms", "timeout: 9s")
        files = {"lab.example.zone": zone((DEAD,)), "other.example.zone": zone(OLD)}
        server = start(tmp_path, config, files)
        try:
            until(lambda: server.has("/healthz"))
            server.send(signal.SIGHUP)
            assert server.has("/healthz")
            assert not server.is_ready()
            server.stop()
            assert "Traceback" not in server.log
        finally:
            server.kill()


def test_a_zone_file_that_is_a_link_to_itself_is_a_problem_that_can_be_mended(
    server: ServerProcess,
) -> None:
    link = server.folder / "link"
    link.symlink_to("lab.example.zone")
    link.rename(server.folder / "lab.example.zone")
    until(lambda: report(server)["zones"]["lab.example."]["problems"])
    assert ask(server) == set(OLD)
    save(server, zone(NEW, serial=2))
    until(lambda: ask(server) == set(NEW))


def test_an_included_link_that_comes_to_lead_elsewhere_is_enough(server: ServerProcess) -> None:
    for name, addresses in (("old.inc", OLD), ("new.inc", NEW)):
        (server.folder / name).write_text("".join(f"www A {address}\n" for address in addresses))
    (server.folder / "www.inc").symlink_to("old.inc")
    save(server, HEAD.replace("SERIAL", "2") + "$INCLUDE www.inc\n")
    until(lambda: report(server)["zones"]["lab.example."]["serial"] == 2)
    link = server.folder / "link"
    link.symlink_to("new.inc")
    link.rename(server.folder / "www.inc")
    until(lambda: ask(server) == set(NEW))
