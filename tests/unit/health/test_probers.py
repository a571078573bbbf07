"""Every type of check has a prober, and every prober ends in its time."""

import asyncio

import pytest

from rrdns.health import check
from rrdns.health.probes import PROBERS
from rrdns.health.probes.prober import CLEAN_UP_S, within

from .conftest import Run


def test_every_type_of_check_is_registered() -> None:
    kinds = {kind for kind in vars(check).values() if isinstance(kind, type)}
    assert set(PROBERS) == {kind for kind in kinds if issubclass(kind, check.Check)} - {check.Check}


def test_what_ends_in_time_is_handed_through(run_virtual: Run) -> None:
    async def work() -> str:
        await asyncio.sleep(0.9)
        return "done"

    assert run_virtual(within(1.0, work())) == "done"


def test_what_fails_in_time_fails_as_it_did(run_virtual: Run) -> None:
    async def work() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        run_virtual(within(1.0, work()))


def test_what_does_not_end_is_cancelled(run_virtual: Run) -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        run_virtual(within(1.0, work()))
    assert cancelled.is_set()


def test_what_refuses_to_be_cancelled_does_not_hold_up_the_answer(run_virtual: Run) -> None:
    async def work() -> None:
        end = asyncio.get_running_loop().time() + 1e6
        while asyncio.get_running_loop().time() < end:
            try:
                await asyncio.sleep(1e6)
            except asyncio.CancelledError:
                end = min(end, 1e5)

    async def story() -> float:
        with pytest.raises(TimeoutError):
            await within(1.0, work())
        return asyncio.get_running_loop().time()

    assert run_virtual(story()) == pytest.approx(1.0 + CLEAN_UP_S)


def test_cancelling_the_probe_cancels_its_work(run_virtual: Run) -> None:
    async def story() -> None:
        probe = asyncio.ensure_future(within(1e6, asyncio.sleep(1e6)))
        await asyncio.sleep(1.0)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(story())
