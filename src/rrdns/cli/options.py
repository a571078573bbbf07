"""What commands have in common: their options, and how they fail."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rrdns.config.settings import Contact

T = TypeVar("T")

DEFAULT_CONFIG = Path("/etc/rrdns/rrdns.yaml")

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2

F = TypeVar("F", bound=Callable[..., Any])


def config_option_for(default: Path, variable: str) -> Callable[[F], F]:
    """The option that names a configuration file: `default`, unless `variable` is set."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        default=default,
        show_default=True,
        envvar=variable,
        help=f"The configuration file, {default.name}.",
    )


config_option = config_option_for(DEFAULT_CONFIG, "RRDNS_CONFIG")


class FailedError(click.ClickException):
    """Something outside the user's files is in the way; the text says what."""

    exit_code = EXIT_FAILED


class BadWordError(click.ClickException):
    """A word of the command line has no meaning; the text says which, and how to mend it."""

    exit_code = EXIT_BAD_INPUT


def ask(question: "Callable[[Contact], T]", config: Path) -> T:
    """Puts `question` to the server that `config` describes, even if the rest of it is wrong."""
    from rrdns.config.read import read_contact
    from rrdns.status.client import NonsenseError, NoServerError, RefusalError

    try:
        return question(read_contact(config))
    except NonsenseError as error:
        raise BadWordError(str(error)) from None
    except (NoServerError, RefusalError) as error:
        raise FailedError(str(error)) from None


def log_to_stderr(verbose: bool) -> None:
    """One line an event; systemd's journal knows the time itself."""
    in_journal = "JOURNAL_STREAM" in os.environ
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format=("" if in_journal else "%(asctime)s ") + "%(levelname)s %(message)s",
    )
    for library in ("asyncio", "pyroute2", "watchfiles"):
        logging.getLogger(library).setLevel(logging.WARNING)
