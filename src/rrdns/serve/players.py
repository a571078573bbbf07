"""Chooses who plays the published table: C where it was built, pure Python everywhere."""

import os
import socket
from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

from rrdns.answer.cookie import CookieJar
from rrdns.answer.player import Player, Publication, Tally
from rrdns.answer.reference import Transport
from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.config.settings import DnsSettings, Identity, PlayerChoice, TcpLimits

from .extension import c_is_there
from .tcp import TcpServer
from .udp import UdpServer


class PlayerError(Exception):
    """The player that was asked for is not there; the text says what to do."""


class UdpServing(Protocol):
    """Serves UDP from `start` to `stop`, on threads of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class TcpServing(Protocol):
    """Serves TCP from `start` to `stop`, on threads of its own."""

    @property
    def connections(self) -> int: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Players(Protocol):
    """All that is written once in Python and once in C; `serve/native.py` is the other.

    A table made by `blank`, cursors made by `cursors` and what serves them belong together: one
    kind can not play the other's.
    """

    @property
    def choice(self) -> PlayerChoice: ...
    def cursors(self, rng: Random) -> Cursors: ...
    def blank(self, cursors: Cursors, identity: Identity) -> Any: ...
    def udp(
        self, publication: Publication[Any], cursors: Cursors, sockets: Sequence[socket.socket]
    ) -> UdpServing: ...
    def tcp(
        self,
        publication: Publication[Any],
        cursors: Cursors,
        sockets: Sequence[socket.socket],
        limits: TcpLimits,
    ) -> TcpServing: ...
    def tally(self, transport: Transport) -> Tally: ...


class PythonPlayers:
    """Plays what is published, on one thread for all sockets of UDP and one for those of TCP."""

    choice = PlayerChoice.PYTHON

    def __init__(self, jar: CookieJar | None) -> None:
        self._jar = jar
        self._players: dict[Transport, Player] = {}

    def cursors(self, rng: Random) -> Cursors:
        return Cursors(rng)

    def blank(self, cursors: Cursors, identity: Identity) -> Table:
        return Table(cursors, identity)

    def udp(
        self, publication: Publication[Table], cursors: Cursors, sockets: Sequence[socket.socket]
    ) -> UdpServer:
        player = self._player(publication, cursors, Transport.UDP)
        return UdpServer(sockets, player.answer, player.tally)

    def tcp(
        self,
        publication: Publication[Table],
        cursors: Cursors,
        sockets: Sequence[socket.socket],
        limits: TcpLimits,
    ) -> TcpServer:
        answer = self._player(publication, cursors, Transport.TCP).answer
        return TcpServer(sockets, answer, limits)

    def tally(self, transport: Transport) -> Tally:
        player = self._players.get(transport)
        return player.tally.copy() if player else Tally()

    def _player(
        self, publication: Publication[Table], cursors: Cursors, transport: Transport
    ) -> Player:
        self._players[transport] = Player(publication, cursors, transport, self._jar)
        return self._players[transport]


def players_for(choice: PlayerChoice, jar: CookieJar | None) -> Players:
    """Those that `choice` names, or the best there are. Raises PlayerError."""
    if choice is PlayerChoice.PYTHON or (choice is PlayerChoice.AUTO and not c_is_there()):
        return PythonPlayers(jar)
    if not c_is_there():
        raise PlayerError(
            "dns.player is c, but the C player was not built: install a compiler and Python's "
            "headers (Debian: `apt install gcc python3-dev`), then rrdns again; or choose auto"
        )
    from .native import NativePlayers

    return NativePlayers(jar)


def udp_sockets(dns: DnsSettings, players: Players) -> int:
    """How many sockets each address is to have for UDP: one for each worker."""
    if players.choice is PlayerChoice.PYTHON:
        return 1  # threads of Python's would wait for one another
    return dns.workers or len(os.sched_getaffinity(0))
