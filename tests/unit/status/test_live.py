"""What a browser is given over HTTP is a page that runs nothing strange, and stays up to date."""

import asyncio
import itertools
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from rrdns.errors import Place, Problem
from rrdns.status import door, events
from rrdns.status.site import StatusSite

from .conftest import ANY_PORT, FAIL, MakeServer, Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LONGEST_S = 30.0  # bounds a hang


@pytest.fixture(autouse=True)
def _draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn as often as it can be."""
    monkeypatch.setattr(events, "EVERY_S", 0.01)
    monkeypatch.setattr(events, "LEAST_REST", 0)


async def event(reply: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The next event of a stream: its name and its data."""
    name = ""
    async with asyncio.timeout(LONGEST_S):
        async for line in reply.content:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data:") and name:
                return name, json.loads(text.removeprefix("data:") or "null")
    raise AssertionError("the stream has ended")


async def test_a_browser_gets_the_page_and_curl_gets_text(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers=BROWSER) as reply:
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Vary"] == "Accept"
        assert (await reply.text()).startswith("<!doctype html>")
    async with client.get("/", headers={"Accept": "*/*"}) as reply:
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert reply.headers["Vary"] == "Accept"
        assert (await reply.text()).startswith("rrdns ")


async def test_the_page_and_the_view_have_the_pools_that_are_wanted(
    client: aiohttp.ClientSession,
) -> None:
    for wanted, shown in (("www", True), ("ftp", False)):
        async with client.get("/", params={"pool": wanted}, headers=BROWSER) as reply:
            assert ('id="pool:www.linux.example."' in await reply.text()) is shown
        async with client.get("/view", params={"pool": wanted}) as reply:
            assert bool((await reply.json())["pools"]) is shown


@pytest.mark.parametrize("wanted", ['"><script>alert(1)</script>', "\x00", "é" * 5, "x" * 3000])
async def test_whatever_is_wanted_the_page_holds_it_as_text(
    client: aiohttp.ClientSession, wanted: str
) -> None:
    async with client.get("/", params={"pool": wanted}, headers=BROWSER) as reply:
        assert reply.status == 200
        assert (await reply.text()).count("<script") == 1


async def test_hostile_names_and_reasons_stay_text(make_server: MakeServer) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    server = make_server()
    path = server.loaded.settings.path
    path.write_text(path.read_text().replace("marconi", json.dumps(hostile)))
    server = make_server(path.read_text())
    server.findings.say("192.0.2.2", replace(FAIL, reason=hostile))
    await server.start()
    site = StatusSite(server, ANY_PORT)
    await site.start()
    host, port = site.address
    async with (
        aiohttp.ClientSession(f"http://{host}:{port}") as client,
        client.get("/", headers=BROWSER) as reply,
    ):
        page = await reply.text()
    await site.stop()
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=&#34;alert(1)&#34;&gt;") >= 2


async def test_events_tell_what_changes(client: aiohttp.ClientSession, server: Server) -> None:
    async with client.get("/events") as reply:
        assert reply.content_type == "text/event-stream"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        name, data = await event(reply)
        assert name == "update"
        assert data["fragments"].keys() > {"summary", "incidents", "pool:www.linux.example."}
        server.reloads.begun = server.reloads.accepted = 1
        name, data = await event(reply)
        assert "summary" in data["fragments"]


async def test_events_are_about_the_pools_that_are_wanted(client: aiohttp.ClientSession) -> None:
    async with client.get("/events", params={"pool": "ftp"}) as reply:
        assert (await event(reply))[1]["pools"] == []


async def test_head_of_the_events_is_no_stream(client: aiohttp.ClientSession) -> None:
    async with client.head("/events") as reply:
        assert (reply.status, reply.content_type) == (200, "text/event-stream")


async def test_a_stream_may_stay_for_as_long_as_it_is_read(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STAY_S", 0.2)
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    async with client.get("/events") as reply:
        beats = 0
        while beats < 20:  # far longer than STAY_S in all
            name, _ = await event(reply)
            beats += name == "beat"


async def test_who_reads_nothing_has_to_go(
    site: StatusSite, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STAY_S", 0.5)
    _, writer = await asyncio.open_connection(*site.address, limit=1)
    writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")

    async def change_much() -> None:
        for number in itertools.count():
            warning = Problem(Place("rrdns.yaml"), f"{number}" * 100_000, "mend it")
            server.loaded = replace(server.loaded, warnings=(warning,))
            writer.write(b"\r\n")
            await writer.drain()  # fails once the connection is closed
            await asyncio.sleep(0.01)

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(change_much(), LONGEST_S)


async def test_the_end_of_the_server_is_the_end_of_its_streams(server: Server) -> None:
    site = StatusSite(server, ANY_PORT)
    await site.start()
    host, port = site.address
    async with (
        aiohttp.ClientSession(f"http://{host}:{port}") as client,
        client.get("/events") as reply,
    ):
        await event(reply)
        await asyncio.wait_for(site.stop(), LONGEST_S)
        rest = await asyncio.wait_for(reply.content.read(), LONGEST_S)
    assert rest.endswith(b"retry: 2000\n\n")
