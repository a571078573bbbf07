"""The page is drawn once for all who follow, and each gets what is new to it, and no more."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.awaiting import eventually
from rrdns.status import events
from rrdns.status.events import Broadcast
from rrdns.status.page.document import Frame

LONGEST_S = 30.0  # bounds a hang


@dataclass
class Scene:
    """What there is to see, and how often it was drawn."""

    fragments: dict[str, str] = field(default_factory=lambda: {"summary": "calm", "pool:a": "up"})
    drawn: list[set[str]] = field(default_factory=list)
    fault: bool = False

    def look(self, wanted: str) -> dict[str, Any]:
        return {"wanted": wanted, "at": str(len(self.drawn))}

    def draw(self, views: dict[str, dict[str, Any]]) -> dict[str, Frame]:
        self.drawn.append(set(views))
        if self.fault:
            raise RuntimeError("a defect")
        pools = tuple(id_ for id_ in self.fragments if id_.startswith("pool:"))
        return {
            wanted: Frame(view["at"], "calm - rrdns", "data:,", pools, dict(self.fragments))
            for wanted, view in views.items()
        }


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(events, "EVERY_S", 0.001)
    monkeypatch.setattr(events, "LEAST_REST", 0)
    return Scene()


@pytest.fixture
async def broadcast(scene: Scene) -> AsyncIterator[Broadcast]:
    broadcast = Broadcast(scene.look, scene.draw, "digest")
    yield broadcast
    broadcast.close()


async def following(broadcast: Broadcast, wanted: str = "") -> AsyncGenerator[bytes]:
    """A stream whose first message, how soon to come back, is read."""
    stream = broadcast.follow(wanted)
    assert await message(stream) == b"retry: 2000\n\n"
    return stream


async def message(stream: AsyncGenerator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), LONGEST_S)


async def update(stream: AsyncGenerator[bytes]) -> dict[str, Any]:
    """The next update."""
    event, data, *rest = (await message(stream)).decode().split("\n")
    assert (event, rest) == ("event: update", ["", ""])
    told: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return told


async def drawn_again(scene: Scene, times: int = 2) -> None:
    """Waits until the scene was drawn so many more times."""
    goal = len(scene.drawn) + times
    await eventually(lambda: len(scene.drawn) >= goal)


async def test_a_stream_begins_with_all_and_goes_on_with_what_is_new(
    broadcast: Broadcast, scene: Scene
) -> None:
    stream = await following(broadcast)
    first = await update(stream)
    assert first["fragments"] == {"summary": "calm", "pool:a": "up"}
    assert (first["pools"], first["page"]) == (["pool:a"], "digest")
    scene.fragments["pool:a"] = "down\n"
    second = await update(stream)
    assert second["fragments"] == {"pool:a": "down\n"}


async def test_where_nothing_is_new_nothing_is_sent(broadcast: Broadcast, scene: Scene) -> None:
    stream = await following(broadcast)
    await update(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await drawn_again(scene, 5)
    assert not waiting.done()
    scene.fragments["summary"] = "storm"
    assert b"storm" in await waiting


async def test_a_silent_stream_is_heard_from_now_and_then(
    broadcast: Broadcast, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await following(broadcast)
    await update(stream)
    monkeypatch.setattr(events, "BEAT_S", 0.01)
    assert await message(stream) == b"event: beat\ndata:\n\n"
    assert await message(stream) == b"event: beat\ndata:\n\n"


async def test_a_pool_that_went_and_came_back_is_sent_anew(
    broadcast: Broadcast, scene: Scene
) -> None:
    stream = await following(broadcast)
    await update(stream)
    gone = scene.fragments.pop("pool:a")
    assert (await update(stream))["pools"] == []
    scene.fragments["pool:a"] = gone
    assert (await update(stream))["fragments"] == {"pool:a": gone}


async def test_a_slow_reader_skips_what_is_out_of_date(broadcast: Broadcast, scene: Scene) -> None:
    stream = await following(broadcast)
    await update(stream)
    for number in range(5):
        scene.fragments["summary"] = str(number)
        await drawn_again(scene)
    assert (await update(stream))["fragments"] == {"summary": "4"}
    waiting = asyncio.ensure_future(anext(stream))
    await drawn_again(scene)
    assert not waiting.done()
    waiting.cancel()


async def test_one_drawing_serves_all_who_want_the_same(broadcast: Broadcast, scene: Scene) -> None:
    streams = [await following(broadcast, wanted) for wanted in ("", "", "www")]
    waiting = [asyncio.ensure_future(update(stream)) for stream in streams]
    told = await asyncio.gather(*waiting)
    assert [each["fragments"] for each in told] == [scene.fragments] * 3
    assert scene.drawn[-1] == {"", "www"}


async def test_nothing_is_drawn_while_nobody_follows(broadcast: Broadcast, scene: Scene) -> None:
    assert scene.drawn == []
    stream = await following(broadcast)
    await update(stream)
    await stream.aclose()
    assert broadcast.followers == 0
    await eventually(lambda: not broadcast.is_drawing)
    drawn = len(scene.drawn)
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert len(scene.drawn) == drawn
    assert (await update(await following(broadcast)))["fragments"] == scene.fragments


async def test_of_too_many_the_oldest_gives_way_and_stays_away_for_a_while(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 2)
    first, second, third = [await following(broadcast) for _ in range(3)]
    assert broadcast.followers == 2
    assert await message(first) == b"retry: 60000\n\n"
    with pytest.raises(StopAsyncIteration):
        await message(first)
    for stream in (second, third):
        assert (await update(stream))["fragments"]


async def test_the_end_ends_all_streams(broadcast: Broadcast) -> None:
    streams = [await following(broadcast) for _ in range(3)]
    broadcast.close()
    for stream in streams:
        assert await message(stream) == b"retry: 2000\n\n"
        with pytest.raises(StopAsyncIteration):
            await message(stream)
    assert broadcast.followers == 0


async def test_a_defect_is_logged_once_and_ends_the_streams(
    broadcast: Broadcast, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.fault = True
    stream = await following(broadcast)
    assert await message(stream) == b"retry: 60000\n\n"
    assert caplog.text.count("please report this") == 1
    scene.fault = False
    assert (await update(await following(broadcast)))["fragments"]


async def test_drawing_takes_a_small_part_of_the_time_however_slow_it_is(
    broadcast: Broadcast, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LEAST_REST", 1e9)
    stream = await following(broadcast)
    await update(stream)
    scene.fragments["summary"] = "storm"
    waiting = asyncio.ensure_future(anext(stream))
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert len(scene.drawn) == 1
    waiting.cancel()
