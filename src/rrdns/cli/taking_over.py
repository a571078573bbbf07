"""The commands of takeover."""

import json
import logging
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .options import FailedError, config_option_for, log_to_stderr

if TYPE_CHECKING:
    from rrdns.health.check import Address
    from rrdns.takeover.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

DEFAULT_CONFIG = Path("/etc/rrdns/takeover.yaml")

takeover_config_option = config_option_for(DEFAULT_CONFIG, "RRDNS_TAKEOVER_CONFIG")
host_option = click.option(
    "--host", metavar="NAME", help="Which of the file's hosts this is, if not by its addresses."
)


class _Vip(click.ParamType["Address"]):
    """A virtual address as an argument."""

    name = "vip"

    def convert(self, value: Any, param: Any, ctx: Any) -> "Address":
        try:
            return ip_address(value)
        except ValueError:
            self.fail(f"{value!r} is not an IP address", param, ctx)


def _about_plan(command: F) -> F:
    return takeover_config_option(host_option(command))


def _about_vip(command: F) -> F:
    return click.argument("vip", type=_Vip())(takeover_config_option(command))


@click.group()
def takeover() -> None:
    """Hold a dead host's virtual address, and give it back.

    An agent runs on each mirror, with the same takeover.yaml.
    """


@takeover.command(short_help="Be the agent of this host until SIGTERM.")
@_about_plan
@click.option("--dry-run", is_flag=True, help="Probe, say what would be done, and change nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is expected too.")
def run(config: Path, host: str | None, dry_run: bool, verbose: bool) -> None:
    """Watch the hosts of the addresses that this one may hold, and hold them when it is to.

    Needs CAP_NET_ADMIN and CAP_NET_RAW, and logs to standard error. At SIGTERM what is held is
    handed over, or kept for its lease, as `on_exit` says.

    A dry run asks `ready` and shows its status at `status_port`, but runs no hook, tells other
    agents nothing and takes no orders.
    """
    import asyncio

    from rrdns.agent.agent import Agent
    from rrdns.agent.leftovers import AgentError
    from rrdns.agent.site import serve
    from rrdns.config.takeover_read import NotHereError
    from rrdns.serve.sockets import ListenError

    log_to_stderr(verbose)
    try:
        plan = _plan(config, host)
    except NotHereError as error:  # after a boot its address may still come
        raise FailedError(str(error)) from None
    for problem in plan.warnings:
        logging.getLogger(__name__).warning("%s", problem)

    async def work() -> None:
        await Agent(plan, dry_run=dry_run).run(serve)

    try:
        asyncio.run(work())
    except (AgentError, ListenError) as error:
        raise FailedError(str(error)) from None


@takeover.command(short_help="Check the configuration for this host.")
@_about_plan
def check(config: Path, host: str | None) -> None:
    """Check the configuration, all problems at once, and say what it means for this host."""
    plan = _plan(config, host)
    for problem in plan.warnings:
        click.echo(str(problem), err=True)
    interfaces = [name for _, name in socket.if_nameindex()]
    if host is None and plan.here.interface not in interfaces:
        has = f"this machine has no {plan.here.interface} now; it has {', '.join(interfaces)}"
        click.echo(f"{config}: {has}", err=True)
    click.echo(f"{config}: fine; this host is {plan.here.name}, on {plan.here.interface}")
    for vip in plan.ours:
        role = "owns it"
        if rank := vip.rank(plan.here.name):
            role = f"is candidate {rank} for {vip.owner.name}"
            role += f"; takes it within {plan.timers.taken_within_s(rank):.2f} s of its death"
            role += "" if rank == 1 else ", if nobody before it does"
        click.echo(f"{vip.address}: {plan.here.name} {role}")


@takeover.command(short_help="Show what the agent of this host does.")
@takeover_config_option
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
def status(config: Path, as_json: bool) -> None:
    """Show the addresses that this host may hold, who has them, and why."""
    from rrdns.agent.client import fetch_report
    from rrdns.agent.text import render

    found = _ask(fetch_report, _control(config))
    click.echo(json.dumps(found, indent=2) if as_json else render(found), nl=as_json)


@takeover.command(short_help="Have this host hold an address.")
@_about_vip
def hold(vip: "Address", config: Path) -> None:
    """Have this host hold VIP, whoever else could, until `enable` or `release`.

    Who has it hands it over; nothing is lost meanwhile.
    """
    _order("hold", vip, config, held=True)


@takeover.command(short_help="Have another host take an address.")
@_about_vip
def release(vip: "Address", config: Path) -> None:
    """Have another host take VIP. Until one does, and if none has it, it is held here."""
    _order("release", vip, config, held=False)


@takeover.command(short_help="Follow the rules again.")
@_about_vip
def enable(vip: "Address", config: Path) -> None:
    """End `hold`, `release` and `disable` of VIP: follow the rules again."""
    _order("enable", vip, config)


@takeover.command(short_help="Have no part in an address.")
@_about_vip
def disable(vip: "Address", config: Path) -> None:
    """Have this host no part in VIP until `enable`; who is to have it then takes it."""
    _order("disable", vip, config, held=False)


@takeover.command(short_help="Take away what an agent that has ended left.")
@_about_plan
def clean(config: Path, host: str | None) -> None:
    """Take all addresses of takeover off this host, which an agent that was killed has left.

    Only those that it has put there, and only while no agent runs: it would do that by itself.
    """
    import asyncio

    from rrdns.agent.leftovers import AgentError
    from rrdns.agent.leftovers import clean as take_away

    try:
        taken = asyncio.run(take_away(_plan(config, host)))
    except AgentError as error:
        raise FailedError(str(error)) from None
    for held in taken:
        click.echo(f"{held.address}: taken off {held.interface}")
    if not taken:
        click.echo("nothing was left")


@takeover.command(short_help="Print the JSON Schema of takeover.yaml.")
def schema() -> None:
    """Print the JSON Schema of takeover.yaml, for editors that complete and check it."""
    from rrdns.config.takeover_read import takeover_json_schema

    click.echo(json.dumps(takeover_json_schema(), indent=2))


def _plan(config: Path, host: str | None) -> "Plan":
    from rrdns.config.takeover_read import read_plan
    from rrdns.doctor.host.interfaces import local

    return read_plan(config, {each.address for each in local()}, host)


def _control(config: Path) -> Path:
    from rrdns.config.takeover_read import read_control

    return read_control(config)


def _ask(question: Callable[[Path], T], control: Path) -> T:
    from rrdns.status.client import NoServerError, RefusalError

    try:
        return question(control)
    except (NoServerError, RefusalError) as error:
        raise FailedError(str(error)) from None


def _order(word: str, vip: "Address", config: Path, *, held: bool | None = None) -> None:
    """Gives an order and, if it is about having the address, waits until that is so."""
    from rrdns.agent.client import await_order, give_order

    control = _control(config)
    found = _ask(lambda path: give_order(path, vip, word), control)
    if found["not_kept"]:
        click.echo(f"a restart will not know of it: {found['not_kept']}", err=True)
    if held is not None:
        found = _ask(lambda path: await_order(path, vip, held=held), control)
    where = "held here" if found["holds"] else "not held here"
    told = f"{vip}: {where}; {found['state']}: {found['reason']}"
    if held is not None and found["holds"] is not held:
        raise FailedError(f"{told}; the order stands")
    click.echo(told)
