"""What the agent tells of itself is what its posts are, for programs and for people."""

import json

from rrdns.agent.report import report
from rrdns.agent.text import render
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State, Verdict
from rrdns.takeover.hello import Hello, Saying
from rrdns.takeover.machine.seen import Order, Says

from .conftest import FIRST, SECOND, WITNESS, MakeStaffed

STRANGER = "02:00:00:00:00:ff"


def hello(rank: int = 1, interval_s: float = 1.0) -> Hello:
    """Of hertz, in whose file it has that rank of the first address."""
    sayings = {FIRST.address: Saying(Says.ABLE, rank), SECOND.address: Saying(Says.ABLE, 0)}
    return Hello("hertz", "02:00:00:00:00:0c", 1, 1, interval_s, sayings)


async def test_the_report_is_of_all_addresses_of_this_host(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed()
    staffed.means.held.add(FIRST.address)
    found = json.loads(json.dumps(report(staffed.agent)))
    assert (found["host"], found["interface"], found["dry_run"]) == ("marconi", "eth0", False)
    first, second = (found["vips"][str(vip.address)] for vip in (FIRST, SECOND))
    assert (first["owner"], first["candidates"], first["rank"]) == (
        "marconi",
        ["hertz", "popov"],
        0,
    )
    assert (second["owner"], second["candidates"], second["rank"]) == ("hertz", ["marconi"], 1)
    assert (first["holds"], second["holds"]) == (True, False)
    assert first["state"] == "start"


async def test_an_address_that_two_have_is_contested(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed()
    assert report(staffed.agent)["vips"][str(FIRST.address)]["contested"] is None
    staffed.agent.senses.heard(FIRST.address, STRANGER)
    found = report(staffed.agent)
    assert found["vips"][str(FIRST.address)]["contested"] == STRANGER
    assert f"CONTESTED by {STRANGER}" in render(found)


async def test_a_person_reads_it_line_by_line(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed()
    staffed.means.held.add(FIRST.address)
    staffed.agent.senses.greeted(hello())
    staffed.sentry(SECOND).obey(Order.DISABLE)
    headline, blank, headings, first, second = render(report(staffed.agent)).splitlines()
    assert "host marconi, eth0, up " in headline
    assert headline.endswith("other agents heard: hertz")
    assert blank == ""
    assert headings.split() == ["VIP", "ROLE", "STATE", "SINCE", "REASON"]
    assert first.split()[:4] == ["*", str(FIRST.address), "owner", "START"]
    assert second.split()[:6] == [str(SECOND.address), "candidate", "1", "of", "hertz", "DISABLED"]
    assert "ordered: disable" in second


async def test_what_is_wrong_with_the_host_stands_above_its_addresses(
    make_staffed: MakeStaffed,
) -> None:
    staffed = make_staffed()
    staffed.agent.senses.unfit = "web: connection refused"
    found = report(staffed.agent) | {"cut_off": True, "dry_run": True}
    headline, cut_off, unfit, blank, *_ = render(found).splitlines()
    assert ", dry run, " in headline
    assert headline.endswith("other agents heard: none")
    assert cut_off.startswith("CUT OFF: ")
    assert unfit == "NOT FIT: web: connection refused"
    assert blank == ""


async def test_an_agent_with_another_file_is_told_with_what_differs(
    make_staffed: MakeStaffed,
) -> None:
    staffed = make_staffed()
    staffed.agent.senses.greeted(hello(rank=0))
    found = report(staffed.agent)
    differs = f"{FIRST.address}: there it is the owner, and here it is candidate 1"
    assert found["differences"] == {"hertz": [differs]}
    assert f"hertz HAS ANOTHER FILE: {differs}" in render(found).splitlines()
    staffed.agent.senses.greeted(hello())
    assert report(staffed.agent)["differences"] == {}


async def test_a_witness_that_is_silent_is_told(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed()
    failed = Result(Outcome.FAIL, "no answer within 0.5 s", 0.5)
    for state, is_told in ((State.UP, False), (State.DOWN, True)):
        staffed.agent.senses.witnesses[WITNESS] = Health(Verdict(state), 0.0, failed)
        found = report(staffed.agent)
        assert found["witnesses"] == {
            str(WITNESS): {"state": state, "reason": "no answer within 0.5 s"}
        }
        line = f"the witness {WITNESS} is silent: no answer within 0.5 s"
        assert (line in render(found).splitlines()) is is_told


async def test_an_agent_that_fell_silent_is_told_with_the_time(make_staffed: MakeStaffed) -> None:
    found = report(make_staffed().agent) | {"agents": {"hertz": 0.3, "popov": 7200.0}}
    headline, *_ = render(found).splitlines()
    assert headline.endswith("other agents heard: hertz, popov 2 h ago")


async def test_a_reason_can_not_disturb_the_terminal(make_staffed: MakeStaffed) -> None:
    staffed = make_staffed()
    staffed.agent.senses.unfit = "web: \x1b[2Jred\nherring"
    text = render(report(staffed.agent))
    assert "\x1b" not in text
    assert "red" in text
