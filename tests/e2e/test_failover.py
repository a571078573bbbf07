"""A mirror that dies leaves the answers within the promised time, and comes back by itself.

Real mirrors on hosts of their own die in the three ways that differ for a prober: the port
refuses, the host accepts but nothing answers, nothing comes back at all.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import lab, process
from harness.asking import asking, lost
from harness.awaiting import until
from harness.lab import Lab, Mirror
from harness.promise import BOUND_S, SLACK_S, WEB_CHECK, ZONE
from rrdns.config.settings import PlayerChoice

CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks:
{WEB_CHECK}pools:
  www.lab.example: {{checks: [web]}}
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to die, and the way back."""

    name: str
    strike: Callable[[Mirror], None]
    mend: Callable[[Mirror], None]


def signalled(number: signal.Signals) -> Callable[[Mirror], None]:
    def send(mirror: Mirror) -> None:
        assert mirror.process is not None
        mirror.process.send_signal(number)

    return send


FAULTS = [
    Fault("its server is killed", lambda m: m.kill(), lambda m: m.start()),
    Fault("its server is stopped", signalled(signal.SIGSTOP), signalled(signal.SIGCONT)),
    Fault("its host drops all packets", lambda m: m.firewall(), lambda m: m.lift_firewall()),
]


@pytest.fixture
def running(tmp_path: Path, player: PlayerChoice) -> Iterator[tuple[Lab, process.ServerProcess]]:
    with lab.lab(tmp_path, mirrors=3) as hosts:
        files = {"lab.example.zone": ZONE}
        with process.serving(tmp_path, CONFIG, files, hosts.wrapper, player) as server:
            yield hosts, server


def state_of(server: process.ServerProcess, mirror: Mirror) -> str:
    [pool] = json.loads(server.get("/status"))["pools"].values()
    [state] = [m["state"] for m in pool["members"] if m["address"] == mirror.address]
    return str(state)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_dead_mirror_leaves_the_answers_in_time_and_returns(
    running: tuple[Lab, process.ServerProcess], fault: Fault, tmp_path: Path
) -> None:
    hosts, server = running
    dying = hosts.mirrors[1]
    everyone = {mirror.address for mirror in hosts.mirrors}
    notes = tmp_path / "replies"
    with asking(server, "www.lab.example", notes, hosts.wrapper) as replies:
        until(lambda: len(replies()) > 50)
        struck_at = time.monotonic()
        fault.strike(dying)
        until(lambda: state_of(server, dying) == "down")
        seen = len(replies())
        until(lambda: len(replies()) > seen + 50)
        mended_at = time.monotonic()
        fault.mend(dying)
        until(lambda: state_of(server, dying) == "up")
        seen = len(replies())
        until(lambda: len(replies()) > seen + 50)
    answered = replies()
    assert {frozenset(reply.addresses) for reply in answered} == {
        frozenset(everyone),
        frozenset(everyone - {dying.address}),
    }
    assert {reply.rcode for reply in answered} == {0}
    assert lost(notes) == 0
    last_with_it = max(r.at for r in answered if dying.address in r.addresses and r.at < mended_at)
    print(f"{fault.name}: gone after {last_with_it - struck_at:.2f} s, bound {BOUND_S:.2f} s")
    assert last_with_it - struck_at <= BOUND_S + SLACK_S
    assert dying.address in answered[-1].addresses
