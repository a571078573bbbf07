"""Sockets: octets in, octets out. What the octets mean is the answer room's business."""

from collections.abc import Callable

Answer = Callable[[bytes], bytes | None]
"""From a query to its reply; None for silence. Never raises."""
