"""From rrdns.yaml to settings, or to everything that is wrong with the file."""

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rrdns.errors import BadInputError, Place, Problem, Severity
from rrdns.files import first_octets
from rrdns.health.check import Check, CommandCheck, HttpCheck, IcmpCheck, TcpCheck
from rrdns.health.vantage import Vantage
from rrdns.pool.member import Policy, Rung

from .check_keys import (
    AnyCheckKeys,
    CommandKeys,
    HttpKeys,
    HttpsKeys,
    IcmpKeys,
    PortKeys,
    TcpCheckKeys,
)
from .fields import MistakenError, address, check_name, domain_name
from .keys import Keys
from .mistakes import explain
from .pool_keys import LAST_RUNGS, MemberKeys, PoolKeys
from .schema import (
    ControlKeys,
    DnsKeys,
    FileKeys,
    IdentityKeys,
    StateKeys,
    StatusKeys,
    TcpKeys,
    VantageKeys,
)
from .settings import (
    Contact,
    ControlSettings,
    DnsSettings,
    Identity,
    MemberSettings,
    PoolSettings,
    Settings,
    StateSettings,
    TcpLimits,
)
from .source import Document, parse, place_at
from .source import Path as KeyPath
from .wording import quoted

K = TypeVar("K", bound=Keys)

MAX_FILE_OCTETS = 1 << 20  # some ten thousand pools; anything larger is another kind of file


def read_settings(path: Path) -> Settings:
    """The settings in the file at `path`; BadInputError tells all problems at once."""
    document = parse(_text(path), str(path))
    problems = [*document.problems, *_name_problems(document)]
    checks = dict(document.keys(("checks",)))
    try:
        keys = FileKeys.model_validate(document.data(), context=checks)
    except ValidationError as error:
        problems.extend(explain(error, document))
        raise BadInputError(problems) from None
    if problems:
        raise BadInputError(problems)
    return _settings(keys, document, path)


def read_contact(path: Path) -> Contact:
    """Where the server of the configuration at `path` shows its status and takes orders.

    Only those parts of the file have to be right; without them, it is the default: whoever
    asks a running server about a file that is broken wants to know what it thinks of it.
    """
    try:
        document = parse(_text(path), str(path)).data()
    except BadInputError:
        document = None
    data = document if isinstance(document, dict) else {}
    status = _valid(StatusKeys, data.get("status"))
    control = _valid(ControlKeys, data.get("control"))
    return Contact(status.listen, _control(control, path.absolute().parent))


def _valid(keys: type[K], written: object) -> K:
    """What is written, or the defaults where that is wrong."""
    try:
        return keys.model_validate(written or {})
    except ValidationError:
        return keys()


def _text(path: Path) -> str:
    mend = "name the configuration file, for example /etc/rrdns/rrdns.yaml"
    try:
        octets = first_octets(path, MAX_FILE_OCTETS + 1)
    except OSError as error:
        raise _unusable(path, f"the file can not be read: {error.strerror}", mend) from None
    if octets is None:
        raise _unusable(path, "this is not a regular file", mend)
    if len(octets) > MAX_FILE_OCTETS:
        raise _unusable(path, f"the file has more than {MAX_FILE_OCTETS} octets", mend)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8-sig")
        place = place_at(str(path), before, len(before))
        what = f"the octet 0x{octets[error.start]:02x} is not UTF-8"
        raise BadInputError([Problem(place, what, "save the file as UTF-8")]) from None


def _unusable(path: Path, what: str, mend: str) -> BadInputError:
    return BadInputError([Problem(Place(str(path)), what, mend)])


def _name_problems(document: Document) -> Iterator[Problem]:
    """Keys that are not the names they should be, and those that mean the same."""
    yield from _key_problems(document, ("zones",), domain_name)
    yield from _key_problems(document, ("checks",), check_name)
    yield from _key_problems(document, ("pools",), domain_name)
    for pool, _ in document.keys(("pools",)):
        yield from _key_problems(document, ("pools", pool, "members"), address)


def _key_problems(
    document: Document, path: KeyPath, fold: Callable[[str], Hashable]
) -> Iterator[Problem]:
    firsts: dict[Hashable, str] = {}
    for key, place in document.keys(path):
        try:
            folded = fold(key)
        except MistakenError as error:
            yield from (Problem(place, what, mend) for _, what, mend in error.mistakes)
            continue
        first = firsts.setdefault(folded, key)
        if first != key:
            line = document.key_place((*path, first)).line
            what = f"{quoted(key)} is the same as {quoted(first)} on line {line}"
            yield Problem(place, what, "keep one of the two")


def _settings(keys: FileKeys, document: Document, path: Path) -> Settings:
    folder = path.absolute().parent
    checks = {name: _check(name, check, folder) for name, check in (keys.checks or {}).items()}
    pools = tuple(
        _pool(name, pool or PoolKeys(), checks, document)
        for name, pool in (keys.pools or {}).items()
    )
    return Settings(
        path=path,
        dns=_dns(keys.dns or DnsKeys()),
        status=(keys.status or StatusKeys()).listen,
        zones={domain_name(apex): folder / file for apex, file in keys.zones.items()},
        pools=pools,
        vantage=_vantage(keys.vantage),
        state=_state(keys.state or StateKeys(), folder),
        control=_control(keys.control or ControlKeys(), folder),
        warnings=tuple(sorted([*_unused(checks, pools, document), *_idle_backups(pools)])),
    )


def _dns(keys: DnsKeys) -> DnsSettings:
    tcp, identity = keys.tcp or TcpKeys(), keys.identity or IdentityKeys()
    return DnsSettings(
        listen=tuple(keys.listen),
        workers=keys.workers,
        player=keys.player,
        cookies=keys.cookies,
        tcp=TcpLimits(tcp.idle, tcp.connections, tcp.per_client),
        identity=Identity(identity.version, identity.hostname, identity.nsid),
    )


def _vantage(keys: VantageKeys | None) -> Vantage:
    return Vantage(tuple(keys.anchors), keys.interval, keys.timeout) if keys else Vantage()


def _state(keys: StateKeys, folder: Path) -> StateSettings:
    return StateSettings(folder / keys.file if keys.file else None, keys.max_age)


def _control(keys: ControlKeys, folder: Path) -> ControlSettings:
    return ControlSettings(
        folder / keys.socket if keys.socket else None,
        folder / keys.token_file if keys.token_file else None,
    )


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
            return CommandCheck(**common, argv=_argv(keys.argv, folder))


def _argv(argv: list[str], folder: Path) -> tuple[str, ...]:
    """`argv` with a program that is named by its path made independent of where we run."""
    program, *arguments = argv
    return (str(folder / program) if "/" in program else program, *arguments)


def _pool(name: str, keys: PoolKeys, checks: dict[str, Check], document: Document) -> PoolSettings:
    path: KeyPath = ("pools", name)
    return PoolSettings(
        place=document.key_place(path),
        owner=domain_name(name),
        checks=tuple(checks[check] for check in keys.checks),
        require=keys.require,
        policy=Policy(keys.order, keys.hold, keys.answers),
        all_down=_ladder(keys.all_down),
        last_good_s=keys.last_good_age,
        min_up=keys.min_up,
        ttl_floor_s=keys.ttl_floor,
        members={
            address(text): _member(
                document.key_place((*path, "members", text)), member or MemberKeys()
            )
            for text, member in (keys.members or {}).items()
        },
    )


def _ladder(rungs: list[Rung]) -> tuple[Rung, ...]:
    """The rungs as written, and a last one that never fails where none is."""
    return tuple(rungs) if rungs[-1] in LAST_RUNGS else (*rungs, Rung.ALL)


def _member(place: Place, keys: MemberKeys) -> MemberSettings:
    return MemberSettings(place, keys.name, keys.weight, keys.backup)


def _unused(
    checks: dict[str, Check], pools: tuple[PoolSettings, ...], document: Document
) -> Iterator[Problem]:
    used = {check.name for pool in pools for check in pool.checks}
    for name in checks:
        if name not in used:
            what = f"no pool uses the check {quoted(name)}"
            mend = "name it in the 'checks' of a pool, or remove it"
            place = document.key_place(("checks", name))
            yield Problem(place, what, mend, Severity.WARNING)


def _idle_backups(pools: tuple[PoolSettings, ...]) -> Iterator[Problem]:
    for pool in pools:
        if Rung.BACKUP in pool.all_down:
            continue
        for member in pool.members.values():
            if member.backup:
                what = "this backup is never handed out, as 'all_down' has no rung 'backup'"
                mend = "write for example all_down: [backup, all]"
                yield Problem(member.place, what, mend, Severity.WARNING)
