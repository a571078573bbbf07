"""What a server has recorded, replayed with the same settings, makes the same verdicts."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.health.verdict import State
from rrdns.load import Loaded, load
from rrdns.pool.standing import Change
from rrdns.simulate.probing import ScriptedProbing
from rrdns.simulate.run import Simulated, simulate
from rrdns.simulate.script import Script
from rrdns.simulate.timeline import EPOCH
from rrdns.simulate.virtual import run_virtually
from rrdns.status.observed import Observed
from rrdns.status.recording import recorded
from rrdns.steward import Steward
from rrdns.trace import read

from .conftest import CONFIG, ZONE

SECONDS = 15.0  # not more than a strip remembers
KNOWN_S = SECONDS - 1.1  # probes that have started later may not have ended
HOSTS = ("192.0.2.1", "192.0.2.2", "2001:db8::1")
FINDINGS = ("pass", "pass 12ms", "silent", "refuse", "fail 30ms", "error", "loss 50%", "loss 0%")

Change_ = tuple[float, str]


@dataclass
class Server:
    """What a recording reads of a server."""

    loaded: Loaded
    steward: Steward[Any]


def lived(loaded: Loaded, trace: str) -> tuple[list[Change_], str]:
    """A steward's changes of state while it finds what `trace` says, and what it has recorded."""

    changes: list[Change_] = []

    async def live() -> str:
        loop = asyncio.get_running_loop()
        script = Script(read(trace, "t"), loaded.pools, loaded.settings.vantage)
        steward = Steward(
            Table,
            Cursors,
            Random(0),
            probers=ScriptedProbing(script, Random(0)),
            clock=lambda: EPOCH + loop.time(),
        )

        def note(change: Change, *, quietly: bool = False) -> None:
            if change.before is not None or change.after is State.DOWN:
                changes.append((loop.time(), f"{change.member.address} {change.after.upper()}"))

        steward.narrator.member_changed = note  # type: ignore[method-assign]
        await steward.take_force(loaded)
        await asyncio.sleep(SECONDS - loop.time())
        text = recorded(cast(Observed, Server(loaded, steward)))
        await steward.aclose()
        return text

    return changes, run_virtually(live())


def changes_of(simulated: Simulated) -> list[Change_]:
    """The members' changes of state, as the log has them."""
    return [
        (entry.at_s, f"{told[1]} {told[2]}")
        for entry in simulated.timeline
        if (told := re.search(r"member=(\S+) (UP|DOWN): ", entry.text))
    ]


@pytest.fixture(scope="module")
def plain_site(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The site, its members without names."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "linux.example.zone").write_text(ZONE)
    (folder / "rrdns.yaml").write_text(CONFIG.partition("    members:")[0])
    return load(folder / "rrdns.yaml")


def test_a_recorded_outage_can_be_had_again(plain_site: Loaded) -> None:
    changes, trace = lived(plain_site, "4 192.0.2.1 silent\n10 192.0.2.1 pass")
    assert [what for _, what in changes] == ["192.0.2.1 DOWN", "192.0.2.1 UP"]
    again = simulate(plain_site, read(trace, "t"), SECONDS)
    assert changes_of(again) == [(pytest.approx(at), what) for at, what in changes]


def test_with_other_settings_it_is_another_outage(plain_site: Loaded) -> None:
    _, trace = lived(plain_site, "4 192.0.2.1 silent\n6 192.0.2.1 pass")
    patient = plain_site.settings.path.with_name("patient.yaml")
    config = plain_site.settings.path.read_text().replace("icmp}", "icmp, fall: 9}")
    patient.write_text(config)
    assert simulate(plain_site, read(trace, "t"), SECONDS).drops == 1
    assert simulate(load(patient), read(trace, "t"), SECONDS).drops == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 140), st.sampled_from(HOSTS), st.sampled_from(FINDINGS)),
        max_size=12,
    )
)
def test_any_record_makes_the_same_verdicts_again(
    plain_site: Loaded, events: list[tuple[int, str, str]]
) -> None:
    script = "\n".join(f"{tenths / 10} {whom} {what}" for tenths, whom, what in events)
    changes, trace = lived(plain_site, script)
    again = simulate(plain_site, read(trace, "t"), SECONDS)
    known = [(pytest.approx(at, abs=0.05), what) for at, what in changes if at < KNOWN_S]
    assert [change for change in changes_of(again) if change[0] < KNOWN_S] == known
