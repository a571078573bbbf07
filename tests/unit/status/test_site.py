"""Each path answers what it is for, and nothing that a stranger asks changes anything."""

import asyncio
import json
import logging
import socket
from ipaddress import ip_address

import aiohttp
import pytest

from rrdns.config.settings import Listen
from rrdns.load import load
from rrdns.serve.sockets import ListenError
from rrdns.status.metrics import CONTENT_TYPE
from rrdns.status.pools import PoolReports
from rrdns.status.report import report
from rrdns.status.site import StatusSite
from rrdns.status.text import render

from .conftest import ANY_PORT, CONFIG, Server

PAGES = [
    "/",
    "/view",
    "/status",
    "/pools/www.linux.example",
    "/incidents",
    "/trace",
    "/healthz",
    "/readyz",
    "/metrics",
]


def without_uptime(text: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(text)
    return {key: value for key, value in said.items() if key != "uptime_s"}


async def test_status_is_the_report_as_json(client: aiohttp.ClientSession, server: Server) -> None:
    async with client.get("/status") as reply:
        assert reply.status == 200
        assert reply.content_type == "application/json"
        text = await reply.text()
    assert text.endswith("}\n")
    assert without_uptime(text) == without_uptime(json.dumps(report(server)))


async def test_the_root_is_the_readable_table(
    client: aiohttp.ClientSession, server: Server
) -> None:
    async with client.get("/") as reply:
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        table = await reply.text()
    assert table.splitlines()[1:] == render(report(server)).splitlines()[1:]


async def test_metrics_are_exposed_for_prometheus(client: aiohttp.ClientSession) -> None:
    async with client.get("/metrics", headers={"Accept": "text/plain;version=x"}) as reply:
        assert reply.headers["Content-Type"] == CONTENT_TYPE
        assert "rrdns_ready 1.0\n" in await reply.text()


async def test_health_says_that_the_process_serves(
    client: aiohttp.ClientSession, server: Server
) -> None:
    server.ready = False
    async with client.get("/healthz") as reply:
        assert (reply.status, await reply.text()) == (200, "ok\n")


async def test_readiness_follows_the_server(client: aiohttp.ClientSession, server: Server) -> None:
    statuses = []
    for ready in (False, True, False):
        server.ready = ready
        async with client.get("/readyz") as reply:
            statuses.append(reply.status)
    assert statuses == [503, 200, 503]


@pytest.mark.parametrize(
    "name",
    [
        "www.linux.example",
        "www.linux.example.",
        "WWW.Linux.EXAMPLE.",
        r"\119ww.linux.example",
        "%77ww.linux.example",
    ],
)
async def test_a_pool_is_found_however_its_name_is_written(
    client: aiohttp.ClientSession, server: Server, name: str
) -> None:
    async with client.get(f"/pools/{name}") as reply:
        assert reply.status == 200
        [pool] = server.loaded.pools
        assert await reply.json() == PoolReports(server, recent=True).of(pool)


async def test_an_internationalised_pool_is_found_by_both_its_names(server: Server) -> None:
    path = server.loaded.settings.path
    zone = path.parent / "linux.example.zone"
    zone.write_text(zone.read_text() + "xn--bcher-kva A 192.0.2.7\n")
    path.write_text(
        CONFIG.replace("www.linux.example", "xn--bcher-kva.linux.example").replace(
            "192.0.2.1:", "192.0.2.7:"
        )
    )
    server.loaded = load(path)
    site = StatusSite(server, ANY_PORT)
    await site.start()
    host, port = site.address
    async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
        for name in ("bücher.linux.example", "xn--bcher-kva.linux.example"):
            async with client.get(f"/pools/{name}") as reply:
                assert reply.status == 200
    await site.stop()


@pytest.mark.parametrize("name", ["ftp.linux.example", "", "a..b", "x" * 64, "%00", "a/b"])
async def test_a_pool_that_is_not_there_gets_an_answer_in_json(
    client: aiohttp.ClientSession, name: str
) -> None:
    async with client.get(f"/pools/{name}") as reply:
        assert reply.status == 404
        said = await reply.json()
    assert said["error"]
    assert said["pools"] == ["www.linux.example."]


@pytest.mark.parametrize("path", ["/nothing", "/status/", "/pools", "/../etc/passwd"])
async def test_an_unknown_path_gets_the_list_of_paths(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path) as reply:
        assert reply.status == 404
        said = await reply.json()
    assert said["paths"] == [
        "/",
        "/view",
        "/events",
        "/status",
        "/incidents",
        "/trace",
        "/healthz",
        "/readyz",
        "/metrics",
        "/pools/NAME",
        "/explain?name=NAME",
    ]


@pytest.mark.parametrize("path", PAGES)
async def test_head_is_get_without_the_body(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as got, client.head(path) as headed:
        assert headed.status == got.status == 200
        assert headed.content_type == got.content_type
        assert await headed.read() == b""
        assert int(headed.headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
async def test_every_other_method_is_refused(
    client: aiohttp.ClientSession, method: str, path: str
) -> None:
    async with client.request(method, path) as reply:
        assert reply.status == 405
        assert reply.headers["Allow"] == "GET, HEAD"
        assert "reading" in (await reply.json())["error"]


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
async def test_no_reply_is_cached_or_guessed_at_or_open_to_other_sites(
    client: aiohttp.ClientSession, path: str
) -> None:
    for method in ("GET", "POST"):
        async with client.request(method, path, headers={"Origin": "http://evil.example"}) as reply:
            assert reply.headers["Cache-Control"] == "no-store"
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert not [name for name in reply.headers if name.startswith("Access-Control")]


async def test_a_fault_of_ours_costs_one_reply_and_is_logged(
    client: aiohttp.ClientSession, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = server.loaded
    server.loaded = None  # type: ignore[assignment]  # what a defect could lead to
    async with client.get("/status") as reply:
        assert reply.status == 500
        assert "log" in (await reply.json())["error"]
    server.loaded = loaded
    async with client.get("/status") as reply:
        assert reply.status == 200
    assert "please report this" in caplog.text


async def test_what_is_not_http_is_refused_and_not_logged(
    site: StatusSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for words in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"):
        with socket.socket() as raw:
            raw.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(raw, site.address)
            await loop.sock_sendall(raw, words)
            assert (await loop.sock_recv(raw, 4096)).startswith(b"HTTP/1.0 400")
    assert [record for record in caplog.records if "aiohttp" in str(record.exc_info)] == []


async def test_a_taken_port_is_told_with_what_to_do(site: StatusSite, server: Server) -> None:
    host, port = site.address
    other = StatusSite(server, Listen(ip_address(host), port))
    with pytest.raises(ListenError, match=rf"can not listen on {host}:{port}: .*; another server"):
        await other.start()
    await other.stop()


async def test_an_address_that_is_not_ours_is_told_with_what_to_do(server: Server) -> None:
    with pytest.raises(ListenError, match="no interface of this host has that address"):
        await StatusSite(server, Listen(ip_address("192.0.2.1"), 0)).start()


async def test_the_address_is_known_only_while_it_is_bound(server: Server) -> None:
    site = StatusSite(server, ANY_PORT)
    with pytest.raises(RuntimeError):
        _ = site.address
    await site.start()
    host, port = site.address
    assert (host, port > 0) == ("127.0.0.1", True)
    await site.stop()
    with pytest.raises(RuntimeError):
        _ = site.address
    await site.stop()
    again = StatusSite(server, Listen(ip_address(host), port))
    await again.start()
    await again.stop()


async def test_an_explanation_is_text_unless_json_is_asked_for(
    client: aiohttp.ClientSession,
) -> None:
    words = {"name": "www.linux.example", "client": "198.51.100.7"}
    async with client.get("/explain", params=words) as reply:
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "www.linux.example. A: NOERROR" in await reply.text()
    async with client.get(
        "/explain", params=words, headers={"Accept": "application/json"}
    ) as reply:
        assert (await reply.json())["client"] == "198.51.100.7"


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"name": "a..b"},
        {"name": "a", "type": "frob"},
        {"name": "a", "client": "me"},
        {"name": "a", "colour": "red"},
    ],
)
async def test_what_can_not_be_explained_is_a_bad_request(
    client: aiohttp.ClientSession, words: dict[str, str]
) -> None:
    async with client.get("/explain", params=words) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"]
