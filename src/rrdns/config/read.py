"""From rrdns.yaml to settings, or to everything that is wrong with the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from rrdns.errors import BadInputError, Place, Problem, Severity
from rrdns.health.check import Check
from rrdns.health.vantage import Vantage
from rrdns.pool.member import Policy, Rung

from .checks import checks_of, unused
from .document import key_problems, read_document
from .fields import address, domain_name, naming
from .keys import Keys
from .mistakes import checked
from .pool_keys import LAST_RUNGS, MemberKeys, PoolKeys
from .schema import (
    AgentsKeys,
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
    TakeoverSettings,
    TcpLimits,
)
from .source import Document
from .source import Path as KeyPath

K = TypeVar("K", bound=Keys)

EXAMPLE = "/etc/rrdns/rrdns.yaml"
MAX_FILE_OCTETS = 1 << 20  # some ten thousand pools; anything larger is another kind of file


def read_settings(path: Path) -> Settings:
    """The settings in the file at `path`; BadInputError tells all problems at once."""
    document = read_document(path, MAX_FILE_OCTETS, EXAMPLE)
    names = {"checks": dict(document.keys(("checks",)))}
    keys = checked(FileKeys, document, names, _name_problems(document))
    return _settings(keys, document, path)


def read_contact(path: Path) -> Contact:
    """Where the server of the configuration at `path` shows its status and takes orders.

    Only those parts of the file have to be right; without them, it is the default: whoever
    asks a running server about a file that is broken wants to know what it thinks of it.
    """
    try:
        document = read_document(path, MAX_FILE_OCTETS, EXAMPLE).data()
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


def _name_problems(document: Document) -> Iterator[Problem]:
    """Keys that are not the names they should be, and those that mean the same."""
    yield from key_problems(document, ("zones",), domain_name)
    yield from key_problems(document, ("checks",), naming("a check"))
    yield from key_problems(document, ("pools",), domain_name)
    for pool, _ in document.keys(("pools",)):
        yield from key_problems(document, ("pools", pool, "members"), address)


def _settings(keys: FileKeys, document: Document, path: Path) -> Settings:
    folder = path.absolute().parent
    checks = checks_of(keys.checks, folder)
    pools = tuple(
        _pool(name, pool or PoolKeys(), checks, document)
        for name, pool in (keys.pools or {}).items()
    )
    used = [check for pool in pools for check in pool.checks]
    idle_checks = unused(checks, used, document, nobody="no pool", user="a pool")
    return Settings(
        path=path,
        dns=_dns(keys.dns or DnsKeys()),
        status=(keys.status or StatusKeys()).listen,
        zones={domain_name(apex): folder / file for apex, file in keys.zones.items()},
        pools=pools,
        vantage=_vantage(keys.vantage),
        state=_state(keys.state or StateKeys(), folder),
        control=_control(keys.control or ControlKeys(), folder),
        takeover=_takeover(keys.takeover),
        warnings=tuple(sorted([*idle_checks, *_idle_backups(pools)])),
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


def _takeover(keys: AgentsKeys | None) -> TakeoverSettings:
    if keys is None:
        return TakeoverSettings()
    return TakeoverSettings(tuple(keys.status), keys.interval, keys.timeout)


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
        covered_weight=keys.covered_weight,
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


def _idle_backups(pools: tuple[PoolSettings, ...]) -> Iterator[Problem]:
    for pool in pools:
        if Rung.BACKUP in pool.all_down:
            continue
        for member in pool.members.values():
            if member.backup:
                what = "this backup is never handed out, as 'all_down' has no rung 'backup'"
                mend = "write for example all_down: [backup, all]"
                yield Problem(member.place, what, mend, Severity.WARNING)
