"""The commands that operators give about members."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click

from rrdns.status.text import cover_text, moment_text

from .options import FailedError, ask, config_option

if TYPE_CHECKING:
    from rrdns.config.settings import Contact

F = TypeVar("F", bound=Callable[..., Any])

POLL_S = 0.5
MOST_NAMED = 10

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
wait_until_back_option = click.option(
    "--wait", is_flag=True, help="Return once the member is handed out again."
)


def _about_member(*options: Callable[[F], F]) -> Callable[[F], F]:
    """A command about a member, with its pool, its server, and these options."""

    def added(command: F) -> F:
        for option in (config_option, *reversed(options), pool_option):
            command = option(command)
        return click.argument("member")(command)

    return added


@click.command(short_help="Hand a member out no more; its checks go on.")
@_about_member(for_option, reason_option, force_option, wait_option)
def drain(member: str, **how: Any) -> None:
    """Hand MEMBER (its address, or its name) out no more. Its checks go on.

    Caches keep it for the TTL: once they do no longer, it can be stopped and nobody notices, for
    which --wait waits.
    """
    _order("drain", member, **how)


@click.command(short_help="The same for maintenance: outages are no incidents.")
@_about_member(for_option, reason_option, force_option, wait_option)
def maint(member: str, **how: Any) -> None:
    """Take MEMBER (its address, or its name) out for maintenance.

    As drain, and what its checks find is neither logged nor an incident. When all members are
    down it is handed out only if there is nobody else.
    """
    _order("maint", member, **how)


@click.command(short_help="End drain, maint and drill: follow the checks again.")
@_about_member(reason_option, wait_until_back_option)
def ready(member: str, **how: Any) -> None:
    """Hand MEMBER (its address, or its name) out again as soon as its checks pass."""
    _order("ready", member, **how)


@click.command(short_help="Fire drill: have the checks of a member fail.")
@_about_member(for_option, force_option)
def drill(member: str, **how: Any) -> None:
    """Have the checks of MEMBER (its address, or its name) fail, in all pools that share them.

    Nothing else is pretended: the member goes down, leaves the answers, and comes back. What that
    took is an incident that is marked as a drill. Lasts 60 s unless --for says otherwise.
    """
    _order("drill", member, **how)


def _order(
    what: str,
    member: str,
    config: Path,
    pool: str | None,
    *,
    lasts: str | None = None,
    reason: str | None = None,
    force: bool = False,
    wait: bool = False,
) -> None:
    words = {"for": lasts, "reason": reason, "force": "1" if force else None}
    given = {word: value for word, value in words.items() if value is not None}
    meant = _members(ask(_pools, config), member, pool)
    for at, (owner, address) in enumerate(meant):
        try:
            report = ask(partial(_give, owner, address, what, given), config)
        except FailedError as error:
            raise FailedError(f"{error.message}{_in_part(meant, at)}") from None
        click.echo(_told(owner, report))
        if report["not_kept"]:
            click.echo(f"a restart will not know of it: {report['not_kept']}", err=True)
    if wait:
        for owner, address in meant:
            _wait(config, owner, address, what)


def _in_part(meant: list[tuple[str, str]], at: int) -> str:
    """What to know where an order failed in one of several pools: it stands in those before."""
    parts = (("ordered in", meant[:at]), ("not tried in", meant[at + 1 :]))
    return "".join(
        f"; {what} {', '.join(owner for owner, _ in pools)}" for what, pools in parts if pools
    )


def _give(owner: str, address: str, what: str, words: dict[str, str], contact: "Contact") -> Any:
    from rrdns.status.client import order

    return order(contact, owner, address, what, words)


def _pools(contact: "Contact") -> Any:
    from rrdns.status.client import fetch_report

    return fetch_report(contact)["pools"]


def _members(pools: Any, written: str, pool: str | None) -> list[tuple[str, str]]:
    """The pools that have the member that is meant, and its address. Raises FailedError."""
    if pool is not None:
        pools = {owner: pools[owner] for owner in [_pool(pools, pool)]}
    meant = _address(written)
    found = [
        (owner, each["address"])
        for owner, report in pools.items()
        for each in report["members"]
        if each["name"] == written or each["address"] == meant
    ]
    if not found:
        known = {m["name"] or m["address"]: None for r in pools.values() for m in r["members"]}
        few = ", ".join(list(known)[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "")
        who = "no pool has a member" if pool is None else f"pool {pool} has no member"
        raise FailedError(f"{who} {written}; there are {few or 'none'}")
    return found


def _pool(pools: Any, written: str) -> str:
    """The pool of that name, as reports write it. Raises FailedError."""
    from rrdns.zone.name import from_text, to_text

    with suppress(ValueError):
        owner = to_text(from_text(written))
        if owner in pools:
            return owner
    raise FailedError(f"there is no pool {written}; the pools are {', '.join(pools)}")


def _address(written: str) -> str:
    """An address as reports write it; what is none stays as it is."""
    try:
        return str(ip_address(written))
    except ValueError:
        return written


def _wait(config: Path, owner: str, address: str, what: str) -> None:
    """Returns once what was ordered is done: no cache has the member any more, or it is handed out
    again. Raises FailedError if it does not come to that."""
    said = None
    while True:
        member = ask(partial(_seen, owner, address), config)
        if member["duty"]["order"] != what:
            raise FailedError(f"{owner} {address}: the order is over: {member['duty']['order']}")
        done = member["in_rotation"] if what == "ready" else member["duty"]["safe"]
        if done:
            told = "handed out" if what == "ready" else "safe to be stopped"
            click.echo(f"{owner} {address}: {told}")
            return
        doing = _waiting_for(member, what)
        if doing != said:
            click.echo(f"{owner} {address}: {doing}", err=True)
            said = doing
        time.sleep(POLL_S)


def _seen(owner: str, address: str, contact: "Contact") -> Any:
    """The report of a member. Raises FailedError where an edit has taken it away."""
    from rrdns.status.client import RefusalError, fetch

    with suppress(RefusalError):
        for each in fetch(contact, f"/pools/{quote(owner, safe='')}")["members"]:
            if each["address"] == address:
                return each
    raise FailedError(f"{owner} {address}: it is no member any more; caches may still have it")


def _waiting_for(member: Any, what: str) -> str:
    if what == "ready":
        cover = cover_text(member["cover"])
        return f"waiting; its checks say {member['state']}" + (f", {cover}" if cover else "")
    if member["in_rotation"]:
        return "it is still handed out, as nobody else is up"
    return f"waiting until {moment_text(member['duty']['safe_at'])}, when no cache has it any more"


def _told(owner: str, report: Any) -> str:
    """What has become of an order, in a line."""
    name = f" ({report['name']})" if report["name"] else ""
    duty = report["duty"]
    until = f" until {moment_text(duty['until'])}" if duty["until"] else ""
    text = f"{owner} {report['address']}{name}: {duty['order']}{until}"
    if report["drill_until"]:
        text += f", fire drill until {moment_text(report['drill_until'])}"
    if duty["order"] == "ready":
        return f"{text}, and its checks say {report['state']}"
    if report["in_rotation"]:
        return f"{text}; still handed out, as nobody else is up"
    if duty["safe"]:
        return f"{text}; in no cache"
    return f"{text}; in caches until {moment_text(duty['safe_at'])}"
