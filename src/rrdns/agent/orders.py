"""What operators have ordered, kept in a file beside the control socket: a restart obeys as well.

The folder is one that a reboot empties: a host that comes up again follows the rules.
"""

import json
import logging
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from rrdns.files import first_octets, replace_file
from rrdns.health.check import Address
from rrdns.takeover.machine.seen import Order

log = logging.getLogger(__name__)

MOST_OCTETS = 1 << 20
KEPT = (Order.HOLD, Order.RELEASE, Order.DISABLE)


def file_of(control: Path) -> Path:
    """Where the orders are kept that come in at `control`."""
    return control.with_suffix(".orders")


def read_orders(control: Path) -> dict[Address, Order]:
    """The orders in force; none where there is no file, or one that can not be read."""
    path = file_of(control)
    try:
        found = json.loads(first_octets(path, MOST_OCTETS) or b"{}")
        orders = {ip_address(address): Order(order) for address, order in found.items()}
        return {address: order for address, order in orders.items() if order in KEPT}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.warning("%s is ignored, and the orders in it are forgotten: %s", path, error)
        return {}


def keep_orders(control: Path, orders: Mapping[Address, Order]) -> str | None:
    """Keeps those that a restart is to obey; why they are not kept, or None."""
    kept = {str(address): str(order) for address, order in orders.items() if order in KEPT}
    try:
        replace_file(file_of(control), [json.dumps(kept).encode()])
    except OSError as error:
        problem = f"{file_of(control)} can not be written: {error.strerror}"
        log.error("%s; a restart will not know of the order", problem)
        return problem
    return None
