"""An agent needs few rights and leaves little behind, and says what keeps it from starting."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.continuity import continuity
from harness.segment import VIP, Host, Process, Segment
from harness.takeover import LEASE_S, Agent, Config, Scene, config_of, scene

USER = "65534"  # nobody's
PORT, STATUS_PORT = 8055, 8056
SLACK_S = 2.0  # the kernel counts whole seconds, and looks now and then
END_S = 30.0  # bounds a hang

BINDER = """
import socket, sys, time
kind, address, port = sys.argv[1:]
sock = socket.socket(socket.AF_INET, getattr(socket, kind))
sock.bind((address, int(port)))
kind == "SOCK_STREAM" and sock.listen()
print("bound", flush=True)
time.sleep(600)
"""


def as_user(*capabilities: str) -> list[str]:
    """What starts a program as an ordinary user with these capabilities and no others."""
    if not shutil.which("setpriv"):
        pytest.skip("being an ordinary user needs setpriv")
    names = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    ids = ["--reuid", USER, "--regid", USER, "--clear-groups"]
    bounds = [f"--inh-caps={names}", f"--ambient-caps={names}", f"--bounding-set={names}"]
    return ["setpriv", *ids, *bounds]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder for any user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def failure(net: Segment, folder: Path, config: Config, host: Host | None = None) -> str:
    """What an agent says that does not start, for a reason outside of its file."""
    status, said = outcome(net, folder, config, host)
    assert status == 1, said
    return said


def outcome(
    net: Segment,
    folder: Path,
    config: Config,
    host: Host | None = None,
    wrapper: tuple[str, ...] = (),
) -> tuple[int, str]:
    """The exit status of an agent that does not start, and what it has said."""
    agent = Agent(host or net.a, folder, wrapper)
    agent.configure(config)
    agent.start()
    status = agent.running.popen.wait(END_S)
    assert "Traceback" not in agent.log
    return status, agent.log


@contextmanager
def taken(host: Host, folder: Path, kind: str, port: int) -> Iterator[None]:
    """Meanwhile another program has that port of the host's main address."""
    words = [sys.executable, "-I", "-S", "-c", BINDER, kind, host.address, str(port)]
    process: Process = host.start(words, folder / f"binder-{kind}.log")
    deadline = time.monotonic() + END_S
    while "bound" not in process.log:
        assert time.monotonic() < deadline, process.log
    try:
        yield
    finally:
        process.kill()


def test_an_ordinary_user_with_two_capabilities_will_do(net: Segment, shared: Path) -> None:
    user = as_user("net_admin", "net_raw")
    with scene(net, shared, hosts=()) as pair, continuity(net, shared) as seen:
        for name in ("a", "b"):
            pair.add(name, config_of(net), user).start()
        pair.await_rest()
        seen.await_steady(net.a)
        died_at = time.monotonic()
        net.a.unplug()
        seen.await_steady(net.b, died_at)
        returned_at = time.monotonic()
        net.a.plug()
        seen.await_steady(net.a, returned_at)
        pair.a.stop()
        assert seen.lost(returned_at) == 0


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        (("net_admin",), "grant CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW)"),
        (("net_raw",), "grant CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN)"),
        ((), "grant CAP_NET_ADMIN"),
    ],
    ids=["net_admin alone", "net_raw alone", "none"],
)
def test_without_a_capability_it_says_which_is_missing(
    net: Segment, shared: Path, capabilities: tuple[str, ...], said: str
) -> None:
    status, log = outcome(net, shared, config_of(net), wrapper=tuple(as_user(*capabilities)))
    assert status == 1, log
    assert said in log


def test_a_second_agent_on_a_host_is_refused(pair: Scene, tmp_path: Path) -> None:
    second = Agent(pair.net.a, pair.folder)
    second.start()
    assert second.running.popen.wait(END_S) == 1
    assert f"another agent runs here, and has {second.control}; stop that one" in second.log
    assert pair.net.holders() == ["a"]
    elsewhere = failure(pair.net, tmp_path, config_of(pair.net))
    assert f"from {pair.net.a.address} port {PORT}" in elsewhere
    assert "another agent, or something else, has it" in elsewhere
    pair.await_rest()
    assert pair.net.holders() == ["a"]


def test_a_port_that_is_taken_is_named(net: Segment, tmp_path: Path) -> None:
    with taken(net.a, tmp_path, "SOCK_DGRAM", PORT):
        said = failure(net, tmp_path, config_of(net))
        assert f"from {net.a.address} port {PORT}: Address already in use" in said
    with taken(net.a, tmp_path, "SOCK_STREAM", STATUS_PORT):
        said = failure(net, tmp_path, config_of(net, status_port=STATUS_PORT))
        assert f"can not listen on {net.a.address}:{STATUS_PORT}: Address already in use" in said
    assert net.holders() == []


def test_a_bad_file_is_told_with_place_and_mend(net: Segment, tmp_path: Path) -> None:
    agent = Agent(net.a, tmp_path)
    agent.configure(config_of(net))
    text = agent.config.read_text().replace(f'"{net.a.address}"', '"10.0.0.300"')
    agent.config.write_text(text)
    line = 1 + text[: text.index("10.0.0.300")].count("\n")
    done = agent.run("run")
    assert done.returncode == 2
    assert f"{agent.config}:{line}:" in done.stderr
    assert "'10.0.0.300' is not an IP" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named(net: Segment, tmp_path: Path) -> None:
    agent = Agent(net.a, tmp_path)
    for command in ("run", "status"):
        done = agent.run(command)
        assert done.returncode == 2
        assert f"{agent.config}" in done.stderr
        assert "Traceback" not in done.stderr


def test_no_agent_that_runs_is_an_answer_too(net: Segment, tmp_path: Path) -> None:
    agent = Agent(net.a, tmp_path)
    agent.configure(config_of(net))
    for done in (agent.run("status"), agent.run("hold", VIP)):
        assert done.returncode == 1
        assert f"no rrdns answers on {agent.control}" in done.stderr


def test_a_host_that_is_none_of_the_files_is_told_so(net: Segment, tmp_path: Path) -> None:
    said = failure(net, tmp_path, config_of(net), net.c)
    assert "this machine has no host's main address" in said
    said = failure(net, tmp_path, config_of(net, host="a"), net.c)
    assert f"from {net.a.address} port {PORT}: Cannot assign requested address" in said
    assert "this machine does not have that address now" in said


def test_an_interface_that_is_not_there_is_told(net: Segment, tmp_path: Path) -> None:
    said = failure(net, tmp_path, config_of(net) | {"interface": "eth9"})
    assert "eth9 does not exist; `ip link` shows those that do" in said


def test_who_is_killed_before_it_claims_has_claimed_nothing(net: Segment, tmp_path: Path) -> None:
    config = config_of(net, hooks={"pre_claim": ["/bin/sh", "-c", "kill -9 $PPID"]})
    with scene(net, tmp_path, hosts=("a",)) as pair:
        pair.add("b", config).start()
        pair.await_rest()
        net.a.unplug()
        assert pair.b.running.popen.wait(END_S) != 0
        assert net.holders() == []


@pytest.mark.parametrize("then", ["it ends", "it is adopted"])
def test_what_is_left_of_a_claim_ends_by_itself_or_is_adopted(
    net: Segment, tmp_path: Path, then: str
) -> None:
    """Killed in the middle of it: the address is there, and hardly anybody was told."""
    deadly = config_of(
        net,
        timers={"lease": "2s" if then == "it ends" else "10s"},
        hooks={"claimed": ["/bin/sh", "-c", "kill -9 $PPID"]},
    )
    with scene(net, tmp_path, hosts=("a",)) as pair, continuity(net, tmp_path) as seen:
        b = pair.add("b", deadly)
        b.start()
        pair.await_rest()
        net.a.unplug()
        assert b.running.popen.wait(END_S) != 0
        assert net.holders() == ["b"]
        if then == "it ends":
            pair.await_holder(longest_s=LEASE_S + SLACK_S)
            return
        b.configure(config_of(net))
        b.start()
        b.await_state("holding", "it was held before the start")
        seen.await_steady(net.b, time.monotonic())
        net.a.plug()
        pair.await_holder("a")


def test_it_may_start_before_its_interface_is_up(net: Segment, tmp_path: Path) -> None:
    with scene(net, tmp_path, hosts=()) as alone:
        a = alone.add("a", config_of(net))
        net.a.shut()
        a.start()
        a.await_state("isolated", "no carrier")
        net.a.open()
        alone.await_rest()
        assert net.holders() == ["a"]
