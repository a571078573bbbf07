"""`rrdns simulate` foretells what a server does, and has again what one has been through."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.awaiting import until
from harness.listening import listeners
from harness.process import ServerProcess, free_ports, serving

MIRRORS = ("127.0.9.1", "127.0.9.2", "127.0.9.3")
DYING = MIRRORS[0]
ZONE = """
$TTL 5
@    SOA  ns1 hostmaster ( 1 3600 900 604800 30 )
@    NS   ns1
ns1  A    127.0.0.1
www  A    127.0.9.1
www  A    127.0.9.2
www  A    127.0.9.3
"""
CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"], player: python}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
checks:
  open: {type: tcp, port: MIRROR_PORT, interval: 400ms, timeout: 400ms, fast_interval: 100ms}
pools:
  www.lab.example: {checks: [open]}
"""


def rrdns(*words: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rrdns", *words]
    return subprocess.run(command, input=said, capture_output=True, text=True, timeout=60)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A site that is not served."""
    (tmp_path / "lab.example.zone").write_text(ZONE)
    path = tmp_path / "rrdns.yaml"
    path.write_text(
        CONFIG.replace("$DNS_PORT", "1").replace("$STATUS_PORT", "1").replace("MIRROR_PORT", "80")
    )
    return str(path)


def test_an_hour_is_told_in_moments_and_each_time_the_same(config: str) -> None:
    trace = "# an outage\n600 127.0.9.1 silent\n1200 127.0.9.1 pass 3ms\n0 * loss 1%\n"
    words = ("simulate", "-c", config, "-", "--seconds", "3600")
    first, second = rrdns(*words, said=trace), rrdns(*words, said=trace)
    assert first.returncode == 0
    assert first.stdout == second.stdout
    assert "member=127.0.9.1 DOWN: open: no answer within 0.4 s (2 of 2)" in first.stdout
    assert "127.0.9.1 127.0.9.2 127.0.9.3 -> 127.0.9.2 127.0.9.3, TTL 5" in first.stdout
    assert "within the budget of 5.9 s" in first.stdout
    assert "virtual seconds a second" in first.stderr


def test_the_whole_story_is_json_too(config: str, tmp_path: Path) -> None:
    (tmp_path / "outage.trace").write_text("10 127.0.9.1 refuse\n30 127.0.9.1 pass\n")
    told = rrdns("simulate", "-c", config, str(tmp_path / "outage.trace"), "--json")
    story = json.loads(told.stdout)
    [incident] = story["incidents"]
    assert incident["member"] == "127.0.9.1"
    assert 0 < incident["measured_s"] <= incident["budget_s"]
    assert story["seconds"] == 90
    assert story["false_drops"] == 0


@pytest.mark.parametrize(
    ("words", "said", "problem"),
    [
        (("-",), "0 127.0.9.1 pass\n1 127.0.9.1 sulk\n", "-:2:13: 'sulk' is nothing that a trace"),
        (("-",), "0 10.0.0.1 pass\n", "-:1:3: '10.0.0.1' is no member, nor a check of one"),
        (("no/such",), "", "no/such: the file can not be read: No such file or directory"),
        (("-", "--seconds", "0"), "", "Invalid value for '--seconds'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_simulated(
    config: str, words: tuple[str, ...], said: str, problem: str
) -> None:
    ended = rrdns("simulate", "-c", config, *words, said=said)
    assert ended.returncode == 2
    assert problem in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_an_outage_that_a_server_has_been_through_can_be_had_again(tmp_path: Path) -> None:
    [port] = free_ports(1)
    config = CONFIG.replace("MIRROR_PORT", str(port))
    with (
        serving(tmp_path, config, {"lab.example.zone": ZONE}) as server,
        listeners(MIRRORS[1:], port),
    ):
        with listeners(MIRRORS[:1], port):
            until(lambda: states(server) == dict.fromkeys(MIRRORS, "up"))
            await_probes(server, 3)
        until(lambda: states(server)[DYING] == "down")
        await_probes(server, 3)
        with listeners(MIRRORS[:1], port):
            until(lambda: states(server)[DYING] == "up")
            await_probes(server, 3)
            recorded = rrdns("trace", "-c", str(server.config))
        [lived] = [i for i in json.loads(server.get("/incidents")) if i["member"] == DYING]
    assert recorded.returncode == 0
    told = rrdns("simulate", "-c", str(server.config), "--json", "-", said=recorded.stdout)
    had_again = [i for i in json.loads(told.stdout)["incidents"] if i["member"] == DYING]
    assert [incident["up_s"] is not None for incident in had_again] == [True]
    assert lived["up_at"] is not None

    patient = tmp_path / "patient.yaml"
    patient.write_text(server.config.read_text().replace("type: tcp,", "type: tcp, fall: 60,"))
    told = rrdns("simulate", "-c", str(patient), "--json", "-", said=recorded.stdout)
    assert DYING not in [i["member"] for i in json.loads(told.stdout)["incidents"]]


def states(server: ServerProcess) -> dict[str, str]:
    return {member["address"]: member["state"] for member in members(server)}


def members(server: ServerProcess) -> Any:
    return json.loads(server.get("/pools/www.lab.example"))["members"]


def await_probes(server: ServerProcess, more: int) -> None:
    """Returns once each member has been probed `more` times from now on."""

    def last(member: Any) -> float:
        return float(member["checks"][0]["recent"][-1][0])

    before = {member["address"]: last(member) for member in members(server)}

    def probed(member: Any) -> bool:
        starts = [at for at, *_ in member["checks"][0]["recent"]]
        return sum(at > before[member["address"]] for at in starts) >= more

    until(lambda: all(map(probed, members(server))))
