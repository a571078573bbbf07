"""The command that looks at the host."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import EXIT_FAILED, config_option

if TYPE_CHECKING:
    from rrdns.config.settings import Listen


def _read_resolver(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    from rrdns.doctor.command import read_resolver

    try:
        return None if text is None else read_resolver(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(short_help="Find what stands in the way on this host.")
@config_option
@click.option(
    "--resolver",
    metavar="ADDRESS",
    callback=_read_resolver,
    help="Ask this resolver about the delegation, not the system's.",
)
def doctor(config: Path, resolver: "Listen | None") -> None:
    """Look at all that a name server stands on here, and say how to mend what is amiss.

    Ports and who has them, addresses, pings, buffers, descriptors, the clock, whence replies
    leave, the delegation in the parent. Run it before the first start, or beside a running
    server, which it does not disturb; as root it sees more. The exit code is 1 if something
    stands in the way.
    """
    from rrdns.doctor.command import doctor as examine

    if not examine(config, resolver):
        sys.exit(EXIT_FAILED)
