"""From the keys of checks to the checks."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rrdns.errors import Problem, Severity
from rrdns.health.check import Check, CommandCheck, HttpCheck, IcmpCheck, TcpCheck

from .check_keys import (
    AnyCheckKeys,
    CommandKeys,
    HttpKeys,
    HttpsKeys,
    IcmpKeys,
    PortKeys,
    TcpCheckKeys,
)
from .source import Document
from .wording import quoted


def checks_of(written: Mapping[str, AnyCheckKeys] | None, folder: Path) -> dict[str, Check]:
    """All checks by name; `folder` is the file's, to which their programs are relative."""
    return {name: _check(name, keys, folder) for name, keys in (written or {}).items()}


def argv_of(argv: list[str], folder: Path) -> tuple[str, ...]:
    """`argv` with a program that is named by its path made independent of where we run."""
    program, *arguments = argv
    return (str(folder / program) if "/" in program else program, *arguments)


def unused(
    checks: Iterable[str], used: Iterable[Check], document: Document, *, nobody: str, user: str
) -> Iterator[Problem]:
    """A warning for each of `checks` that is not used; `nobody` and `user` say by whom."""
    names = {check.name for check in used}
    for name in checks:
        if name not in names:
            what = f"{nobody} uses the check {quoted(name)}"
            mend = f"name it in the 'checks' of {user}, or remove it"
            place = document.key_place(("checks", name))
            yield Problem(place, what, mend, Severity.WARNING)


def _check(name: str, keys: AnyCheckKeys, folder: Path) -> Check:
    common: dict[str, Any] = {
        "name": name,
        "interval_s": keys.interval,
        "timeout_s": keys.timeout,
        "fast_interval_s": keys.fast_interval
        or min(Check(name=name).fast_interval_s, keys.interval),
        "fall": keys.fall,
        "rise": keys.rise,
        "flap_window_s": keys.flap_window,
        "rise_cap": keys.rise_cap,
        "down_interval_s": keys.down_interval,
        "tripwire": isinstance(keys, PortKeys) and keys.tripwire,
    }
    match keys:
        case IcmpKeys():
            return IcmpCheck(**common)
        case TcpCheckKeys():
            return TcpCheck(**common, port=keys.port)
        case HttpKeys() | HttpsKeys():
            return HttpCheck(
                **common,
                port=keys.port,
                path=keys.path,
                host=keys.host,
                tls=isinstance(keys, HttpsKeys),
                verify=not isinstance(keys, HttpsKeys) or keys.verify,
                status=tuple(keys.status),
                body=keys.body,
                body_regex=keys.body_regex,
            )
        case CommandKeys():
            return CommandCheck(**common, argv=argv_of(keys.argv, folder))
