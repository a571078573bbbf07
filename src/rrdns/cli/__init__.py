"""The commands of rrdns; thin. What a command needs is imported when it runs."""

from typing import Any

import click

from rrdns.errors import BadInputError

from . import asking, examining, ordering, serving, simulating, taking_over
from .options import EXIT_BAD_INPUT

EPILOG = """\b
Exit codes:
  0  done
  1  it failed while running: a port is taken, the server does not answer, ...
  2  the command line, the configuration or a zone file is wrong
"""


class _Commands(click.Group):
    """Turns what can go wrong into words and exit codes: no traceback reaches a user."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadInputError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            ctx.exit(EXIT_BAD_INPUT)


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An authoritative DNS server whose round robin knows who is alive.

    Start with `rrdns demo`: it needs no privilege and no file.
    """


for command in (
    serving.serve,
    serving.check,
    examining.doctor,
    asking.reload,
    asking.status,
    asking.watch,
    asking.explain,
    asking.incidents,
    ordering.drain,
    ordering.maint,
    ordering.ready,
    ordering.drill,
    simulating.simulate,
    simulating.trace,
    taking_over.takeover,
    serving.schema,
    serving.demo,
    serving.version,
):
    main.add_command(command)
