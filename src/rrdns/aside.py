"""Work that takes its time, off the event loop, and in nobody's way when the server stops."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar, TypeVarTuple, Unpack

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Daemons(Executor):
    """A thread for each piece of work; the end of the process waits for none of them."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()

        def run() -> None:
            try:
                done.set_result(work(*args, **kwargs))
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=run, name=f"rrdns-{work.__name__}", daemon=True).start()
        return done


_DAEMONS = _Daemons()


async def aside(work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """What `work` returns or raises, computed on a thread of its own.

    asyncio.to_thread would have the end of the process wait for it; this thread is a daemon, and
    what it was computing is not missed.
    """
    return await asyncio.get_running_loop().run_in_executor(_DAEMONS, work, *args)
