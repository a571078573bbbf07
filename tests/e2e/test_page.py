"""A person with a browser sees what the server believes, without reloading and without a mouse.

Real mirrors on hosts of their own, a real server, and a headless Chromium on the server's host.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import lab, process
from harness.awaiting import until
from harness.browser import Browser, browser
from harness.lab import HTTP_PORT, Lab
from harness.promise import ZONE

WWW = "www.lab.example."

CONFIG = f"""
dns: {{listen: ["127.0.0.1:$DNS_PORT"]}}
status: {{listen: "127.0.0.1:$STATUS_PORT"}}
zones: {{lab.example: lab.example.zone}}
checks:
  web: {{type: http, port: {HTTP_PORT}, interval: 500ms, fast_interval: 250ms, timeout: 500ms}}
pools:
  www.lab.example: {{checks: [web], members: {{10.77.2.2: {{name: hertz}}}}}}
  other.lab.example: {{checks: [web]}}
"""

TWO_POOLS = f"""{ZONE}
other  A   10.77.1.2
other  A   10.77.3.2
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """All who play a part."""

    hosts: Lab
    server: process.ServerProcess
    page: Browser

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.status_port}/"

    def row(self, address: str) -> str:
        """What the page shows of a member of www, as one line."""
        return " ".join(self.page.text(f'tr[id="member:{WWW}/{address}"]').split())

    def is_live(self) -> bool:
        return self.page.text("#link") == "Live"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with (
        lab.lab(tmp_path, mirrors=3) as hosts,
        browser(tmp_path, hosts.wrapper) as page,
        process.serving(tmp_path, CONFIG, {"lab.example.zone": TWO_POOLS}, hosts.wrapper) as server,
    ):
        yield Scene(hosts, server, page)


def test_a_mirror_that_dies_and_comes_back_is_seen_without_reloading(scene: Scene) -> None:
    dying, page = scene.hosts.mirrors[1], scene.page
    page.open(scene.url)
    until(scene.is_live)
    assert page.value("document.title") == "all well - rrdns"
    assert " UP for " in scene.row(dying.address)
    well = page.value("document.querySelector('#icon').href")
    page.value("window.sameDocument = true")

    dying.kill()
    until(lambda: " DOWN for " in scene.row(dying.address))
    until(lambda: page.text("#said") == f"hertz in {WWW} is down")
    assert page.value("document.title") == "1 down - rrdns"
    assert page.value("document.querySelector('#icon').href") != well
    assert "connection refused" in scene.row(dying.address)
    assert "not handed out" in scene.row(dying.address)
    assert page.text("#summary strong") == "1 of 5 members is down"
    assert "hertz" in page.text("#incidents")

    dying.start()
    until(lambda: " UP for " in scene.row(dying.address))
    until(lambda: page.text("#said") == f"hertz in {WWW} is up")
    assert page.value("document.title") == "all well - rrdns"
    assert "OPEN" not in page.text("#incidents")
    assert page.value("window.sameDocument") is True
    assert page.errors == []


def test_updates_leave_alone_what_the_reader_is_doing(scene: Scene) -> None:
    page = scene.page
    page.open(scene.url)
    until(scene.is_live)
    page.value("document.querySelector('[id=\"pool:other.lab.example.\"] summary').click()")
    page.value("document.querySelector('[id=\"pool:www.lab.example.\"] summary').focus()")
    page.value("window.row = document.querySelector('tr[id]')")
    page.value("getSelection().selectAllChildren(window.row.querySelector('.address'))")
    before = page.value("document.querySelector('.strip .pass').getAttribute('d')")
    scene.hosts.mirrors[1].kill()
    until(lambda: " DOWN for " in scene.row("10.77.2.2"))
    until(lambda: page.value("document.querySelector('.strip .pass').getAttribute('d')") != before)
    assert page.value("[...document.querySelectorAll('details')].map((each) => each.open)") == [
        True,
        False,
    ]
    assert page.value("document.activeElement.closest('section').id") == f"pool:{WWW}"
    assert page.value("window.row.isConnected") is True
    assert page.value("getSelection().toString()") == "10.77.1.2"


def test_a_lost_connection_is_told_and_found_again(scene: Scene) -> None:
    page, server = scene.page, scene.server
    page.open(scene.url)
    until(scene.is_live)
    server.kill()
    until(lambda: page.text("#link").startswith("Connection lost, trying again"))
    assert " UP for " in scene.row("10.77.2.2")
    scene.hosts.mirrors[1].kill()
    server.start_again()
    until(scene.is_live)
    until(lambda: " DOWN for " in scene.row("10.77.2.2"))


def test_without_javascript_everything_is_there(scene: Scene) -> None:
    page = scene.page
    scene.hosts.mirrors[1].kill()
    until(lambda: b'"state": "down"' in scene.server.get("/status"))
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(scene.url)
    shown = page.text()
    for words in (WWW, "other.lab.example.", "10.77.1.2", "hertz", "connection refused", "DOWN"):
        assert words in shown
    assert "reload for news" in page.text("#link")
    assert page.value("document.querySelectorAll('svg.strip').length") == 5
    assert page.value("document.querySelectorAll('details[open]').length") == 2


def test_who_does_not_see_it_is_told_the_same(scene: Scene) -> None:
    page = scene.page
    scene.hosts.mirrors[1].kill()
    until(lambda: b'"state": "down"' in scene.server.get("/status"))
    for width in (1280, 390):  # as a table, and as cards
        page.look(width=width)
        page.open(scene.url)
        until(scene.is_live)
        found = page.accessible()
        roles = [role for role, _ in found]
        for role in ("banner", "main", "contentinfo", "navigation", "status"):
            assert role in roles
        headings = {name for role, name in found if role == "heading"}
        assert {"State of this name server", "Pools", WWW, "Incidents", "Zones"} <= headings
        assert ("table", f"Members of {WWW}") in found
        columns = {name for role, name in found if role == "columnheader"}
        assert {"Member", "State", "Checks", "First in answers"} <= columns
        assert ("rowheader", "10.77.2.2 hertz") in found
        cells = [name for role, name in found if role in ("cell", "gridcell")]
        assert any(name.lower().startswith("down for") for name in cells)
        strips = [name for role, name in found if role in ("image", "img")]
        assert len(strips) == 5
        assert all(name.startswith("web: last ") for name in strips)


def test_the_keyboard_reaches_everything(scene: Scene) -> None:
    page = scene.page
    page.open(scene.url)
    until(scene.is_live)
    reached = []
    for _ in range(6):
        page.press("Tab", 9)
        reached.append(page.value("document.activeElement.innerText.split('\\n')[0]"))
        outline = page.value("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert reached[0] == "Skip to the pools"
    assert reached[1].startswith("3 of 3 in rotation")
    assert reached[3:] == ["JSON", "Incidents as JSON", "Metrics"]
    page.value("document.querySelector('summary').focus()")
    page.press("Enter", 13, "\r")
    assert page.value("document.querySelector('details').open") is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_is_wider_than_the_screen(scene: Scene, width: int, scheme: str) -> None:
    page = scene.page
    page.look(width=width, scheme=scheme)
    page.open(scene.url)
    until(scene.is_live)
    assert page.value("document.documentElement.scrollWidth") <= width
    ground = page.value("getComputedStyle(document.body).backgroundColor")
    assert (int(ground.removeprefix("rgb(").split(",")[0]) < 128) is (scheme == "dark")
