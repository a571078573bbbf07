"""Players without sockets and without a process: what the server's threads would answer."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rrdns.answer.compiler import Edition
from rrdns.answer.cookie import CookieJar, Secrets
from rrdns.answer.player import Clerk, Player, Publication
from rrdns.answer.reference import Transport
from rrdns.config.settings import PlayerChoice
from rrdns.health.verdict import State
from rrdns.load import load
from rrdns.pool.rotation import Fitness
from rrdns.publisher import Publisher
from rrdns.serve.players import Players, players_for

CLIENT = "192.0.2.99"  # who asks where there is no socket to tell

AnswerOne = Callable[[bytes], bytes | None]
"""From a query of `CLIENT` to its reply; None for silence."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """What the server has of one kind of players, but for its sockets."""

    players: Players
    publisher: Publisher[Any]
    jar: CookieJar

    def answer(self, transport: Transport, edition: Edition[Any] | None = None) -> AnswerOne:
        """Answers from `edition`, else from what is published, as the server does."""
        publication = self._publication(edition)
        if self.players.choice is PlayerChoice.C:
            return _Native(publication, self.publisher, transport, self.jar).answer
        player = Player(publication, self.publisher.cursors, transport, self.jar)
        return lambda packet: player.answer(packet, CLIENT)

    def answer_by_reference(
        self, transport: Transport, edition: Edition[Any] | None = None
    ) -> AnswerOne:
        """The same by the reference answerer alone."""
        publication = self._publication(edition)
        clerk = Clerk(publication, self.publisher.cursors, transport, self.jar)
        return lambda packet: clerk.answer(packet, CLIENT)

    def _publication(self, edition: Edition[Any] | None) -> Publication[Any]:
        return Publication(edition) if edition else self.publisher.publication


class _Native:
    """What a thread of the C player does with one message, and the thread behind it with what that
    leaves."""

    def __init__(
        self,
        publication: Publication[Any],
        publisher: Publisher[Any],
        transport: Transport,
        jar: CookieJar,
    ) -> None:
        from rrdns.serve import _player  # not everywhere there

        self._publication = publication
        self._clerk = Clerk(publication, publisher.cursors, transport, jar)
        self._is_stream = transport.is_stream
        self._tally = _player.Tally()

    def answer(self, packet: bytes) -> bytes | None:
        table = self._publication.edition.entries.table
        reply: bytes | None = table.play(
            packet, self._is_stream, CLIENT, int(time.time()), self._tally
        )
        return self._clerk.answer(packet, CLIENT) if reply is None else reply or None


def in_process(config: Path, choice: PlayerChoice, seed: int = 0) -> InProcess:
    """What the server would publish for `config`, with no member's health known."""
    loaded = load(config)
    jar = CookieJar(Secrets(bytes(16), bytes(range(16))), time.time)
    players = players_for(choice, jar)
    publisher = Publisher(
        lambda pool, member: Fitness(State.UNKNOWN), Random(seed), players.blank, players.cursors
    )
    zones = {apex: version.loaded.zone for apex, version in loaded.zones.items()}
    asyncio.run(publisher.publish(zones, loaded.pools, loaded.settings.dns.identity))
    return InProcess(players, publisher, jar)
