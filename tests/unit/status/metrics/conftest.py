"""A server of which everything can be told."""

import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from rrdns.answer.reference import Transport
from rrdns.health.vantage import Vantage
from rrdns.memory import Memory
from rrdns.pool.cover import Claim, Word
from rrdns.pool.duty import Assignment, Duty
from rrdns.pool.incidents import Incident

from ..conftest import FAIL, STARTED_AT, MakeServer, Server
from .scraping import ask

AGENT = "http://192.0.2.12:8056/"
OUTAGE = Incident(
    name="marconi",
    drill=False,
    reason="web: no answer within 1 s (2 of 2)",
    last_pass=STARTED_AT,
    first_failure=STARTED_AT + 2,
    down_at=STARTED_AT + 3,
    left_at=STARTED_AT + 3,
    safe_at=STARTED_AT + 63,
    budget_s=63.5,
)


@pytest.fixture
async def eventful(make_server: MakeServer, tmp_path: Path) -> Server:
    """One that has lived: every family has a sample."""
    server = make_server()
    server.memory = Memory(tmp_path / "state.json", 300.0, time.time)
    server.findings.say("2001:db8::1", FAIL)
    server.findings.found["192.0.2.254", "vantage"] = FAIL
    await server.start()
    steward = server.steward
    [pool] = server.loaded.pools
    first, second, _ = pool.members
    assert await server.memory.keep(steward.remember())
    steward.order(pool, first, Assignment(Duty.DRAIN, STARTED_AT))
    steward.drill(pool, second, STARTED_AT + 60, force=True)
    watch = steward.monitor._watched[pool.targets(first)[0]]
    watch.health = replace(watch.health, downs=(time.time(),))
    steward.covers.listen_to([AGENT], good_for_s=4.0)
    steward.heard(AGENT, Word("hertz", {first.address: Claim("marconi", 1, holds=True)}))
    steward.incidents.begin(pool, first, OUTAGE)
    steward.incidents.begin(pool, second, replace(OUTAGE, safe_at=None))
    steward.monitor.look_from(Vantage((ip_address("192.0.2.254"),), interval_s=0.01))
    server.reloads.done(accepted=True, now=STARTED_AT + 5)
    for over in Transport:
        ask(server, "www.linux.example", over=over)
    return server
