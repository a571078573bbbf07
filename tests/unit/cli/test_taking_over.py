"""The commands of takeover read one file, ask one agent, and say what has become of it."""

import socket
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rrdns.agent import client
from rrdns.cli import main
from rrdns.doctor.host import interfaces
from rrdns.doctor.seen import Local
from rrdns.status.client import NoServerError, RefusalError
from rrdns.takeover.machine.seen import Order

VIP = "10.0.0.127"
HERTZ = IPv4Address("10.0.0.12")
PLAN = f"""\
hosts: {{marconi: 10.0.0.11, hertz: 10.0.0.12}}
interface: eth0
witnesses: [10.0.0.254]
vips: {{{VIP}: {{owner: marconi, candidates: [hertz]}}}}
"""


def vip(**more: Any) -> dict[str, Any]:
    usual = {"holds": True, "state": "holding", "reason": "it was ordered", "not_kept": None}
    return {**usual, **more}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "takeover.yaml"
    file.write_text(PLAN)
    return file


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is none of the hosts."""
    monkeypatch.setattr(interfaces, "local", list)


def takeover(file: Path, command: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["takeover", command, *words, "-c", str(file)])


class FakeAgent:
    """Answers in place of the agent, and notes what it was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orders: list[tuple[str, str]] = []
        self.awaited: list[bool] = []
        self.now = vip(holds=False, state="standby", reason="its owner answers")
        self.then = vip()
        self.fault: Exception | None = None
        monkeypatch.setattr(client, "give_order", self._give)
        monkeypatch.setattr(client, "await_order", self._await)
        monkeypatch.setattr(client, "fetch_report", self._fetch)

    def _give(self, _control: Path, address: object, order: str) -> dict[str, Any]:
        if self.fault is not None:
            raise self.fault
        self.orders.append((str(address), order))
        return self.now

    def _await(self, _control: Path, _address: object, *, held: bool) -> dict[str, Any]:
        self.awaited.append(held)
        return self.then

    def _fetch(self, _control: Path) -> dict[str, Any]:
        if self.fault is not None:
            raise self.fault
        return {
            "host": "hertz",
            "version": "1",
            "interface": "eth0",
            "dry_run": False,
            "uptime_s": 7.0,
            "agents": {},
            "witnesses": {},
            "differences": {},
            "cut_off": False,
            "unfit": None,
            "vips": {
                VIP: {
                    **vip(order=Order.HOLD),
                    "owner": "marconi",
                    "rank": 1,
                    "since": "2026-01-01T00:00:00.000Z",
                    "contested": None,
                }
            },
        }


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> FakeAgent:
    return FakeAgent(monkeypatch)


@pytest.mark.parametrize("host", ["marconi", "hertz"])
def test_check_says_what_the_file_means_for_a_host(file: Path, host: str) -> None:
    done = takeover(file, "check", "--host", host)
    assert done.exit_code == 0
    role = {
        "marconi": f"{VIP}: marconi owns it",
        "hertz": f"{VIP}: hertz is candidate 1 for marconi; takes it within ",
    }
    assert done.stdout.splitlines()[0] == f"{file}: fine; this host is {host}, on eth0"
    assert done.stdout.splitlines()[1].startswith(role[host])


def test_check_finds_out_which_host_it_is_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interfaces, "local", lambda: [Local(HERTZ, "eth0", True)])
    assert "this host is hertz" in takeover(file, "check").stdout


def test_check_says_that_there_is_no_such_interface(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interfaces, "local", lambda: [Local(HERTZ, "eth0", True)])
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "ens3")])
    done = takeover(file, "check")
    assert done.exit_code == 0
    assert done.stderr == f"{file}: this machine has no eth0 now; it has lo, ens3\n"
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    assert not takeover(file, "check").stderr


@pytest.mark.parametrize("command", ["check", "run", "clean"])
def test_what_is_wrong_with_the_file_is_told_all_at_once(file: Path, command: str) -> None:
    file.write_text(PLAN.replace("10.0.0.11", "10.0.0.300").replace("[hertz]", "[popov]"))
    done = takeover(file, command)
    assert done.exit_code == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{file}:1:18: ")
    assert "'10.0.0.300'" in first
    assert second.startswith(f"{file}:4:")
    assert "'popov'" in second


def test_who_is_none_of_the_hosts_is_told_so(file: Path) -> None:
    done = takeover(file, "check")
    assert done.exit_code == 2
    assert "this machine has no host's main address" in done.stderr
    done = takeover(file, "check", "--host", "popov")
    assert done.exit_code == 2
    assert "'popov'" in done.stderr


@pytest.mark.parametrize(
    ("command", "held"),
    [("hold", True), ("release", False), ("disable", False), ("enable", None)],
)
def test_an_order_is_given_and_waited_for(
    file: Path, agent: FakeAgent, command: str, held: bool | None
) -> None:
    agent.then = vip(holds=bool(held), state="state", reason="for a reason")
    done = takeover(file, command, VIP)
    assert done.exit_code == 0
    assert agent.orders == [(VIP, command)]
    assert agent.awaited == ([] if held is None else [held])
    if held is not None:
        where = "held here" if held else "not held here"
        assert done.stdout == f"{VIP}: {where}; state: for a reason\n"


def test_what_has_not_come_about_is_a_failure_and_stands(file: Path, agent: FakeAgent) -> None:
    agent.then = vip(holds=False, state="blocked", reason="no carrier")
    done = takeover(file, "hold", VIP)
    assert done.exit_code == 1
    assert done.stderr == (f"Error: {VIP}: not held here; blocked: no carrier; the order stands\n")


def test_what_a_restart_will_not_know_is_told(file: Path, agent: FakeAgent) -> None:
    agent.now = vip(not_kept="takeover.orders can not be written: no space left")
    done = takeover(file, "enable", VIP)
    assert done.exit_code == 0
    assert "a restart will not know of it: takeover.orders can not be written" in done.stderr


@pytest.mark.parametrize("fault", [NoServerError("nobody answers"), RefusalError("no such VIP")])
@pytest.mark.parametrize("command", [("status",), ("hold", VIP), ("enable", VIP)])
def test_without_an_answer_it_fails_and_says_why(
    file: Path, agent: FakeAgent, fault: Exception, command: tuple[str, ...]
) -> None:
    agent.fault = fault
    done = takeover(file, *command)
    assert done.exit_code == 1
    assert done.stderr == f"Error: {fault}\n"


def test_orders_and_status_need_to_know_only_where_the_agent_is(
    file: Path, agent: FakeAgent
) -> None:
    """Whatever has become of the rest of the file since it was started."""
    file.write_text(PLAN.replace("[hertz]", "[popov]"))
    assert takeover(file, "status").exit_code == 0
    assert takeover(file, "hold", VIP).exit_code == 0


def test_an_argument_that_is_no_address_is_told(file: Path, agent: FakeAgent) -> None:
    done = takeover(file, "hold", "marconi")
    assert done.exit_code == 2
    assert "'marconi' is not an IP address" in done.stderr
    assert not agent.orders


def test_status_is_for_people_or_for_programs(file: Path, agent: FakeAgent) -> None:
    assert "host hertz, eth0, up 7 s" in takeover(file, "status").stdout
    assert '"host": "hertz"' in takeover(file, "status", "--json").stdout


def test_the_schema_names_every_key() -> None:
    done = CliRunner().invoke(main, ["takeover", "schema"])
    assert done.exit_code == 0
    for key in ("hosts", "vips", "witnesses", "timers", "on_exit", "hooks"):
        assert f'"{key}"' in done.stdout
