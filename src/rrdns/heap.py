"""Keeps the garbage collector from going through a large zone again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 100_000  # objects; a collection of fewer takes some milliseconds


@contextmanager
def undisturbed() -> Iterator[None]:
    """For reading and compiling: what is made meanwhile is taken to stay.

    The collector would look at each of a million new objects several times while every thread
    waits for it, the one that answers included. So it rests, and if there are many it does not
    look at what is there afterwards either: zones hold no cycles, and go by their reference
    counts when they are replaced. What little else there was in cycles then is never collected,
    which is why it is not done for a few.
    """
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > MANY:
            gc.freeze()
        gc.enable()
