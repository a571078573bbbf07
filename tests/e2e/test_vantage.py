"""A host that is cut off takes nobody out, says so, and judges again when it is back.

The server is on one host, the mirrors on others; the anchor is the host of the first mirror, which
answers pings whatever becomes of its web server.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import lab, process
from harness.asking import asking
from harness.awaiting import until
from harness.lab import Lab, Mirror
from harness.promise import BOUND_S, INTERVAL_S, SLACK_S, WEB_CHECK, ZONE

ANCHOR = "10.77.1.2"
CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"], player: python}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
vantage: {{anchors: [{ANCHOR}]}}
zones: {{lab.example: lab.example.zone}}
checks:
{WEB_CHECK}pools:
  www.lab.example: {{checks: [web]}}
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """A way to lose the world, and the way back."""

    name: str
    strike: Callable[[Lab], None]
    mend: Callable[[Lab], None]


def each_mirrors_links(state: str) -> Callable[[Lab], None]:
    def change(hosts: Lab) -> None:
        for mirror in hosts.mirrors:
            lab.set_links(mirror.namespace, state)

    return change


CUTS = [
    Cut(
        "our own interfaces go down",
        lambda hosts: lab.set_links(hosts.namespace, "down"),
        lambda hosts: lab.set_links(hosts.namespace, "up"),
    ),
    Cut("the other ends go down", each_mirrors_links("down"), each_mirrors_links("up")),
    Cut(
        "nothing comes back",
        lambda hosts: lab.drop_input(hosts.namespace),
        lambda hosts: lab.lift_drop(hosts.namespace),
    ),
]
every_cut = pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)


@contextmanager
def running(folder: Path, delay_s: float = 0.0) -> Iterator[tuple[Lab, process.ServerProcess]]:
    with lab.lab(folder, mirrors=3, delay_s=delay_s) as hosts:
        files = {"lab.example.zone": ZONE}
        with process.serving(folder, CONFIG, files, hosts.wrapper) as server:
            until(lambda: set(states(server).values()) == {"up"})
            yield hosts, server


def status(server: process.ServerProcess) -> Any:
    return json.loads(server.get("/status"))


def is_cut_off(server: process.ServerProcess) -> bool:
    return bool(status(server)["vantage"]["cut_off"])


def states(server: process.ServerProcess) -> dict[str, str]:
    [pool] = status(server)["pools"].values()
    return {member["address"]: member["state"] for member in pool["members"]}


def probes(server: process.ServerProcess, outcome: str) -> int:
    """How many probes have ended so."""
    text = f'rrdns_probes_total{{check="web",outcome="{outcome}"}} '
    [line] = [line for line in server.get("/metrics").decode().splitlines() if text in line]
    return int(float(line.removeprefix(text)))


@every_cut
def test_a_cut_takes_nobody_out_and_who_died_meanwhile_leaves_after_it(
    tmp_path: Path, cut: Cut
) -> None:
    with running(tmp_path) as (hosts, server):
        everyone = {mirror.address for mirror in hosts.mirrors}
        dying = hosts.mirrors[1]
        cut.strike(hosts)
        until(lambda: is_cut_off(server))
        dying.kill()
        not_judged = probes(server, "error")
        until(lambda: probes(server, "error") > not_judged + 4 * len(everyone))
        assert states(server) == dict.fromkeys(everyone, "up")
        assert b"\nrrdns_cut_off 1.0\n" in server.get("/metrics")
        assert b"no anchor answers; verdicts are frozen" in server.get("/")
        cut.mend(hosts)
        until(lambda: not is_cut_off(server))
        until(lambda: states(server)[dying.address] == "down")
        assert states(server) == {**dict.fromkeys(everyone, "up"), dying.address: "down"}
        dying.start()
        until(lambda: states(server)[dying.address] == "up")
        said = [line for line in server.log.splitlines() if "anchor" in line]
        assert len(said) == 2, said
        assert "cut off: no anchor answers (10.77.1.2: " in said[0]
        assert "verdicts are frozen" in said[0]
        assert "an anchor answers again: 10.77.1.2: " in said[1]
        assert server.log.count(" DOWN: ") == 1


@every_cut
def test_a_cut_that_comes_while_probes_are_in_flight_costs_nobody_a_failure(
    tmp_path: Path, cut: Cut
) -> None:
    """Mirrors that take their time have a probe in flight at almost any moment."""
    rng = random.Random(cut.name)
    with running(tmp_path, delay_s=0.3) as (hosts, server):
        failed = probes(server, "fail")  # before the mirrors listened
        for _ in range(4):
            passed = probes(server, "pass")
            until(lambda passed=passed: probes(server, "pass") > passed + 3)
            time.sleep(rng.uniform(0.0, INTERVAL_S))  # any moment is as good
            cut.strike(hosts)
            until(lambda: is_cut_off(server))
            cut.mend(hosts)
            until(lambda: not is_cut_off(server))
        passed = probes(server, "pass")
        until(lambda: probes(server, "pass") > passed + 3)
        assert probes(server, "fail") == failed
        assert probes(server, "error") > 0
        assert set(states(server).values()) == {"up"}


FAULTS: dict[str, Callable[[Mirror], None]] = {
    "its server is killed": lambda mirror: mirror.kill(),
    "its host drops all packets": lambda mirror: mirror.firewall(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_anchor_answers_a_dead_mirror_leaves_as_fast_as_without_one(
    tmp_path: Path, fault: str
) -> None:
    with running(tmp_path) as (hosts, server):
        dying = hosts.mirrors[2]
        notes = tmp_path / "replies"
        with asking(server, "www.lab.example", notes, hosts.wrapper) as replies:
            until(lambda: len(replies()) > 50)
            struck_at = time.monotonic()
            FAULTS[fault](dying)
            until(lambda: states(server)[dying.address] == "down")
            seen = len(replies())
            until(lambda: len(replies()) > seen + 50)
        last_with_it = max(r.at for r in replies() if dying.address in r.addresses)
        print(f"{fault}: gone after {last_with_it - struck_at:.2f} s, bound {BOUND_S:.2f} s")
        assert last_with_it - struck_at <= BOUND_S + SLACK_S
        assert "cut off" not in server.log


def test_other_anchors_take_force_when_the_file_is_saved(tmp_path: Path) -> None:
    with running(tmp_path) as (hosts, server):
        before = server.config.read_text()
        server.config.write_text(before.replace(f"[{ANCHOR}]", "[10.77.9.9]"))
        until(lambda: is_cut_off(server))
        assert set(states(server).values()) == {"up"}
        hosts.mirrors[1].kill()
        not_judged = probes(server, "error")
        until(lambda: probes(server, "error") > not_judged + 10)
        assert set(states(server).values()) == {"up"}
        server.config.write_text(before.replace(f"vantage: {{anchors: [{ANCHOR}]}}\n", ""))
        until(lambda: status(server)["vantage"] is None)
        until(lambda: states(server)[hosts.mirrors[1].address] == "down")
        assert "there are no anchors any more; verdicts are no longer frozen" in server.log
