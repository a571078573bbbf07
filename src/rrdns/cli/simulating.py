"""The commands about traces: what probes have found, or might find."""

import json
from pathlib import Path

import click

from rrdns.simulate import LONGEST_S

from .options import ask, config_option


@click.command(short_help="Say what the server would do if probes found this.")
@click.argument("trace")
@config_option
@click.option(
    "--seconds",
    type=click.FloatRange(0, LONGEST_S, min_open=True),
    metavar="N",
    help="How long; until a minute after the last line unless named.",
)
@click.option("--seed", metavar="N", default=0, help="Another number, other losses.")
@click.option("--json", "as_json", is_flag=True, help="The whole story as JSON.")
def simulate(trace: str, config: Path, seconds: float | None, seed: int, as_json: bool) -> None:
    """Run the server's own checks, pools and orders over TRACE, on virtual time.

    TRACE is a file, or - for standard input. Each line says from when on whose probes find what:

    \b
      # seconds  whom         what
      0          192.0.2.1    pass 12ms
      10.5       192.0.2.1    silent           # no answer: a probe fails at its timeout
      25         192.0.2.1    refuse           # a probe fails at once
      30         marconi/web  fail 80ms 503    # one check of a member that has a name
      40         *            error            # everybody's, by a fault of our own
      45         anchors      silent           # those of vantage
      50         *            loss 2%          # of the probes, at random
      60         192.0.2.1    order drain 10s  # drain, maint, ready or drill

    Who is not named passes. `rrdns trace` records what a running server has found, so that an
    outage can be had again with other settings. Nothing is sent, and nothing else is read.
    """
    from rrdns.simulate.command import simulate_file
    from rrdns.simulate.show import render, report, speed

    simulated = simulate_file(config, trace, seconds, seed)
    found = report(simulated)
    click.echo(json.dumps(found, indent=2) if as_json else render(found), nl=as_json)
    click.echo(speed(simulated), err=True)


@click.command(short_help="Record what probes have found, to simulate with it.")
@config_option
def trace(config: Path) -> None:
    """Print what the running server's last probes have found, as `rrdns simulate` reads it."""
    from rrdns.status.client import fetch_trace

    click.echo(ask(fetch_trace, config), nl=False)
