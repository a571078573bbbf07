"""The view shows troubles first and within bounds, and says how the whole server is doing."""

import json
from typing import Any

import pytest

from rrdns.load import reload
from rrdns.pool.duty import Assignment, Duty
from rrdns.status import view as module
from rrdns.status.view import view

from .conftest import CONFIG, ERROR, FAIL, STARTED_AT, MakeServer, Server

NAMES = ["a", "b", "c", "d"]
ZONE = """\
$TTL 60
@       SOA ns1 hostmaster 7 3600 600 86400 60
        NS  ns1
ns1     A   192.0.2.53
""" + "".join(
    f"{name} A 192.0.2.{10 * number + last}\n"
    for number, name in enumerate(NAMES, 1)
    for last in (1, 2)
)
FOUR = CONFIG.partition("pools:")[0] + "pools:\n"
FOUR += "".join(f"  {name}.linux.example: {{checks: [web]}}\n" for name in NAMES)


@pytest.fixture
def four(make_server: MakeServer) -> Server:
    """Four pools of two members, not started."""
    return make_server(FOUR, ZONE)


def shown(said: dict[str, Any]) -> str:
    return "".join(name[0] for name in said["pools"])


def order(server: Server, pool: int, duty: Duty) -> None:
    owner = server.loaded.pools[pool]
    server.steward.order(owner, owner.members[0], Assignment(duty, STARTED_AT), force=True)


async def test_pools_stand_as_configured_while_all_is_well(four: Server) -> None:
    await four.start()
    said = view(four)
    assert shown(said) == "abcd"
    assert said["mood"] == {"level": "well", "word": "all well", "text": "All is well"}
    assert json.loads(json.dumps(said)) == said


async def test_the_worse_a_pool_is_the_higher_it_stands(four: Server) -> None:
    four.findings.say("192.0.2.31", FAIL)
    four.findings.say("192.0.2.41", FAIL)
    four.findings.say("192.0.2.42", FAIL)
    await four.start()
    order(four, 1, Duty.DRAIN)
    assert shown(view(four)) == "dcba"


async def test_the_rest_of_many_pools_is_counted(
    four: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POOLS", 2)
    four.findings.say("192.0.2.41", FAIL)
    await four.start()
    said = view(four)
    assert shown(said) == "da"
    assert said["hidden"] == {"pools": 2, "calm": True}
    assert said["totals"]["pools"] == said["totals"]["matching"] == 4


async def test_troubles_that_find_no_room_are_told(
    four: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POOLS", 1)
    four.findings.say("192.0.2.31", FAIL)
    four.findings.say("192.0.2.41", FAIL)
    await four.start()
    assert view(four)["hidden"] == {"pools": 3, "calm": False}


@pytest.mark.parametrize("wanted", ["b.linux", "B.LINUX", " b.l ", "b.linux.example."])
async def test_pools_are_found_by_a_part_of_their_names(four: Server, wanted: str) -> None:
    await four.start()
    said = view(four, wanted)
    assert shown(said) == "b"
    assert said["totals"]["matching"] == 1
    assert said["totals"]["pools"] == 4
    assert view(four, "nothing like that")["pools"] == {}


async def test_the_mood_is_about_the_whole_server_whatever_is_wanted(four: Server) -> None:
    four.findings.say("192.0.2.41", FAIL)
    await four.start()
    said = view(four, "a.linux")
    assert said["mood"]["text"] == "1 of 8 members is down"
    assert said["totals"]["down"] == 1


@pytest.mark.parametrize(
    ("down", "level", "word"),
    [
        (["192.0.2.11"], "doubt", "1 down"),
        (["192.0.2.11", "192.0.2.21"], "doubt", "2 down"),
        (["192.0.2.11", "192.0.2.12"], "down", "1 pool out"),
    ],
)
async def test_the_mood_tells_an_outage_from_a_loss(
    four: Server, down: list[str], level: str, word: str
) -> None:
    for address in down:
        four.findings.say(address, FAIL)
    await four.start()
    mood = view(four)["mood"]
    assert (mood["level"], mood["word"]) == (level, word)


async def test_before_the_first_round_it_says_so(four: Server) -> None:
    said = view(four)
    assert (said["mood"]["word"], said["totals"]["up"]) == ("starting", 0)


async def test_what_could_not_be_probed_is_a_doubt_and_what_has_no_check_is_none(
    four: Server, make_server: MakeServer
) -> None:
    four.findings.say("192.0.2.11", ERROR)
    await four.start()
    assert view(four)["mood"]["word"] == "1 unknown"
    unchecked = make_server(FOUR.replace("{checks: [web]}", "{}"), ZONE)
    await unchecked.start()
    assert view(unchecked)["mood"]["word"] == "all well"


async def test_who_is_under_maintenance_is_down_for_nobody(four: Server) -> None:
    four.findings.say("192.0.2.11", FAIL)
    await four.start()
    order(four, 0, Duty.MAINT)
    said = view(four)
    assert said["mood"]["word"] == "all well"
    assert (said["totals"]["down"], said["totals"]["ordered"]) == (0, 1)


async def test_a_rejected_file_is_a_doubt(four: Server) -> None:
    await four.start()
    zone = four.loaded.settings.path.parent / "linux.example.zone"
    zone.write_text(ZONE + "bad A 192.0.2.300\n")
    four.loaded = reload(four.loaded.settings.path, four.loaded)
    said = view(four)
    assert said["mood"]["word"] == "file rejected"
    assert "192.0.2.300" in said["reload"]["problems"][0]
