"""From takeover.yaml to a plan for this host, or to everything that is wrong with the file."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rrdns.errors import BadInputError, Place, Problem, Severity
from rrdns.health.check import Address, Check
from rrdns.takeover.plan import AGENT_CONTROL_SOCKET, Gate, Hooks, Host, Plan, Vip

from .checks import argv_of, checks_of, unused
from .document import read_document
from .fields import MistakenError
from .keys import json_schema_of, known
from .mistakes import checked
from .source import Document
from .takeover_keys import HookKeys, ReadyKeys, TakeoverKeys, VipKeys
from .takeover_rules import Parts, label_of, misfits, parts_of
from .timer_keys import timers_of
from .wording import listed, quoted

EXAMPLE = "/etc/rrdns/takeover.yaml"
MAX_FILE_OCTETS = 1 << 20  # some thousand addresses; anything larger is another kind of file


class NotHereError(BadInputError):
    """The file is right, and this machine is none of its hosts, or not yet."""


def read_plan(path: Path, local_addresses: Collection[Address], host: str | None = None) -> Plan:
    """The plan in the file at `path`; BadInputError tells all problems at once, NotHereError that
    there is none but which host this is.

    `local_addresses` are those of this machine, which tell which of the hosts it is, unless the
    file or `host` does.
    """
    document = read_document(path, MAX_FILE_OCTETS, EXAMPLE)
    names = {section: dict(document.keys((section,))) for section in ("hosts", "checks")}
    parts = parts_of(document, names)
    unknown = [*_identity_problems(parts, local_addresses, host, names["hosts"])]
    try:
        keys = checked(TakeoverKeys, document, names, [*misfits(parts), *unknown])
    except BadInputError as error:
        if [*error.problems] == unknown and host is None:
            raise NotHereError(unknown) from None
        raise
    (here,) = _here(keys, local_addresses, host)
    return _plan(keys, document, path, here)


def read_control(path: Path) -> Path:
    """Where the agent of the configuration at `path` takes orders; what else is wrong with the file
    is no matter: whoever asks a running agent may be about to mend it.

    BadInputError where there is no file to read.
    """
    document = read_document(path, MAX_FILE_OCTETS, EXAMPLE)
    data = document.data()
    written = data.get("control") if isinstance(data, dict) else None
    return path.absolute().parent / (written if isinstance(written, str) else AGENT_CONTROL_SOCKET)


def takeover_json_schema() -> dict[str, Any]:
    """The JSON Schema of takeover.yaml, for editors (draft 2020-12)."""
    return json_schema_of(TakeoverKeys, "takeover.yaml")


def _here(keys: TakeoverKeys, local_addresses: Collection[Address], host: str | None) -> list[str]:
    """The hosts that this one may be: one, unless something is wrong."""
    named = keys.host if host is None else host
    if named is not None:
        return [named]
    return [name for name, each in keys.hosts.items() if each.address in local_addresses]


def _identity_problems(
    parts: Parts, local_addresses: Collection[Address], host: str | None, names: Collection[str]
) -> Iterator[Problem]:
    """What keeps us from knowing which of the hosts, whose `names` these are, we are."""
    document, hosts = parts.document, parts.keys.hosts
    if host is not None:
        try:
            known(host, "hosts", names)
        except MistakenError as error:
            yield from (
                Problem(Place(document.file), what, mend) for _, what, mend in error.mistakes
            )
        return
    is_clear = parts.is_whole("hosts", "host") and len(hosts) == len(parts.mains)
    if not hosts or not is_clear:
        return
    here = _here(parts.keys, local_addresses, host)
    place = document.key_place(("hosts",))
    if not here:
        sought = listed(f"{each.address} ({name})" for name, each in hosts.items())
        what = f"this machine has no host's main address; looked for {sought}"
        yield Problem(place, what, "write 'host: NAME', or run it on one of them")
    elif len(here) > 1:
        what = f"this machine has the main addresses of {listed(here)}"
        yield Problem(place, what, "write 'host: NAME' with the one that it is")


def _plan(keys: TakeoverKeys, document: Document, path: Path, here: str) -> Plan:
    folder = path.absolute().parent
    hosts = {
        name: Host(name, each.address, each.interface or keys.interface or "", each.agent)
        for name, each in keys.hosts.items()
    }
    ready = keys.ready or ReadyKeys()
    checks = checks_of(keys.checks, folder)
    gate = _gate(ready, checks, folder)
    plan = Plan(
        path=path,
        here=hosts[here],
        hosts=hosts,
        vips=tuple(_vip(address, vip, hosts, hosts[here]) for address, vip in keys.vips.items()),
        witnesses=tuple(keys.witnesses),
        quorum=keys.quorum,
        timers=timers_of(keys.profile, keys.timers),
        on_exit=keys.on_exit,
        hooks=_hooks(keys.hooks or HookKeys(), folder),
        gate=gate,
        port=keys.port,
        status_port=keys.status_port,
        control=folder / keys.control,
    )
    idle_checks = unused(checks, gate.checks, document, nobody="nothing", user="'ready'")
    return replace(plan, warnings=tuple(sorted([*idle_checks, *_idleness(plan, document)])))


def _vip(text: str, keys: VipKeys, hosts: Mapping[str, Host], here: Host) -> Vip:
    owner, candidates = hosts[keys.owner], tuple(hosts[name] for name in keys.candidates)
    holder = here if here in (owner, *candidates) else owner
    label = label_of(holder.interface, keys.label) if keys.label else None
    return Vip(ip_address(text), owner, candidates, label)


def _gate(keys: ReadyKeys, checks: Mapping[str, Check], folder: Path) -> Gate:
    return Gate(
        tuple(checks[name] for name in keys.checks), _argv(keys.command, folder), keys.timeout
    )


def _hooks(keys: HookKeys, folder: Path) -> Hooks:
    return Hooks(
        pre_claim=_argv(keys.pre_claim, folder),
        claimed=_argv(keys.claimed, folder),
        released=_argv(keys.released, folder),
        blocked=_argv(keys.blocked, folder),
        timeout_s=keys.timeout,
    )


def _argv(argv: list[str] | None, folder: Path) -> tuple[str, ...]:
    return argv_of(argv, folder) if argv else ()


def _idleness(plan: Plan, document: Document) -> Iterator[Problem]:
    """Warnings where the agent has nothing to do on this host."""
    here = plan.here
    place = document.key_place(("hosts", here.name))
    if not plan.ours:
        what = f"this host, {quoted(here.name)}, has no part in any of the 'vips'"
        mend = "name it as owner or candidate, or run no agent on it"
        yield Problem(place, what, mend, Severity.WARNING)
    if not here.agent:
        what = f"this host, {quoted(here.name)}, has 'agent: false'"
        yield Problem(place, what, "remove that, or run no agent on it", Severity.WARNING)
