"""What goes on in the background of a server ends with it, whatever it is doing at that moment."""

import asyncio
from pathlib import Path

import pytest

from rrdns import app as module
from rrdns.app import App
from rrdns.load import load

ZONE = """\
$TTL 60
@   SOA ns1 hostmaster 7 3600 600 86400 60
    NS  ns1
ns1 A   192.0.2.53
"""
MOST_STEPS = 12  # of the loop, in which the state is written down more than once


@pytest.fixture
def app(tmp_path: Path) -> App:
    (tmp_path / "linux.example.zone").write_text(ZONE)
    (tmp_path / "rrdns.yaml").write_text(
        "zones: {linux.example: linux.example.zone}\nstate: {file: state.json}\n"
    )
    return App(load(tmp_path / "rrdns.yaml"))


@pytest.mark.parametrize("steps", range(MOST_STEPS))
async def test_remembering_ends_though_there_is_news_at_that_moment(
    app: App, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """asyncio.wait_for, until Python 3.12, swallows a cancellation then."""

    async def remember() -> bool:
        app.steward.news.set()
        return True

    monkeypatch.setattr(module, "REMEMBERED_AT_MOST_EVERY_S", 0.0)
    monkeypatch.setattr(app, "remember", remember)
    remembering = asyncio.get_running_loop().create_task(app._remember())
    for _ in range(steps):
        await asyncio.sleep(0)
    remembering.cancel()
    for _ in range(MOST_STEPS):
        await asyncio.sleep(0)
    ended = remembering.cancelled()
    remembering.cancel()
    assert ended
