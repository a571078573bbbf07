"""The C player. It takes numbers, octets and tuples; `native.py` makes them of values.

Everything is called with the interpreter lock held, and gives it up where it may wait.
"""

from collections.abc import Iterable, Iterator
from typing import Self

class Cursor:
    """Counts of answers: an endless iterator of 0, 1, 2 ..., or of random 32-bit numbers.

    `seed` (64 bits) makes it random (splitmix64). It begins behind `count` numbers (63 bits). Any
    thread may step it.
    """

    def __init__(self, seed: int | None = None, count: int = 0) -> None: ...
    @property
    def count(self) -> int:
        """How many numbers there have been."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> int: ...

class Tally:
    """What one thread has answered; it alone counts, anyone may read."""

    @property
    def silences(self) -> int: ...
    @property
    def left(self) -> int: ...
    @property
    def overflowed(self) -> int: ...
    @property
    def unsent(self) -> int: ...
    def rcodes(self) -> tuple[int, ...]:
        """How many replies there were of each RCODE from 0 to 15."""
    def firsts(self, members: int, /) -> list[int]:
        """How often each of the first so many members came first."""
    def reserve(self, members: int, /) -> None:
        """Makes room for so many members; those beyond are not counted."""

Turning = tuple[
    Iterator[int],  # a Cursor
    int,  # where in the sections the records start,
    int,  # and end
    bytes,  # the records of all members, whole
    tuple[int, ...],  # heads
    tuple[tuple[int, ...], ...],  # bases, of all members each
    int,  # hold
    int,  # how many records a reply has
    tuple[int, ...],  # the number under which each member's firsts are counted
]

class Entry:
    """`answer.entry.Entry`; ValueError where its parts contradict each other."""

    def __init__(
        self,
        rcode: int,
        head: bytes,
        sections: bytes,
        cuts: tuple[tuple[int, int], ...],
        name_octets: int,
        pointers: tuple[int, ...],
        datagram_only: bool,
        turning: Turning | None = None,
        extended_error: bytes = b"",
    ) -> None: ...

Secrets = tuple[bytes, bytes]
Item = tuple[bytes, int | None, bool, Entry | None]

class Table:
    """Names and their entries; immutable."""

    def __init__(self, secrets: Secrets | None, nsid: bytes | None) -> None: ...
    def __len__(self) -> int:
        """How many names there are."""
    def with_entries(self, items: Iterable[Item], secrets: Secrets | None, /) -> Table:
        """The table with these too: (name, type or None, beneath, entry or None)."""
    def play(
        self, packet: bytes, is_stream: bool, client: str, now: int, tally: Tally, /
    ) -> bytes | None:
        """The reply; empty where silence is due, None where the table does not hold the answer."""

class Udp:
    """A thread for each socket (its descriptor, blocking) and tally, from `start` to `stop`."""

    def __init__(self, sockets: tuple[tuple[int, Tally], ...]) -> None: ...
    def publish(self, table: Table, /) -> None:
        """Has the threads play `table` from their next batch on."""
    def start(self) -> None:
        """Raises OSError; a table has to be published before."""
    def stop(self) -> None:
        """Answers what has arrived and ends the threads; a second time does nothing."""
    def take_left(self) -> tuple[bytes, str, bytes] | None:
        """A query that no table holds the answer to, its client's address, and the way back to it.

        Waits for one; None: stopped.
        """
    def send(self, way_back: bytes, reply: bytes, /) -> None:
        """Sends a reply; raises OSError where the system does not take it."""

Limits = tuple[float, int, int, float]  # idle_s, connections, of one client, grace_s

class Tcp:
    """A thread for all sockets (descriptors; they listen, unblocking), from `start` to `stop`."""

    def __init__(self, sockets: tuple[int, ...], limits: Limits, tally: Tally) -> None: ...
    @property
    def connections(self) -> int:
        """How many are open."""
    def publish(self, table: Table, /) -> None:
        """Has the thread play `table` from its next turn on."""
    def start(self) -> None:
        """Raises OSError; a table has to be published before."""
    def stop(self) -> None:
        """Accepts no more, answers within the grace what has been read, and ends the thread; a
        second time does nothing."""
    def take_left(self) -> tuple[bytes, str, int] | None:
        """A query that no table holds the answer to, its client's address, and its ticket.

        Waits for one; None: stopped. Raises OSError where nobody can be accepted for a while.
        """
    def send(self, ticket: int, reply: bytes | None, /) -> None:
        """Has the reply sent to where the query came from, if that is still there, or none sent.

        Either is owed for each query that was taken, or its connection does not go on.
        """
