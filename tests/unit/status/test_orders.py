"""An order is carried out for who may give it, in words that are understood; all else changes
nothing and is told why.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from harness.awaiting import eventually
from rrdns.config.settings import ControlSettings
from rrdns.pool.duty import Duty
from rrdns.status.orders import WORDS
from rrdns.status.site import StatusSite

from .conftest import ANY_PORT, CONFIG, MakeServer, Server

WWW = "/pools/www.linux.example/members"
ONE, TWO, SIX = (f"{WWW}/{address}" for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"))
TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def control(server: Server, tmp_path: Path) -> AsyncIterator[StatusSite]:
    """The status server of `server`, with a control socket and a token."""
    (tmp_path / "token").write_text(TOKEN)
    settings = ControlSettings(tmp_path / "control.sock", tmp_path / "token")
    server.loaded = replace(
        server.loaded, settings=replace(server.loaded.settings, control=settings)
    )
    site = StatusSite(server, ANY_PORT, settings)
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def unix(control: StatusSite, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """An operator at the control socket."""
    connector = aiohttp.UnixConnector(str(tmp_path / "control.sock"))
    async with aiohttp.ClientSession("http://rrdns", connector=connector) as session:
        yield session


@pytest.fixture
async def tcp(control: StatusSite) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who comes by TCP."""
    host, port = control.address
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session


async def post(client: aiohttp.ClientSession, path: str, **how: Any) -> tuple[int, Any]:
    async with client.post(path, **how) as reply:
        return reply.status, await reply.json()


def duties(server: Server) -> set[Duty]:
    return {each.duty for each in server.steward.roster.assignments.values()}


async def test_an_order_is_carried_out_and_the_member_reported(
    unix: aiohttp.ClientSession, server: Server
) -> None:
    words = {"for": "2h", "reason": "disk\nfull", "force": "0"}
    status, report = await post(unix, f"{ONE}/drain", params=words)
    assert (status, report["address"], report["in_rotation"]) == (200, "192.0.2.1", False)
    assert (report["duty"]["order"], report["duty"]["reason"]) == ("drain", "disk full")
    assert report["duty"]["until"] > report["duty"]["since"]
    assert (report["duty"]["safe"], report["not_kept"]) == (False, "state.file is not set")
    status, report = await post(unix, f"{ONE}/ready")
    assert (status, report["duty"]["order"], report["in_rotation"]) == (200, "ready", True)
    assert duties(server) == set()


async def test_a_drill_lasts_a_minute_unless_said_otherwise(unix: aiohttp.ClientSession) -> None:
    status, report = await post(unix, f"{ONE}/drill")
    assert status == 200
    assert report["drill_until"]
    assert report["duty"]["order"] == "ready"


async def test_what_was_not_written_down_is_told_with_the_reason(
    unix: aiohttp.ClientSession, server: Server
) -> None:
    server.memory.problem = "no room"
    assert (await post(unix, f"{ONE}/drain"))[1]["not_kept"] == "no room"


@pytest.mark.parametrize(
    "path",
    [
        f"{SIX}/drain",
        f"{WWW}/2001:DB8:0::1/drain",
        f"{WWW}/2001%3Adb8%3A%3A1/drain",
        "/pools/WWW.linux.example./members/2001:db8::1/drain",
        "/pools/%77ww.linux.example/members/2001:db8::1/drain",
    ],
)
async def test_a_member_is_found_however_it_is_written(
    unix: aiohttp.ClientSession, path: str
) -> None:
    status, report = await post(unix, f"{path}?force=1")
    assert (status, report["address"]) == (200, "2001:db8::1")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/pools/no.example/members/192.0.2.1/drain", 404, "there is no pool no.example"),
        ("/pools/a..b/members/192.0.2.1/drain", 404, "there is no pool a..b"),
        (f"{WWW}/192.0.2.9/drain", 404, "it has 192.0.2.1, 192.0.2.2, 2001:db8::1"),
        (f"{WWW}/marconi/drain", 404, "marconi is no member"),
        (f"{ONE}/frobnicate", 404, "ORDER: drain, maint, ready, drill"),
        (f"{ONE}/drain/", 404, "ORDER: drain"),
        (f"{ONE}/drain?for=2parsecs", 400, "for: "),
        (f"{ONE}/drain?for=0s", 400, "write 1s to 90d"),
        (f"{ONE}/drain?for=", 400, "for: "),
        (f"{ONE}/drain?force=yes", 400, "force: 'yes' is not 1"),
        (f"{ONE}/drain?until=noon", 400, "drain has no word 'until'; it has for, reason, force"),
        (f"{ONE}/ready?for=2h", 400, "ready has no word 'for'; it has reason"),
        (f"{ONE}/drill?reason=fun", 400, "drill has no word 'reason'"),
        (f"{SIX}/drain", 409, "0 of the 1 IPv6 members of www.linux.example."),
        (f"{SIX}/drill", 409, "refused: 0 of the 1 IPv6 members"),
    ],
)
async def test_what_is_not_carried_out_is_told_why(
    unix: aiohttp.ClientSession, server: Server, path: str, status: int, said: str
) -> None:
    found, report = await post(unix, path)
    assert (found, said in report["error"]) == (status, True), report
    assert duties(server) == set()


async def test_a_pool_of_any_name_takes_orders(make_server: MakeServer, tmp_path: Path) -> None:
    """Even of one with a slash in it."""
    zone = "$TTL 60\n@ SOA ns1 h 7 3600 600 86400 60\n NS ns1\nns1 A 192.0.2.53\n"
    config = CONFIG.replace("pools:\n  www.linux.example", "pools:\n  a/b.linux.example")
    server = make_server(config, f"{zone}a/b A 192.0.2.1\na/b A 192.0.2.2\n")
    await server.start()
    site = StatusSite(server, ANY_PORT, ControlSettings(tmp_path / "control.sock"))
    await site.start()
    connector = aiohttp.UnixConnector(str(tmp_path / "control.sock"))
    async with aiohttp.ClientSession("http://rrdns", connector=connector) as session:
        path = "/pools/a%2Fb.linux.example/members/192.0.2.1/drain"
        assert (await post(session, path))[0] == 200
    await site.stop()


async def test_before_the_server_is_ready_it_takes_no_orders(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server()
    site = StatusSite(server, ANY_PORT, ControlSettings(tmp_path / "control.sock"))
    await site.start()
    connector = aiohttp.UnixConnector(str(tmp_path / "control.sock"))
    async with aiohttp.ClientSession("http://rrdns", connector=connector) as session:
        status, report = await post(session, f"{ONE}/drain")
    assert (status, report["error"]) == (503, "not ready: the first round of probes is not done")
    await site.stop()
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer 0123456789abcdeX"}])
async def test_by_tcp_an_order_needs_the_token(
    tcp: aiohttp.ClientSession, server: Server, headers: dict[str, str]
) -> None:
    async with tcp.post(f"{ONE}/drain", headers=headers) as reply:
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        assert TOKEN not in await reply.text()
    assert duties(server) == set()


async def test_with_the_token_an_order_is_carried_out_until_it_is_changed(
    tcp: aiohttp.ClientSession, server: Server, tmp_path: Path
) -> None:
    assert (await post(tcp, f"{ONE}/drain", headers=BEARER))[0] == 200
    assert duties(server) == {Duty.DRAIN}
    (tmp_path / "token").write_text("another secret, as long")
    assert (await post(tcp, f"{ONE}/ready", headers=BEARER))[0] == 401
    (tmp_path / "token").unlink()
    status, report = await post(tcp, f"{ONE}/ready", headers=BEARER)
    assert (status, "can not be read" in report["error"]) == (403, True)
    assert duties(server) == {Duty.DRAIN}


async def test_without_a_token_file_no_order_comes_in_by_tcp(
    client: aiohttp.ClientSession, server: Server
) -> None:
    status, report = await post(client, f"{ONE}/drain", headers=BEARER)
    assert (status, "set control.token_file" in report["error"]) == (403, True)
    assert duties(server) == set()


@pytest.mark.parametrize("order", WORDS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_a_post_is_an_order(
    unix: aiohttp.ClientSession, server: Server, order: str, method: str
) -> None:
    """A link, a prefetch, or a page of somebody else's that a browser is at, orders nothing."""
    async with unix.request(method, f"{ONE}/{order}") as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "POST")
    assert duties(server) == set()


async def test_a_post_to_anything_else_is_refused(unix: aiohttp.ClientSession) -> None:
    for path in ("/", "/status", "/pools/www.linux.example"):
        async with unix.post(path) as reply:
            assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


async def test_an_order_has_no_body(unix: aiohttp.ClientSession, server: Server) -> None:
    assert (await post(unix, f"{ONE}/drain", data=b"for=2h"))[0] == 413
    assert duties(server) == set()
    assert (await post(unix, f"{ONE}/drain", headers={"Content-Length": "0"}))[0] == 200


async def test_a_crowd_at_the_status_keeps_no_operator_out(
    control: StatusSite, unix: aiohttp.ClientSession
) -> None:
    crowd = [await asyncio.open_connection(*control.address) for _ in range(100)]
    assert (await post(unix, f"{ONE}/drain"))[0] == 200
    for _, writer in crowd:
        writer.close()


async def test_the_usual_place_that_another_server_has_is_done_without(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    usual = tmp_path / "control.sock"
    monkeypatch.setattr("rrdns.config.settings.DEFAULT_CONTROL_SOCKET", usual)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(usual))
        other.listen()
        site = StatusSite(server, ANY_PORT, ControlSettings())
        await site.start()
        assert "another server listens there" in caplog.text
        assert "no order comes in by a unix socket" in caplog.text
        await site.stop()
        assert usual.exists()


async def test_an_order_whose_client_is_gone_is_carried_out(
    control: StatusSite, server: Server, tmp_path: Path
) -> None:
    del control
    _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    writer.write(f"POST {ONE}/maint HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    writer.close()
    await asyncio.wait_for(server.steward.news.wait(), 20)
    await eventually(lambda: duties(server) == {Duty.MAINT})
