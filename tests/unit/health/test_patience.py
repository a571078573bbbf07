"""What is over never expires, what is not does so in time, and one timer serves all."""

import asyncio

import pytest

from rrdns.health.probes.patience import Patience

from .conftest import Run
from .network import now


def test_each_expires_after_the_timeout_unless_it_is_over(run_virtual: Run) -> None:
    async def story() -> None:
        over: set[int] = set()
        expired: dict[int, float] = {}
        patience = Patience[int](
            1.0, over.__contains__, lambda n: expired.__setitem__(n, now()) or over.add(n)
        )
        for n in range(50):
            patience.add(n)
            await asyncio.sleep(0.1)
            if n % 3:
                over.add(n)
        await asyncio.sleep(10.0)
        assert expired == pytest.approx({n: n * 0.1 + 1.0 for n in range(0, 50, 3)})
        patience.add(100)
        await asyncio.sleep(2.0)
        assert 100 in expired, "also after a rest"

    run_virtual(story())


def test_nothing_expires_after_the_end(run_virtual: Run) -> None:
    async def story() -> None:
        expired: list[int] = []
        patience = Patience[int](1.0, lambda _: False, expired.append)
        patience.add(1)
        patience.close()
        await asyncio.sleep(10.0)
        assert expired == []

    run_virtual(story())
