"""Writes the table that the targets play, as C: the conformance zones, as the compiler makes them.

PYTHONPATH=tests python -m fuzz.recorded recorded.inc
"""

import asyncio
import shutil
import string
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Self

from rrdns.answer.entry import Entry, Question, Turning
from rrdns.health.verdict import State
from rrdns.load import load
from rrdns.pool.rotation import Fitness
from rrdns.publisher import Publisher

ZONES = Path(__file__).parents[1] / "conformance" / "zones"
SEED = 1987  # random orders are drawn alike each time

HEAD = "/* Made by recorded.py; recorded.h says what is in it. */\n"


class Recorded:
    """A table that notes what it is given; `answer.entry.Entries`."""

    def __init__(self) -> None:
        self.items: dict[Question, Entry | None] = {}

    def pieces(self) -> list[object]:
        """None: what it has is small, and wanted to the end."""
        return []

    def with_entries(self, entries: Iterable[tuple[Question, Entry | None]]) -> Self:
        """This very table: nobody reads the one that it was."""
        self.items.update(entries)
        return self


def recorded_items() -> dict[Question, Entry | None]:
    """What a server of the conformance zones would have compiled when it starts."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ZONES, folder, dirs_exist_ok=True)
        config = Path(folder, "rrdns.yaml")
        places = {"LISTEN": "[127.0.0.1:5353]", "STATUS_PORT": "8053", "PLAYER": "python"}
        config.write_text(string.Template(config.read_text()).substitute(places))
        loaded = load(config)
    publisher = Publisher(
        lambda pool, member: Fitness(State.UNKNOWN),
        Random(SEED),
        lambda cursors, identity: Recorded(),
    )
    zones = {apex: version.loaded.zone for apex, version in loaded.zones.items()}
    asyncio.run(publisher.publish(zones, loaded.pools, loaded.settings.dns.identity))
    return publisher.publication.edition.entries.items


def as_c(items: dict[Question, Entry | None]) -> str:
    """`items` as recorded.h wants them: entries once each, and which of them each question has."""
    numbers: dict[int, int] = {}
    entries = [entry for entry in items.values() if entry is not None]
    distinct = list({id(entry): entry for entry in entries}.values())
    for entry in distinct:
        numbers[id(entry)] = len(numbers)
    lines = [HEAD, *(_turning(n, entry) for n, entry in enumerate(distinct))]
    lines += ["static const struct recorded_entry recorded_entries[] = {"]
    lines += [_entry(number, entry) for number, entry in enumerate(distinct)]
    lines += ["};", "static const struct recorded_item recorded_items[] = {"]
    for (name, rtype, beneath), entry in items.items():
        number = -1 if entry is None else numbers[id(entry)]
        lines.append(
            f"    {{{_octets(name)}, {len(name)}, {-1 if rtype is None else rtype}, "
            f"{int(beneath)}, {number}}},"
        )
    return "\n".join(filter(None, [*lines, "};", ""]))


def _entry(number: int, entry: Entry) -> str:
    cuts = [number for cut in entry.cuts for number in cut]
    return (
        f"    {{{entry.rcode}, {int(entry.datagram_only)}, {entry.name_octets}, "
        f"{_octets(entry.head)},\n"
        f"     {_octets(entry.sections)}, {len(entry.sections)},\n"
        f"     {_numbers(cuts)}, {len(entry.cuts)}, "
        f"{_numbers(entry.pointers)}, {len(entry.pointers)}, "
        f"{f'&recorded_turning_{number}' if entry.turning else 0},\n"
        f"     {_octets(entry.extended_error)}, {len(entry.extended_error)}}},"
    )


def _turning(number: int, entry: Entry) -> str:
    turning = entry.turning
    if turning is None:
        return ""
    turns = turning.turns
    size = len(turns.rdatas)
    records = b"".join(_records(turning))
    return (
        f"static const struct recorded_turning recorded_turning_{number} = {{\n"
        f"    {int(turns.drawn)}, {turning.start}, {turning.end}, {size}, "
        f"{min(turns.answers or size, size)}, {turns.hold},\n"
        f"    {_octets(records)}, {len(records) // size},\n"
        f"    {_numbers(turns.heads)}, {len(turns.heads)},\n"
        f"    {_numbers([place for base in turns.bases for place in base])}, {len(turns.bases)}}};"
    )


def _records(turning: Turning) -> Iterator[bytes]:
    return (turning.fixed + rdata for rdata in turning.turns.rdatas)


def _octets(octets: bytes) -> str:
    return '(const uint8_t *)"' + "".join(f"\\{octet:03o}" for octet in octets) + '"'


def _numbers(numbers: Iterable[int]) -> str:
    return "(const uint32_t[]){" + (", ".join(map(str, numbers)) or "0") + "}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_c(recorded_items()))
