"""Whoever reaches the agent may read its status; orders come in by the unix socket alone."""

import json
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest

from harness.process import free_ports
from rrdns.agent.orders import read_orders
from rrdns.agent.site import AgentSite
from rrdns.serve.sockets import ListenError
from rrdns.takeover.machine.seen import Order
from rrdns.takeover.plan import Host

from .conftest import FIRST, SECOND, MakeStaffed, Staffed

LOCAL = Host("marconi", ip_address("127.0.0.1"), "lo")
AS_JSON = {"Accept": "application/json"}


@pytest.fixture
async def staffed(make_staffed: MakeStaffed) -> Staffed:
    return make_staffed(here=LOCAL, status_port=free_ports(1)[0])


@pytest.fixture
async def site(staffed: Staffed) -> AsyncIterator[AgentSite]:
    site = AgentSite(staffed.agent)
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def operator(staffed: Staffed, site: AgentSite) -> AsyncIterator[aiohttp.ClientSession]:
    """Who asks by the unix socket."""
    connector = aiohttp.UnixConnector(str(staffed.agent.plan.control))
    async with aiohttp.ClientSession("http://agent", connector=connector) as session:
        yield session


@pytest.fixture
async def visitor(staffed: Staffed, site: AgentSite) -> AsyncIterator[aiohttp.ClientSession]:
    """Who asks by the network."""
    url = f"http://127.0.0.1:{staffed.agent.plan.status_port}"
    async with aiohttp.ClientSession(url) as session:
        yield session


async def test_all_read_the_status(
    operator: aiohttp.ClientSession, visitor: aiohttp.ClientSession
) -> None:
    for session in (operator, visitor):
        async with session.get("/", headers=AS_JSON) as reply:
            assert reply.status == 200
            assert [*(await reply.json())["vips"]] == [str(FIRST.address), str(SECOND.address)]
        async with session.get("/") as reply:
            assert reply.content_type == "text/plain"
            assert (await reply.text()).startswith("rrdns takeover ")


@pytest.mark.parametrize(
    ("word", "order", "state"),
    [
        ("hold", Order.HOLD, "probe"),
        ("release", Order.RELEASE, "wait"),
        ("disable", Order.DISABLE, "disabled"),
        ("enable", Order.FOLLOW, "probe"),
    ],
)
async def test_an_order_is_followed_and_kept(
    staffed: Staffed, operator: aiohttp.ClientSession, word: str, order: Order, state: str
) -> None:
    staffed.sentry(FIRST).obey(Order.HOLD)
    async with operator.post(f"/vips/{FIRST.address}/{word}") as reply:
        assert reply.status == 200
        found = await reply.json()
    assert (found["order"], found["not_kept"]) == (order, None)
    assert found["state"] == state  # it is what has come of the order
    assert staffed.sentry(FIRST).order is order
    assert staffed.sentry(SECOND).order is Order.FOLLOW
    kept = {} if order is Order.FOLLOW else {FIRST.address: order}
    assert read_orders(staffed.agent.plan.control) == kept


async def test_an_address_may_be_written_in_any_way(
    staffed: Staffed, operator: aiohttp.ClientSession
) -> None:
    async with operator.post("/vips/FD00%3A0%3A%3A128/hold") as reply:
        assert reply.status == 200
    assert staffed.sentry(SECOND).order is Order.HOLD


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("POST", "/vips/10.0.0.9/hold", 404, "10.0.0.9 is no virtual address of this host; there"),
        ("POST", "/vips/marconi/hold", 404, "marconi is no virtual address of this host"),
        ("POST", f"/vips/{FIRST.address}/keep", 404, "there is no order 'keep'"),
        ("POST", f"/vips/{FIRST.address}", 404, "there is no order ''"),
        ("GET", f"/vips/{FIRST.address}/hold", 405, "an order is given by POST"),
        ("POST", "/", 405, "this is only for reading"),
        ("GET", "/pools", 404, "nothing is at /pools"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    staffed: Staffed,
    operator: aiohttp.ClientSession,
    method: str,
    path: str,
    status: int,
    said: str,
) -> None:
    async with operator.request(method, path) as reply:
        assert reply.status == status
        assert (await reply.json())["error"].startswith(said)
    assert {sentry.order for sentry in staffed.agent.sentries.values()} == {Order.FOLLOW}


async def test_who_comes_by_the_network_gives_no_orders(
    staffed: Staffed, visitor: aiohttp.ClientSession
) -> None:
    async with visitor.post(f"/vips/{FIRST.address}/hold") as reply:
        assert reply.status == 403
        assert (await reply.json())["error"] == "orders come in by the unix socket only"
    assert staffed.sentry(FIRST).order is Order.FOLLOW


async def test_nobody_sends_a_body(visitor: aiohttp.ClientSession) -> None:
    async with visitor.get("/", data=b"x" * 100_000) as reply:
        assert reply.status == 413


async def test_an_order_that_can_not_be_kept_is_followed_and_told(
    staffed: Staffed, operator: aiohttp.ClientSession
) -> None:
    staffed.agent.plan.control.with_suffix(".orders").mkdir()
    async with operator.post(f"/vips/{FIRST.address}/hold") as reply:
        assert "can not be written" in (await reply.json())["not_kept"]
    assert staffed.sentry(FIRST).order is Order.HOLD


async def test_the_socket_is_for_user_and_group_and_goes_with_the_agent(staffed: Staffed) -> None:
    control = staffed.agent.plan.control
    site = AgentSite(staffed.agent)
    await site.start()
    assert control.stat().st_mode & 0o777 == 0o660
    await site.stop()
    assert not control.exists()


async def test_a_file_where_the_socket_should_be_is_left_alone(staffed: Staffed) -> None:
    control: Path = staffed.agent.plan.control
    control.write_text(json.dumps({"precious": True}))
    site = AgentSite(staffed.agent)
    with pytest.raises(ListenError, match="control"):
        await site.start()
    await site.stop()
    assert json.loads(control.read_text()) == {"precious": True}
