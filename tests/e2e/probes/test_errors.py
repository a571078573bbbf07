"""What this host can not do is an error of ours, says how to mend it, and drops nobody.

Each is provoked for real, in a process that lacks what it needs. What a program can do wrong is in
`test_command.py`, what is not permitted in `test_icmp.py`.
"""

from collections.abc import Sequence

import pytest

from .conftest import LOOPS, Child
from .networks import NEW_NETWORK, needs_networks

EVERY_LOOP = [("uvloop",) if name == "uvloop" else () for name in LOOPS]
on_every_loop = pytest.mark.parametrize("loop", EVERY_LOOP, ids=LOOPS)

INTERFACE = "ip link add d0 type dummy; ip address add 192.0.2.9/24 dev d0"


def network(*setup: str) -> Sequence[str]:
    """A network of its own, after the commands of `setup`."""
    return (*NEW_NETWORK, "sh", "-c", "; ".join((*setup, 'exec "$@"')), "sh")


@on_every_loop
@pytest.mark.parametrize("kind", ["icmp", "tcp", "http", "https", "command"])
def test_no_file_descriptor_is_left(run_child: Child, loop: tuple[str, ...], kind: str) -> None:
    said = run_child(*loop, "no-descriptors", kind)
    assert said.startswith("error: no file descriptor left; raise the limit of the process")


@needs_networks
@on_every_loop
def test_no_process_may_be_started(run_child: Child, loop: tuple[str, ...]) -> None:
    said = run_child(*loop, "no-processes", "1")
    assert said.startswith("error: no process can be started; raise the limit")


@needs_networks
def test_no_thread_may_be_started_to_wait_for_a_program(run_child: Child) -> None:
    said = run_child("no-processes", "2")
    assert said.startswith("error: no process can be started; raise the limit")


@needs_networks
@on_every_loop
def test_no_local_port_is_left(run_child: Child, loop: tuple[str, ...]) -> None:
    for said in run_child(*loop, "no-ports", under=NEW_NETWORK).splitlines():
        assert said.startswith("error: no local address or port to probe from;")


@needs_networks
@on_every_loop
@pytest.mark.parametrize("kind", ["icmp", "tcp", "http", "https"])
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
@pytest.mark.parametrize(
    "under",
    [
        pytest.param(network(), id="no interface"),
        pytest.param(network(INTERFACE), id="the interface is down"),
        pytest.param(
            network(INTERFACE, "ip link set d0 up", "ip link set d0 down"), id="it goes down"
        ),
    ],
)
def test_there_is_no_route_from_here(
    run_child: Child, loop: tuple[str, ...], kind: str, address: str, under: Sequence[str]
) -> None:
    said = run_child(*loop, "probe", kind, address, under=under)
    assert said.startswith("error: no route from this host; look at its addresses and routes")


@needs_networks
@on_every_loop
def test_a_firewall_of_ours_forbids_it(run_child: Child, loop: tuple[str, ...]) -> None:
    chain = "add chain ip own out { type filter hook output priority 0; policy drop; }"
    under = network(f"nft 'add table ip own; {chain}'")
    said = run_child(*loop, "probe", "icmp", "127.0.0.1", under=under)
    assert said.startswith("error: this host forbids it; look at the output rules")


@needs_networks
@on_every_loop
@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_without_any_dns_a_probe_is_carried_out(
    run_child: Child, loop: tuple[str, ...], kind: str
) -> None:
    """Nobody listens, and that is what it says: no name was looked up."""
    said = run_child(*loop, "probe", kind, "127.0.0.1", under=NEW_NETWORK)
    assert said == "fail: connection refused"
