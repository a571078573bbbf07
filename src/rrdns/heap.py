"""Keeps the garbage collector from going through a large zone again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 100_000  # objects; a collection of fewer takes some milliseconds
YOUNG = 10_000  # objects; to look at them takes less than a millisecond
GENERATIONS = (20, 20)  # what is known of a member lives from one probe to the next
OBJECTS_OF_A_MEMBER = 50  # about: itself, its targets, what is known of them, its records


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


def settle(members: int) -> None:
    """Has the collector look no more at what is there, where so many members make it many objects.

    Else it would go through all that is known of them while health changes, and every thread of
    Python's would wait for it. What the probes make anew is looked at less often.
    """
    if members * OBJECTS_OF_A_MEMBER > MANY:
        gc.freeze()
        gc.set_threshold(YOUNG, *GENERATIONS)


def let_go(pieces: list[object]) -> None:
    """Forgets `pieces`, which nobody else has, one by one, and best on a thread of its own.

    What has a hundred thousand parts and is forgotten at once takes them all apart before any other
    thread of Python's gets a turn.
    """
    while pieces:
        pieces.pop()
