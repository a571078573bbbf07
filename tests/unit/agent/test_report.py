"""What the agent tells of itself is what its posts are, for programs and for people."""

import json

from rrdns.agent.report import render, report
from rrdns.takeover.hello import Hello, Saying
from rrdns.takeover.machine.seen import Order, Says

from .conftest import FIRST, SECOND, MakeStaffed

STRANGER = "02:00:00:00:00:ff"


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
    staffed.agent.senses.greeted(
        Hello("hertz", "02:00:00:00:00:0c", 1, 1, {FIRST.address: Saying(Says.ABLE)})
    )
    staffed.sentry(SECOND).obey(Order.DISABLE)
    headline, blank, headings, first, second = render(report(staffed.agent)).splitlines()
    assert "host marconi, eth0, up " in headline
    assert headline.endswith("other agents heard: hertz")
    assert blank == ""
    assert headings.split() == ["VIP", "ROLE", "STATE", "SINCE", "REASON"]
    assert first.split()[:4] == ["*", str(FIRST.address), "owner", "START"]
    assert second.split()[:6] == [str(SECOND.address), "candidate", "1", "of", "hertz", "START"]
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
