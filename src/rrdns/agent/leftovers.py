"""Being the only agent of this host, and what another that was killed has left on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rrdns.files import claim
from rrdns.takeover.netlink import Netlink, NetlinkError
from rrdns.takeover.plan import Plan
from rrdns.takeover.present import Held


class AgentError(Exception):
    """The agent can not run; the text says why, and how to mend it."""


@contextmanager
def the_only_one(control: Path) -> Iterator[None]:
    """As long as that, no other agent runs here that has the same `control`. Raises AgentError.

    Two agents of one host would take each other's addresses for leftovers.
    """
    try:
        control.parent.mkdir(parents=True, exist_ok=True)
        descriptor = claim(control)
    except OSError as error:
        raise AgentError(
            f"can not make {control}: {error.strerror}; let this user write to {control.parent}"
            " (systemd: RuntimeDirectory=rrdns-takeover), or set 'control'"
        ) from None
    if descriptor is None:
        raise AgentError(f"another agent runs here, and has {control}; stop that one first")
    try:
        yield
    finally:
        os.close(descriptor)


async def clean(plan: Plan) -> list[Held]:
    """Takes away all that an agent has left; what that was. Raises AgentError."""
    with the_only_one(plan.control):
        try:
            async with Netlink() as netlink:
                await netlink.open(lambda: None)
                left = netlink.tagged()
                for held in left:
                    await netlink.drop(held.address, held.interface)
                return left
        except NetlinkError as error:
            raise AgentError(str(error)) from None
