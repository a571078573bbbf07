"""From files to something that answers octets, without a process."""

import asyncio
from pathlib import Path
from random import Random

from rrdns.answer.player import Player, Publication
from rrdns.answer.reference import Transport
from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.health.verdict import State
from rrdns.load import load
from rrdns.publisher import Publisher


def published(config: Path, seed: int = 0) -> Publisher:
    """What the server would publish for `config`, with no member's health known."""
    loaded = load(config)
    publisher = Publisher(lambda target: State.UNKNOWN, Random(seed))
    zones = {apex: version.loaded.zone for apex, version in loaded.zones.items()}
    asyncio.run(publisher.publish(zones, loaded.pools, loaded.settings.dns.identity))
    return publisher


def without_entries(table: Table) -> Table:
    """A table of the same snapshot that leaves every question to the reference answerer."""
    return Table(table.snapshot, {}, {}, {})


def reference_player(table: Table, transport: Transport, cursors: Cursors) -> Player:
    """Answers from the snapshot of `table` by the reference alone."""
    return Player(Publication(without_entries(table)), cursors, transport)


def table_player(table: Table, transport: Transport, cursors: Cursors) -> Player:
    """Answers from `table`, and by the reference where that holds nothing."""
    return Player(Publication(table), cursors, transport)
