"""The commands that ask a running server."""

import json
import sys
from functools import partial
from pathlib import Path

import click

from .options import EXIT_BAD_INPUT, ask, config_option


@click.command(short_help="Have the running server read its files again.")
@config_option
def reload(config: Path) -> None:
    """Have the running server read its files again, and report what came of it.

    A save does the same by itself. Must be run on the server's host, by its user or root.
    """
    from rrdns.status.client import reload_server

    problems = ask(reload_server, config)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        click.echo("rejected: what was served before is served on, until this is mended", err=True)
        sys.exit(EXIT_BAD_INPUT)
    click.echo("reloaded")


@click.command(short_help="Show the running server's state.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
def status(config: Path, as_json: bool) -> None:
    """Show the running server's zones, pools and members."""
    from rrdns.status.client import fetch_report
    from rrdns.status.text import render

    report = ask(fetch_report, config)
    click.echo(json.dumps(report, indent=2) if as_json else render(report), nl=as_json)


@click.command(short_help="Show the running server's state as it changes.")
@config_option
@click.option("-p", "--pool", default="", metavar="TEXT", help="Only pools with it in their names.")
def watch(config: Path, pool: str) -> None:
    """Show pools, members and incidents as they change, troubles first; q ends it.

    Without a terminal the state is printed once, as `rrdns status` does.
    """
    import asyncio

    from rrdns.status.client import fetch_view
    from rrdns.status.text import render
    from rrdns.terminal.keys import has_screen
    from rrdns.terminal.watch import watch as watch_server

    if has_screen():
        ask(lambda contact: asyncio.run(watch_server(contact, pool)), config)
        return
    click.echo(render(ask(partial(fetch_view, wanted=pool), config)), nl=False)
    click.echo("this is no terminal to watch on, so it is shown once", err=True)


@click.command(short_help="Say what a question would be answered, and why.")
@click.argument("name")
@click.argument("rtype", metavar="[TYPE]", default="A")
@config_option
@click.option("--client", metavar="ADDRESS", default="", help="Who would ask.")
@click.option("--json", "as_json", is_flag=True, help="The explanation as JSON.")
def explain(name: str, rtype: str, config: Path, client: str, as_json: bool) -> None:
    """Say what the running server would answer for NAME, and why.

    Members, what their checks found, orders, rung, turn and TTL. No turn is taken by asking.
    """
    from rrdns.status.client import fetch
    from rrdns.status.explaining import render_explanation

    report = ask(partial(fetch, path="/explain", name=name, type=rtype, client=client), config)
    click.echo(json.dumps(report, indent=2) if as_json else render_explanation(report), nl=as_json)


@click.command(short_help="Show the outages of members, newest first.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="All that is known of them, as JSON.")
def incidents(config: Path, as_json: bool) -> None:
    """Show the outages of members: when, why, and how long caches had them, against the budget."""
    from rrdns.status.client import fetch
    from rrdns.status.text import render_incidents

    found = ask(partial(fetch, path="/incidents"), config)
    click.echo(json.dumps(found, indent=2) if as_json else render_incidents(found), nl=as_json)
