"""The commands that serve, and those about the files that are served."""

import json
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from rrdns import __version__

from .options import FailedError, config_option, log_to_stderr

F = TypeVar("F", bound=Callable[..., Any])


def _port_option(name: str, default: int, what: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}-port",
        type=click.IntRange(1, 65535),
        metavar="PORT",
        default=default,
        show_default=True,
        help=f"{what}.",
    )


@click.command(short_help="Answer queries until SIGTERM.")
@config_option
@click.option("-v", "--verbose", is_flag=True, help="Log what is expected too.")
def serve(config: Path, verbose: bool) -> None:
    """Answer queries until SIGTERM; log to standard error.

    The files are read again whenever they are saved, and on SIGHUP. A file with a mistake does
    not take effect: what was served before is served on, and the log, the status endpoint and
    `rrdns status` say what is wrong.
    """
    from rrdns.app import App
    from rrdns.load import load
    from rrdns.serve.players import PlayerError
    from rrdns.serve.sockets import ListenError

    log_to_stderr(verbose)
    loaded = load(config)
    try:
        _run(App(loaded).run)
    except (ListenError, PlayerError) as error:
        raise FailedError(str(error)) from None


@click.command(short_help="Check the configuration and its zones.")
@config_option
def check(config: Path) -> None:
    """Check the configuration and its zone files, all problems at once, without serving."""
    from rrdns.load import load
    from rrdns.narrator import counted
    from rrdns.zone.name import to_text

    loaded = load(config)
    warnings = loaded.all_warnings()
    for problem in warnings:
        click.echo(str(problem), err=True)
    numbers = {"zone": loaded.zones, "pool": loaded.pools, "warning": warnings}
    summary = ", ".join(counted(len(things), noun) for noun, things in numbers.items())
    click.echo(f"{config}: fine ({summary})")
    for pool in loaded.pools:
        if pool.checks:
            within_s = pool.failover_budget_s
            click.echo(
                f"{to_text(pool.owner)}: a member that dies is out of all caches within"
                f" {within_s:g} s: {within_s - pool.ttl_s:g} s until it is certain, and the TTL of"
                f" {pool.ttl_s} s"
            )


@click.command(short_help="Print the JSON Schema of rrdns.yaml.")
def schema() -> None:
    """Print the JSON Schema of rrdns.yaml, for editors that complete and check it."""
    from rrdns.config.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@click.command(short_help="Try it: an example zone and three mirrors.")
@_port_option("dns", 5353, "DNS, over UDP and TCP, on 127.0.0.1 and ::1")
@_port_option("status", 8053, "The status endpoint, on 127.0.0.1")
@_port_option("mirror", 8054, "The web mirrors, on 127.0.0.11 to 127.0.0.13")
def demo(dns_port: int, status_port: int, mirror_port: int) -> None:
    """Serve an example zone with three small web mirrors, all on this machine.

    Needs no privilege and no file. It says what to try; in a terminal it shows the members and
    the answers as they change. Ctrl-C ends it and removes what it has written.
    """
    from rrdns.demo.example import Ports
    from rrdns.demo.run import run_demo
    from rrdns.serve.sockets import ListenError

    log_to_stderr(verbose=False)
    try:
        _run(partial(run_demo, Ports(dns_port, status_port, mirror_port)))
    except ListenError as error:
        raise FailedError(str(error)) from None


@click.command()
def version() -> None:
    """Print the version, and which player answers by default."""
    from rrdns.serve.extension import c_is_there

    click.echo(f"rrdns {__version__}, {'C' if c_is_there() else 'Python'} player")


def _run(start: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs the server on the fastest event loop there is."""
    import asyncio

    from rrdns.serve.loops import fastest_loop

    # A thread that wants to answer waits at most this long for one that computes. The default
    # of 5 ms would let a reload hold up every single answer for that long.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.run(start())
