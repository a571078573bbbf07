"""Sockets: octets in, octets out. What the octets mean is the answer room's business."""

from collections.abc import Callable

from rrdns.answer.cookie import Client

Answer = Callable[[bytes, Client], bytes | None]
"""From a query and its client to the reply; None for silence. Never raises."""
