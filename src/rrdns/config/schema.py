"""What rrdns.yaml may say: its keys, their values and defaults, and the rules between them.

The models refuse what they do not know. They give values in the server's own terms, but names stay
as written; `read.py` makes settings of them.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from rrdns.health.check import Check, HttpCheck
from rrdns.pool.member import Member, Order, Pool, Require, Rung
from rrdns.zone.name import ROOT

from .fields import (
    ANSWERS,
    BODY,
    FLAG,
    HOST,
    REGEX,
    STATUS,
    URL_PATH,
    WORKERS,
    Mistake,
    MistakenError,
    choice,
    endpoint,
    mistake,
    seconds,
    text,
    whole,
)
from .settings import DnsSettings, Listen, PlayerChoice, TcpLimits
from .wording import listed, nearest, quoted

DNS_PORT = 53
STATUS_PORT = 8053
EVERYWHERE = [Listen(IPv4Address(0), DNS_PORT), Listen(IPv6Address(0), DNS_PORT)]
LOOPBACK = Listen(IPv4Address("127.0.0.1"), STATUS_PORT)
LAST_RUNGS = (Rung.ALL, Rung.NODATA)

_CHECK = Check(name="")
_HTTP = HttpCheck(name="", port=80)
_TCP = TcpLimits()
_DNS = DnsSettings(())
_POOL = Pool(ROOT, ())
_MEMBER = Member(IPv4Address(0))

T = TypeVar("T")


def _distinct(items: list[T]) -> list[T]:
    seen: set[T] = set()
    twice = []
    for at, item in enumerate(items):
        if item in seen:
            twice.append(at)
        seen.add(item)
    if twice:
        raise MistakenError(
            *(
                Mistake((at,), f"{quoted(str(items[at]))} is listed twice", "remove it")
                for at in twice
            )
        )
    return items


def _known_check(name: str, info: ValidationInfo) -> str:
    """`info.context` has as keys the names of all checks, those with mistakes included."""
    known: dict[str, object] = info.context or {}
    if name not in known:
        otherwise = f"the checks are {listed(known)}" if known else "add it to 'checks'"
        what = f"there is no check named {quoted(name)}"
        raise mistake(what, nearest(name, known, otherwise))
    return name


def _every_rung_reachable(rungs: list[Rung]) -> list[Rung]:
    for at, rung in enumerate(rungs[:-1]):
        if rung in LAST_RUNGS:
            after = quoted(rungs[at + 1].value)
            what = f"{after} is never reached, as {quoted(rung.value)} always succeeds"
            raise MistakenError(Mistake((at + 1,), what, "remove it, or write it earlier"))
    return rungs


Port = Annotated[int, whole(1, 65535)]
UpToHundred = Annotated[int, whole(1, 100)]
CharacterString = Annotated[str, text(255)]  # RFC 1035 section 3.3
DnsListen = Annotated[
    list[Annotated[Listen, endpoint(DNS_PORT)]], Field(min_length=1), AfterValidator(_distinct)
]
CheckNames = Annotated[
    list[Annotated[str, text(), AfterValidator(_known_check)]], AfterValidator(_distinct)
]
Ladder = Annotated[
    list[Annotated[Rung, choice(Rung)]],
    Field(min_length=1),
    AfterValidator(_distinct),
    AfterValidator(_every_rung_reachable),
]


class Keys(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TcpKeys(Keys):
    """Limits for DNS over TCP."""

    idle: Annotated[float, seconds("100ms", "1h")] = Field(
        default=_TCP.idle_s,
        description="A connection without a query for this long is closed.",
        examples=["30s"],
    )
    connections: Annotated[int, whole(1, 1_000_000)] = Field(
        default=_TCP.connections, description="Connections in total.", examples=[1000]
    )
    per_client: Annotated[int, whole(1, 1_000_000)] = Field(
        default=_TCP.per_client, description="Connections of one client address.", examples=[50]
    )


class IdentityKeys(Keys):
    """What the server tells of itself; nothing unless written here."""

    version: CharacterString | None = Field(
        default=None,
        description="The answer to `version.bind CH TXT` (RFC 4892).",
        examples=["rrdns"],
    )
    hostname: CharacterString | None = Field(
        default=None,
        description="The answer to `hostname.bind CH TXT` and `id.server CH TXT` (RFC 4892).",
        examples=["ns1.linux.example"],
    )
    nsid: Annotated[str, text(64)] | None = Field(
        default=None,
        description="The name server identifier given to clients that ask (RFC 5001).",
        examples=["ns1"],
    )


class DnsKeys(Keys):
    """The DNS side."""

    listen: DnsListen = Field(
        default=EVERYWHERE,
        description="Where to answer, UDP and TCP on each: address and port, 53 unless written.",
        examples=[["127.0.0.1:5353", "[::1]:5353"]],
        json_schema_extra={"default": [str(address) for address in EVERYWHERE]},
    )
    workers: Annotated[int | None, WORKERS] = Field(
        default=_DNS.workers,
        description="Threads that answer over UDP with the player in C; `auto` is one per CPU.",
        examples=["auto", 2],
        json_schema_extra={"default": "auto"},
    )
    player: Annotated[PlayerChoice, choice(PlayerChoice)] = Field(
        default=_DNS.player,
        description=(
            "What plays the answers: `c`, `python`, or `auto`, which is C where it was built. The"
            " answers are the same."
        ),
        examples=["auto"],
    )
    cookies: Annotated[bool, FLAG] = Field(
        default=_DNS.cookies,
        description="Whether clients that send a DNS cookie get one (RFC 7873, RFC 9018).",
        examples=[True],
    )
    tcp: TcpKeys | None = Field(
        default=None, description="Limits for DNS over TCP.", examples=[{"idle": "30s"}]
    )
    identity: IdentityKeys | None = Field(
        default=None,
        description="What the server tells of itself; nothing unless written here.",
        examples=[{"nsid": "ns1"}],
    )


class StatusKeys(Keys):
    """The status page, JSON and metrics, by HTTP."""

    listen: Annotated[Listen, endpoint(STATUS_PORT)] = Field(
        default=LOOPBACK,
        description=(
            "Where to show the status: address and port, 8053 unless written. It is read-only and"
            " open to all who reach the address, so leave the loopback only behind a firewall."
        ),
        examples=["127.0.0.1:8053"],
        json_schema_extra={"default": str(LOOPBACK)},
    )


class CheckKeys(Keys):
    """What all types of check have in common."""

    interval: Annotated[float, seconds("100ms", "1h")] = Field(
        default=_CHECK.interval_s, description="Time between two probes.", examples=["2s"]
    )
    timeout: Annotated[float, seconds("10ms", "1m")] = Field(
        default=_CHECK.timeout_s,
        description="A probe without an answer for this long has failed.",
        examples=["1s", "500ms"],
    )
    fast_interval: Annotated[float | None, seconds("100ms", "1h")] = Field(
        default=None,
        description=(
            "Time between two probes while the last one contradicted the member's state."
            f" Unless written, {_CHECK.fast_interval_s:g} s, or the interval if that is shorter."
        ),
        examples=["500ms"],
    )
    fall: UpToHundred = Field(
        default=_CHECK.fall,
        description="Failures in a row that take a member down.",
        examples=[2],
    )
    rise: UpToHundred = Field(
        default=_CHECK.rise, description="Passes in a row that bring a member up.", examples=[2]
    )

    @model_validator(mode="after")
    def _fast_is_not_slower(self) -> Self:
        if self.fast_interval is not None and self.fast_interval > self.interval:
            what = f"{self.fast_interval:g} s is longer than the interval, {self.interval:g} s"
            mend = "write at most the interval"
            raise MistakenError(Mistake(("fast_interval",), what, mend))
        return self


class IcmpKeys(CheckKeys):
    """The address answers a ping."""

    type: Literal["icmp"] = Field(description="Ping.", examples=["icmp"])


class TcpCheckKeys(CheckKeys):
    """The address accepts a TCP connection."""

    type: Literal["tcp"] = Field(description="TCP connection.", examples=["tcp"])
    port: Port = Field(description="The port to connect to.", examples=[22])


class WebKeys(CheckKeys):
    """What http and https have in common: GET `path` answers as expected."""

    path: Annotated[str, URL_PATH] = Field(
        default=_HTTP.path, description="What to GET, query included.", examples=["/"]
    )
    host: Annotated[str | None, HOST] = Field(
        default=None,
        description=(
            "The Host header and, with https, the SNI and the name that the certificate must bear;"
            " the connection always goes to the member's address, which is also the default."
        ),
        examples=["www.linux.example"],
    )
    status: Annotated[list[Annotated[tuple[int, int], STATUS]], Field(min_length=1)] = Field(
        default=list(_HTTP.status),
        description="The statuses that pass: numbers and ranges.",
        examples=[["200-399", 404]],
        json_schema_extra={"default": [f"{first}-{last}" for first, last in _HTTP.status]},
    )
    body: Annotated[str | None, BODY] = Field(
        default=None, description="Text that the body must hold.", examples=["It works"]
    )
    body_regex: Annotated[str | None, REGEX] = Field(
        default=None,
        description="Regular expression (Python's) that must be found in the body.",
        examples=["mirror [0-9]+ is (fine|busy)"],
    )


class HttpKeys(WebKeys):
    """GET by HTTP answers as expected."""

    type: Literal["http"] = Field(description="HTTP request.", examples=["http"])
    port: Port = Field(default=80, description="The port to connect to.", examples=[80])


class HttpsKeys(WebKeys):
    """GET by HTTPS answers as expected."""

    type: Literal["https"] = Field(description="HTTPS request.", examples=["https"])
    port: Port = Field(default=443, description="The port to connect to.", examples=[443])
    verify: Annotated[bool, FLAG] = Field(
        default=_HTTP.verify,
        description="Whether the certificate must be valid for `host`.",
        examples=[True],
    )


class CommandKeys(CheckKeys):
    """A program of yours judges the address."""

    type: Literal["command"] = Field(description="Program.", examples=["command"])
    argv: Annotated[
        list[Annotated[str, text(may_be_empty=True, printable=False)]], Field(min_length=1)
    ] = Field(
        description=(
            "The program and its arguments, without a shell. The address replaces each"
            " `{address}`, or is appended where none is. Exit status 0 is a pass, 1 a failure,"
            " anything else an error that proves nothing. A program with a `/` in its name is"
            " relative to this file."
        ),
        examples=[["./check-mirror", "{address}"]],
    )


AnyCheckKeys = IcmpKeys | TcpCheckKeys | HttpKeys | HttpsKeys | CommandKeys

CHECK_TYPES: dict[str, type[AnyCheckKeys]] = {
    "icmp": IcmpKeys,
    "tcp": TcpCheckKeys,
    "http": HttpKeys,
    "https": HttpsKeys,
    "command": CommandKeys,
}


class MemberKeys(Keys):
    """Attributes for an address that the zone has."""

    name: Annotated[str | None, text(255)] = Field(
        default=None, description="What to call it in status and log.", examples=["marconi"]
    )
    weight: UpToHundred = Field(
        default=_MEMBER.weight,
        description="How often it is first, beside the others; with `order: cyclic` only.",
        examples=[1],
    )
    backup: Annotated[bool, FLAG] = Field(
        default=_MEMBER.backup,
        description="Whether it is handed out on the rung `backup` of `all_down` only.",
        examples=[False],
    )


class PoolKeys(Keys):
    """A name of a zone whose addresses are checked; they come from the zone's A and AAAA."""

    checks: CheckNames = Field(
        default=[], description="Names of checks, from `checks`.", examples=[["alive", "web"]]
    )
    require: Annotated[Require, choice(Require)] = Field(
        default=_POOL.require,
        description="Whether all checks must pass, or any one is enough.",
        examples=["all"],
    )
    order: Annotated[Order, choice(Order)] = Field(
        default=_POOL.policy.order,
        description="How the turns of the addresses follow each other.",
        examples=["cyclic"],
    )
    hold: Annotated[int, whole(1, 1_000_000)] = Field(
        default=_POOL.policy.hold,
        description="Answers before the first address moves to the bottom.",
        examples=[1],
    )
    answers: Annotated[int | None, ANSWERS] = Field(
        default=_POOL.policy.answers,
        description="How many addresses of a family one answer carries at most, or `all`.",
        examples=["all", 8],
    )
    all_down: Ladder = Field(
        default=list(_POOL.all_down),
        description=(
            "What to hand out when no member is up, tried in this order: `last-good` (those last"
            " seen up), `backup` (the backup members), `all`, `nodata` (an empty answer). A ladder"
            " that could run out ends in `all`."
        ),
        examples=[["last-good", "backup", "all"]],
    )
    members: dict[str, MemberKeys | None] | None = Field(
        default=None,
        description="Attributes for addresses that the zone has at this name.",
        examples=[{"192.0.2.1": {"name": "marconi"}}],
    )

    @model_validator(mode="after")
    def _members_fit_policy(self) -> Self:
        mistakes = [*self._weight_mistakes(), *self._backup_mistakes()]
        if mistakes:
            raise MistakenError(*mistakes)
        return self

    def _weight_mistakes(self) -> Iterator[Mistake]:
        if self.order is Order.CYCLIC:
            return
        for address, member in (self.members or {}).items():
            if member and member.weight != _MEMBER.weight:
                what = f"a weight has no meaning with 'order: {self.order}'"
                yield Mistake(
                    ("members", address, "weight"), what, "remove it, or write 'order: cyclic'"
                )

    def _backup_mistakes(self) -> Iterator[Mistake]:
        backups = [member for member in (self.members or {}).values() if member and member.backup]
        if Rung.BACKUP in self.all_down and not backups:
            at = self.all_down.index(Rung.BACKUP)
            what = "the rung 'backup' has no member to hand out"
            yield Mistake(("all_down", at), what, "write 'backup: true' at a member")


class FileKeys(Keys):
    """Configuration of rrdns. Paths in it are relative to the file."""

    dns: DnsKeys | None = Field(
        default=None, description="The DNS side.", examples=[{"listen": ["127.0.0.1:5353"]}]
    )
    status: StatusKeys | None = Field(
        default=None,
        description="The status page, JSON and metrics, by HTTP.",
        examples=[{"listen": "127.0.0.1:8053"}],
    )
    zones: Annotated[dict[str, Annotated[str, text()]], Field(min_length=1)] = Field(
        description="The zones to serve: the apex of each, and its master file.",
        examples=[{"linux.example": "linux.example.zone"}],
    )
    checks: dict[str, Annotated[AnyCheckKeys, Field(discriminator="type")]] | None = Field(
        default=None,
        description="Checks by a name of your choice, for pools to refer to.",
        examples=[{"alive": {"type": "icmp"}}],
    )
    pools: dict[str, PoolKeys | None] | None = Field(
        default=None,
        description="Names whose addresses are checked, and how they are handed out.",
        examples=[{"www.linux.example": {"checks": ["alive"]}}],
    )


class _JsonSchema(GenerateJsonSchema):
    """Leaves out the default of a key that has none to show."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if "default" in described and described["default"] is None:
            del described["default"]
        return described


def json_schema() -> dict[str, Any]:
    """The JSON Schema of rrdns.yaml, for editors (draft 2020-12)."""
    described = FileKeys.model_json_schema(schema_generator=_JsonSchema)
    return {"$schema": _JsonSchema.schema_dialect, **described, "title": "rrdns.yaml"}
