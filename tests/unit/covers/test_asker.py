"""Each agent is asked in its rhythm, by itself; its word is passed on, or why there is none; and
nothing of it goes on after the end.
"""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from aiohttp import web

from harness.awaiting import eventually
from harness.process import free_ports
from rrdns import __version__
from rrdns.config.settings import TakeoverSettings
from rrdns.covers.asker import Asker
from rrdns.covers.words import MOST_OCTETS
from rrdns.pool.cover import Claim, Word
from rrdns.serve.loops import fastest_loop

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

STATUS = {
    "host": "hertz",
    "vips": {"192.168.0.127": {"owner": "marconi", "rank": 1, "holds": True, "contested": None}},
}
WORD = Word("hertz", {ip_address("192.168.0.127"): Claim("marconi", 1, holds=True)})
FAST = {"interval_s": 0.01, "timeout_s": 20.0}


class Ears:
    """What was heard of each agent."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Word | str]] = {}
        self.asker = Asker(self.hear)

    def hear(self, url: str, said: Word | str) -> None:
        self.heard.setdefault(url, []).append(said)

    def follow(self, *urls: str, **rhythm: float) -> None:
        self.asker.follow(TakeoverSettings(urls, **{**FAST, **rhythm}))

    async def next_of(self, url: str) -> Word | str:
        """What is heard of an agent from now on."""
        before = len(self.heard.get(url, ()))
        await eventually(lambda: len(self.heard.get(url, ())) > before)
        return self.heard[url][-1]


@pytest.fixture
async def ears() -> AsyncIterator[Ears]:
    ears = Ears()
    yield ears
    await ears.asker.aclose()


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """The URL of a server that answers so."""
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


def says(text: str, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(text=text, status=status, headers=headers)

    return answer


async def test_a_word_is_asked_for_again_and_again(ears: Ears) -> None:
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request)
        return web.json_response(STATUS)

    async with serving(answer) as url:
        ears.follow(f"{url}status?all=1")
        await eventually(lambda: len(asked) > 2)
        assert await ears.next_of(f"{url}status?all=1") == WORD
    assert (asked[0].method, asked[0].path_qs) == ("GET", "/status?all=1")
    assert asked[0].headers["Accept"] == "application/json"
    assert asked[0].headers["User-Agent"] == f"rrdns/{__version__}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says("{}"), "not an agent's status: host: Field required"),
        (says("[1"), "not an agent's status: the whole: Invalid JSON"),
        (says("", 503), "status 503, wanted 200"),
        (says("", 301, Location="http://192.0.2.1/"), "status 301, wanted 200"),
        (says(" " * (MOST_OCTETS + 1)), f"it has more than {MOST_OCTETS} octets"),
        (says("x", **{"Content-Encoding": "gzip"}), "not an agent's status"),
    ],
    ids=["no agent", "no JSON", "an error", "elsewhere", "too much", "compressed"],
)
async def test_nonsense_is_told_with_its_reason(ears: Ears, answer: Answer, reason: str) -> None:
    async with serving(answer) as url:
        ears.follow(url)
        said = await ears.next_of(url)
    assert isinstance(said, str)
    assert reason in said


async def test_words_without_end_are_bounded(ears: Ears) -> None:
    sent = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 4096)
            sent += 4096

    async with serving(answer) as url:
        ears.follow(url, interval_s=10)
        assert "octets" in str(await ears.next_of(url))
    assert sent < 100 * MOST_OCTETS  # what buffers on the way have taken, and no more


@pytest.mark.parametrize("after", ["nothing", "headers"])
async def test_who_is_silent_is_waited_for_as_long_as_was_said(ears: Ears, after: str) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        if after == "headers":
            await response.prepare(request)
        await asyncio.sleep(3600)
        return response

    async with serving(answer) as url:
        ears.follow(url, timeout_s=0.05)
        assert await ears.next_of(url) == "no answer within 0.05 s"


async def test_who_is_not_there_is_told_and_one_that_comes_is_heard(ears: Ears) -> None:
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}/"
    ears.follow(url)
    assert await ears.next_of(url) == "connection refused"
    server = await asyncio.get_running_loop().create_server(
        web.Server(says(json.dumps(STATUS))), "127.0.0.1", port
    )
    await eventually(lambda: ears.heard[url][-1] == WORD)
    server.close()


async def test_one_that_is_silent_holds_up_no_other(ears: Ears) -> None:
    never = asyncio.Event()

    async def answer(_: web.BaseRequest) -> web.Response:
        await never.wait()
        return web.Response()

    async with serving(answer) as silent, serving(says(json.dumps(STATUS))) as url:
        ears.follow(silent, url)
        await eventually(lambda: len(ears.heard.get(url, ())) > 5)
        assert silent not in ears.heard
        never.set()


async def test_an_edit_begins_and_ends_it(ears: Ears) -> None:
    async with serving(says(json.dumps(STATUS))) as one, serving(says("{}")) as two:
        ears.follow(one)
        await ears.next_of(one)
        ears.follow(two)
        heard = len(ears.heard[one])
        for _ in range(3):
            await ears.next_of(two)
        assert len(ears.heard[one]) == heard
        ears.follow()
        before = {url: len(said) for url, said in ears.heard.items()}
        await asyncio.sleep(0.05)
        assert {url: len(said) for url, said in ears.heard.items()} == before


async def test_the_same_again_disturbs_nobody(ears: Ears) -> None:
    """With so long an interval a second word would be due to a new beginning."""
    async with serving(says(json.dumps(STATUS))) as url:
        ears.follow(url, interval_s=10)
        await ears.next_of(url)
        ears.follow(url, interval_s=10)
        await asyncio.sleep(0.05)
        assert len(ears.heard[url]) == 1
        ears.follow(url, interval_s=9)
        await ears.next_of(url)


async def test_a_fault_of_who_hears_is_logged_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[str] = []

    def hear(url: str, _: Word | str) -> None:
        heard.append(url)
        raise RuntimeError("a defect")

    asker = Asker(hear)
    async with serving(says(json.dumps(STATUS))) as url:
        asker.follow(TakeoverSettings((url,), **FAST))
        await eventually(lambda: len(heard) > 2)
        await asker.aclose()
    assert "please report this" in caplog.text


@pytest.mark.parametrize("loop", [None, fastest_loop()], ids=["asyncio", "fastest"])
def test_the_end_leaves_nothing_open_on_either_loop(
    loop: Callable[[], asyncio.AbstractEventLoop] | None, recwarn: pytest.WarningsRecorder
) -> None:
    """In the middle of a question, too."""

    async def story() -> None:
        begun = asyncio.Event()

        async def answer(_: web.BaseRequest) -> web.Response:
            begun.set()
            await asyncio.sleep(3600)
            return web.Response()

        async with serving(answer) as silent, serving(says(json.dumps(STATUS))) as url:
            ears = Ears()
            ears.follow(silent, url)
            assert await ears.next_of(url) == WORD
            await begun.wait()
            await ears.asker.aclose()
            assert silent not in ears.heard

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())
    gc.collect()
    assert [str(each.message) for each in recwarn if each.category is ResourceWarning] == []


async def test_what_was_never_begun_can_be_ended() -> None:
    asker = Asker(lambda *_: None)
    asker.follow(TakeoverSettings())
    await asker.aclose()
