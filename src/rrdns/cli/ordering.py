"""The commands that operators give about members."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from rrdns.config.settings import Contact

from .options import FailedError, ask, config_option

F = TypeVar("F", bound=Callable[..., Any])

POLL_S = 0.5

pool_option = click.option(
    "--pool", metavar="NAME", help="In this pool only, not in all that have it."
)
for_option = click.option(
    "--for", "lasts", metavar="DURATION", help="Ends by itself: 30s, 10m, 2h."
)
reason_option = click.option("--reason", metavar="TEXT", help="Why; shown with the member.")
force_option = click.option(
    "--force", is_flag=True, help="Even if fewer than the pool's min_up are left."
)
wait_option = click.option(
    "--wait", is_flag=True, help="Return once no cache has the member any more."
)


def _about_member(command: F) -> F:
    for option in (config_option, force_option, reason_option, for_option, pool_option):
        command = option(command)
    return click.argument("member")(command)


@click.command(short_help="Hand a member out no more; its checks go on.")
@_about_member
@wait_option
def drain(member: str, wait: bool, **how: Any) -> None:
    """Hand MEMBER (its address, or its name) out no more. Its checks go on.

    Caches keep it for the TTL: once they do no longer, it can be stopped and nobody notices, for
    which --wait waits.
    """
    _order("drain", member, wait=wait, **how)


@click.command(short_help="The same for maintenance: outages are no incidents.")
@_about_member
@wait_option
def maint(member: str, wait: bool, **how: Any) -> None:
    """Take MEMBER (its address, or its name) out for maintenance.

    As drain, and what its checks find is neither logged nor an incident. When all members are
    down it is handed out only if there is nobody else.
    """
    _order("maint", member, wait=wait, **how)


@click.command(short_help="End drain and maint: follow the checks again.")
@_about_member
def ready(member: str, **how: Any) -> None:
    """Hand MEMBER (its address, or its name) out again as soon as its checks pass."""
    _order("ready", member, wait=False, **how)


@click.command(short_help="Fire drill: have the checks of a member fail.")
@_about_member
def drill(member: str, **how: Any) -> None:
    """Have the checks of MEMBER (its address, or its name) fail, in all pools that share them.

    Nothing else is pretended: the member goes down, leaves the answers, and comes back. What that
    took is an incident that is marked as a drill. Lasts 60 s unless --for says otherwise.
    """
    _order("drill", member, wait=False, **how)


def _order(
    what: str,
    member: str,
    config: Path,
    pool: str | None,
    lasts: str | None,
    reason: str | None,
    force: bool,
    wait: bool,
) -> None:
    words = {"for": lasts, "reason": reason, "force": "1" if force else None}
    given = {word: value for word, value in words.items() if value is not None}
    for owner, address in _members(ask(_pools, config), member, pool):
        report = ask(partial(_give, owner, address, what, given), config)
        click.echo(_told(owner, report))
        if not report["kept"]:
            click.echo("a restart will not know of it: state.file is not set", err=True)
    if wait:
        for owner, address in _members(ask(_pools, config), member, pool):
            _wait(config, owner, address, what)


def _give(owner: str, address: str, what: str, words: dict[str, str], contact: Contact) -> Any:
    from rrdns.status.client import order

    return order(contact, owner, address, what, words)


def _pools(contact: Contact) -> Any:
    from rrdns.status.client import fetch_report

    return fetch_report(contact)["pools"]


def _members(pools: Any, written: str, pool: str | None) -> list[tuple[str, str]]:
    """The pools that have the member that is meant, and its address. Raises FailedError."""
    wanted = None if pool is None else pool.lower().rstrip(".") + "."
    if wanted is not None and wanted not in pools:
        raise FailedError(f"there is no pool {pool}; the pools are {', '.join(pools)}")
    found = [
        (owner, each["address"])
        for owner, report in pools.items()
        if wanted in (None, owner)
        for each in report["members"]
        if written in (each["address"], each["name"])
    ]
    if not found:
        known = {m["name"] or m["address"]: None for r in pools.values() for m in r["members"]}
        few = ", ".join(list(known)[:10])
        raise FailedError(f"no pool has a member {written}; there are {few or 'none'}")
    return found


def _wait(config: Path, owner: str, address: str, what: str) -> None:
    """Returns once no cache has the member. Raises FailedError if the order ends before."""
    said = None
    while True:
        members = ask(_pools, config)[owner]["members"]
        duty = next(each["duty"] for each in members if each["address"] == address)
        if duty["order"] != what:
            raise FailedError(f"{owner} {address}: the order has ended: {duty['order']}")
        left_s = None if duty["safe_at"] is None else _at(duty["safe_at"]) - time.time()
        if left_s is not None and left_s <= 0:
            click.echo(f"{owner} {address}: safe to be stopped")
            return
        doing = "it is still handed out, as nobody else is up" if left_s is None else "waiting"
        if doing != said:
            click.echo(f"{owner} {address}: {doing}", err=True)
            said = doing
        time.sleep(POLL_S if left_s is None else min(left_s, POLL_S))


def _told(owner: str, report: Any) -> str:
    """What has become of an order, in a line."""
    name = f" ({report['name']})" if report["name"] else ""
    duty = report["duty"]
    until = f" until {_clock(duty['until'])}" if duty["until"] else ""
    text = f"{owner} {report['address']}{name}: {duty['order']}{until}"
    if report["drill_until"]:
        text += f", fire drill until {_clock(report['drill_until'])}"
    if duty["order"] == "ready":
        return f"{text}, and its checks say {report['state']}"
    if duty["safe_at"] is None:
        return f"{text}; still handed out, as nobody else is up"
    return f"{text}; in caches until {_clock(duty['safe_at'])}"


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _clock(text: str) -> str:
    return text[:19].replace("T", " ") + "Z"
