"""The list of examinations, and the round through them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .examinations import (
    addresses,
    buffers,
    clock,
    delegation,
    descriptors,
    firewall,
    ping,
    ports,
    server,
    source,
    state,
)
from .finding import Finding, Level, note
from .patient import Patient

Examination = Callable[[Patient], Iterator[Finding]]

EXAMINATIONS: dict[str, Examination] = {
    "server": server.examine,
    "ports": ports.examine,
    "addresses": addresses.examine,
    "ping": ping.examine,
    "buffers": buffers.examine,
    "descriptors": descriptors.examine,
    "clock": clock.examine,
    "state": state.examine,
    "reply source": source.examine,
    "delegation": delegation.examine,
    "firewall": firewall.examine,
}


class Found(NamedTuple):
    """A finding, and the examination that made it."""

    examination: str
    finding: Finding


def examine(patient: Patient) -> list[Found]:
    """All findings, in the order of the list."""
    return [
        Found(name, finding)
        for name, examination in EXAMINATIONS.items()
        for finding in _undergo(examination, patient)
    ]


def _undergo(examination: Examination, patient: Patient) -> Iterator[Finding]:
    """What can not be seen without privilege, or on this kernel, is said and not failed."""
    try:
        yield from examination(patient)
    except OSError as error:
        yield note(f"this can not be seen here: {error}", "run it as root, or on the host itself")


def stands_in_the_way(found: list[Found]) -> bool:
    """Whether anything failed."""
    return any(each.finding.level is Level.FAILURE for each in found)
