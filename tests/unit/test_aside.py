"""Work goes on aside, comes back whole, and is not waited for at the end."""

import asyncio
import threading

import pytest

from rrdns.aside import aside


async def test_it_runs_on_another_thread_and_returns() -> None:
    assert await aside(threading.get_ident) != threading.get_ident()
    assert await aside(max, 1, 2) == 2


async def test_what_it_raises_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(divmod, 1, 0)


def test_the_end_does_not_wait_for_it() -> None:
    release = threading.Event()

    async def begin() -> None:
        task = asyncio.ensure_future(aside(release.wait))
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(begin())  # would not return
    release.set()
