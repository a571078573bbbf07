"""Keeps the garbage collector from going through a large zone again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """For reading and compiling: what is made meanwhile is taken to stay.

    The collector would look at each of a million new objects several times while every thread
    waits for it, the one that answers included. So it rests, and afterwards does not look at what
    is there: zones hold no cycles, and go by their reference counts when they are replaced.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
