"""Who has each virtual address is told while it is known, and which agents tell."""

from ipaddress import ip_address

import pytest

from rrdns.pool.cover import Claim, Word

from ..conftest import MakeServer, Server
from .scraping import families, value

AGENT, OTHER = "http://192.0.2.12:8056/", "http://192.0.2.13:8056/"
VIP = ip_address("192.0.2.1")
LABELS = {"address": "192.0.2.1", "owner": "marconi"}


@pytest.fixture
async def listening(make_server: MakeServer) -> Server:
    """One that asks an agent."""
    server = make_server()
    await server.start()
    server.steward.covers.listen_to([AGENT], good_for_s=4.0)
    return server


@pytest.mark.parametrize(
    ("claim", "held", "covered", "contested"),
    [
        (Claim("marconi", 0, holds=True), 1, 0, 0),
        (Claim("marconi", 1, holds=True), 1, 1, 0),
        (Claim("marconi", 1, holds=True, contested="02:aa:bb:cc:dd:ee"), 1, 0, 1),
        (Claim("marconi", 1, holds=False), 0, 0, 0),
    ],
    ids=["held", "covered", "contested", "held by nobody"],
)
async def test_an_address(
    listening: Server, claim: Claim, held: int, covered: int, contested: int
) -> None:
    listening.steward.heard(AGENT, Word("hertz", {VIP: claim}))
    assert value(listening, "rrdns_vip_held", **LABELS) == held
    assert value(listening, "rrdns_vip_covered", **LABELS) == covered
    assert value(listening, "rrdns_vip_contested", **LABELS) == contested


async def test_of_an_address_of_which_nothing_is_known_there_is_nothing(listening: Server) -> None:
    listening.steward.covers.listen_to([AGENT, OTHER], good_for_s=4.0)
    word = Word("hertz", {VIP: Claim("marconi", 1, holds=False)})
    listening.steward.heard(AGENT, word)
    for name in ("held", "covered", "contested"):
        assert families(listening)[f"rrdns_vip_{name}"].samples == []


async def test_an_agent_tells_from_its_first_word_until_that_is_too_old(listening: Server) -> None:
    assert value(listening, "rrdns_takeover_agent_telling", url=AGENT) == 0
    listening.steward.heard(AGENT, Word("hertz", {}))
    assert value(listening, "rrdns_takeover_agent_telling", url=AGENT) == 1
    listening.steward.heard(AGENT, "connection refused")
    assert value(listening, "rrdns_takeover_agent_telling", url=AGENT) == 1
    listening.steward.covers.listen_to([AGENT], good_for_s=-1.0)
    listening.steward.heard(AGENT, Word("hertz", {}))
    listening.steward.heard(AGENT, "connection refused")
    assert value(listening, "rrdns_takeover_agent_telling", url=AGENT) == 0
