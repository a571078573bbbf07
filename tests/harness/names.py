"""Names from their labels, whatever the octets."""

from collections.abc import Iterable

from rrdns.zone.name import ROOT, Name


def from_labels(labels: Iterable[bytes], apex: Name = ROOT) -> Name:
    """The name made of `labels`, leaf first, below `apex`."""
    return Name(b"".join(bytes((len(label),)) + label for label in labels).lower() + apex)
