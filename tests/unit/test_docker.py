"""What docker/ ships agrees with the server, and its files agree with each other."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rrdns.agent.agent import LEAVE_S
from rrdns.cli import main
from rrdns.cli.options import DEFAULT_CONFIG, EXIT_BAD_INPUT
from rrdns.cli.taking_over import DEFAULT_CONFIG as TAKEOVER_CONFIG
from rrdns.config.schema import DNS_PORT, STATUS_PORT
from rrdns.config.settings import DEFAULT_CONTROL_SOCKET, DEFAULT_STATE_FILE
from rrdns.health.check import HttpCheck
from rrdns.load import Loaded, load
from rrdns.takeover.plan import AGENT_CONTROL_SOCKET

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
README = (DOCKER / "README.md").read_text()
UNITS = {
    "rrdns.service": (DEFAULT_CONFIG, {"CAP_NET_BIND_SERVICE", "CAP_NET_RAW"}),
    "rrdns-takeover.service": (TAKEOVER_CONFIG, {"CAP_NET_ADMIN", "CAP_NET_RAW"}),
}
"""Each unit, what it reads, and what it may."""


def _reads_config(words: list[str]) -> Path:
    """The configuration that `rrdns WORDS` reads; fails where the command line is not one."""
    context, command = main.make_context("rrdns", list(words)), main
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
        context = command.make_context(name, list(words), parent=context)
    config = context.params["config"]
    assert isinstance(config, Path)
    return config


@pytest.fixture(autouse=True)
def _no_config_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RRDNS_CONFIG", raising=False)
    monkeypatch.delenv("RRDNS_TAKEOVER_CONFIG", raising=False)


def read_unit(name: str) -> dict[str, str]:
    lines = (DOCKER / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.fixture
def example() -> Loaded:
    return load(DOCKER / "example" / DEFAULT_CONFIG.name)


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def _instructions(name: str) -> list[str]:
    """The arguments of each Dockerfile instruction `name`, continued lines joined."""
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", "")
    return re.findall(rf"^{name}\s+(.*)$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_there_is_with_the_default_configuration(name: str) -> None:
    program, *words = shlex.split(read_unit(name)["ExecStart"])
    config, _ = UNITS[name]
    assert Path(program).name == "rrdns"
    assert _reads_config(words) == config


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_has_two_capabilities_and_no_way_to_others(name: str) -> None:
    unit, (_, needed) = read_unit(name), UNITS[name]
    assert set(unit["AmbientCapabilities"].split()) == needed
    assert set(unit["CapabilityBoundingSet"].split()) == needed
    assert unit["User"] != "root"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_does_not_start_again_what_a_wrong_file_has_ended(name: str) -> None:
    assert read_unit(name)["RestartPreventExitStatus"] == str(EXIT_BAD_INPUT)


def test_the_agent_finds_its_socket_and_has_time_to_hand_over() -> None:
    unit = read_unit("rrdns-takeover.service")
    assert f"/run/{unit['RuntimeDirectory']}" == str(AGENT_CONTROL_SOCKET.parent)
    assert float(unit["TimeoutStopSec"]) > LEAVE_S
    assert "AF_PACKET" in unit["RestrictAddressFamilies"].split()


def test_the_image_and_its_health_check_run_commands_there_are() -> None:
    [entrypoint], [command], [health] = map(_instructions, ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    assert json.loads(entrypoint) == ["rrdns"]
    assert _reads_config(json.loads(command)) == DEFAULT_CONFIG
    asked = health.split("CMD", 1)[1].split("|")[0]
    assert _reads_config(shlex.split(asked)[1:]) == DEFAULT_CONFIG


def test_the_image_exposes_the_ports_that_are_listened_on_unless_written() -> None:
    [ports] = _instructions("EXPOSE")
    assert ports.split() == [f"{DNS_PORT}/udp", f"{DNS_PORT}/tcp", f"{STATUS_PORT}/tcp"]


def test_what_the_image_is_built_from_is_there_and_not_ignored() -> None:
    sent = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for words in _instructions("COPY")
        if not words.startswith("--from")
        for source in words.split()[:-1]
    }
    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_does_not_run_as_root() -> None:
    [user] = _instructions("USER")
    assert int(user) > 0


def test_the_example_is_without_a_problem(example: Loaded) -> None:
    assert not example.all_warnings()


def test_the_mirrors_of_the_example_are_those_of_compose(example: Loaded, compose: Any) -> None:
    addresses = {
        name: service["networks"]["site"]["ipv4_address"]
        for name, service in compose["services"].items()
    }
    [pool] = example.pools
    del addresses["nameserver"]
    assert {str(member.address) for member in pool.members} == set(addresses.values())
    assert {str(check.port) for check in pool.checks if isinstance(check, HttpCheck)} == {
        compose["services"][name]["command"][2] for name in addresses
    }


def test_compose_publishes_the_ports_of_the_example_on_the_loopback(
    example: Loaded, compose: Any
) -> None:
    [dns], status = example.settings.dns.listen, example.settings.status
    published = [port.rsplit(":", 2) for port in compose["services"]["nameserver"]["ports"]]
    assert {inside for _, _, inside in published} == {
        f"{dns.port}/udp",
        f"{dns.port}/tcp",
        f"{status.port}/tcp",
    }
    assert {host for host, _, _ in published} == {"127.0.0.1"}
    assert dns.host.is_unspecified
    assert status.host.is_unspecified


def test_what_the_server_writes_has_a_place_wherever_it_runs(compose: Any) -> None:
    unit = read_unit("rrdns.service")
    folders = [str(file.parent) for file in (DEFAULT_STATE_FILE, DEFAULT_CONTROL_SOCKET)]
    assert [f"/var/lib/{unit['StateDirectory']}", f"/run/{unit['RuntimeDirectory']}"] == folders
    [made] = (words for words in _instructions("RUN") if "useradd" in words)
    assert all(f" {folder}" in made for folder in folders)
    [user], [kept] = _instructions("USER"), _instructions("VOLUME")
    server = compose["services"]["nameserver"]
    assert kept == folders[0]
    assert f"state:{kept}" in server["volumes"]
    assert "state" in compose["volumes"]
    assert server["tmpfs"] == [f"{folders[1]}:uid={user},mode=0755"]
    assert f"-v rrdns-state:{kept} --tmpfs {server['tmpfs'][0]} " in README


def test_compose_mounts_folders_that_are_there(compose: Any) -> None:
    for name, service in compose["services"].items():
        for volume in service["volumes"]:
            if volume.split(":")[0] in compose["volumes"]:
                continue
            here, there, mode = volume.split(":")
            assert (DOCKER / here).is_dir()
            assert mode == "ro"
            assert name != "nameserver" or Path(there) == DEFAULT_CONFIG.parent
