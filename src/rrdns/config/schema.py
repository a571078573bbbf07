"""What rrdns.yaml may say: its keys, their values and defaults, and the rules between them.

The models refuse what they do not know. They give values in the server's own terms, but names stay
as written; `read.py` makes settings of them.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from rrdns.health.check import Address
from rrdns.health.vantage import Vantage

from .check_keys import CheckEntry
from .fields import ANCHOR, FLAG, WORKERS, choice, endpoint, seconds, text, whole
from .keys import Keys, at_most, distinct, json_schema_of
from .pool_keys import PoolKeys
from .settings import (
    DEFAULT_CONTROL_SOCKET,
    DEFAULT_STATE_FILE,
    MAX_SOCKET_PATH,
    WORDS_KEPT,
    DnsSettings,
    Listen,
    PlayerChoice,
    StateSettings,
    TakeoverSettings,
    TcpLimits,
)
from .url import URL

DNS_PORT = 53
STATUS_PORT = 8053
EVERYWHERE = [Listen(IPv4Address(0), DNS_PORT), Listen(IPv6Address(0), DNS_PORT)]
LOOPBACK = Listen(IPv4Address("127.0.0.1"), STATUS_PORT)

_TCP = TcpLimits()
_DNS = DnsSettings(())
_VANTAGE = Vantage()
_STATE = StateSettings()
_TAKEOVER = TakeoverSettings()

MOST_AGENTS = 32  # there is one for each mirror, and each is asked by itself

CharacterString = Annotated[str, text(255)]  # RFC 1035 section 3.3
DnsListen = Annotated[
    list[Annotated[Listen, endpoint(DNS_PORT)]], Field(min_length=1), AfterValidator(distinct)
]


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
            "Where to show the status: address and port, 8053 unless written. It is open to"
            " all who reach the address, and for them read-only, so leave the loopback only behind"
            " a firewall."
        ),
        examples=["127.0.0.1:8053"],
        json_schema_extra={"default": str(LOOPBACK)},
    )


class VantageKeys(Keys):
    """How this host knows that it is not cut off itself."""

    anchors: Annotated[
        list[Annotated[Address, ANCHOR]], Field(min_length=1), AfterValidator(distinct)
    ] = Field(
        description=(
            "Addresses that answer a ping as long as this host has a way out, such as its gateway."
            " When all of them are silent, no member is taken out or put back."
        ),
        examples=[["192.0.2.254"]],
    )
    interval: Annotated[float, seconds("100ms", "1m")] = Field(
        default=_VANTAGE.interval_s,
        description="Time between two pings; anchors are also asked when a probe has failed.",
        examples=["500ms"],
    )
    timeout: Annotated[float, seconds("10ms", "1m")] = Field(
        default=_VANTAGE.timeout_s,
        description="An anchor without an answer for this long is silent.",
        examples=["500ms"],
    )


class AgentsKeys(Keys):
    """Who tells which host has which virtual address."""

    status: Annotated[
        list[Annotated[str, URL]],
        Field(min_length=1),
        AfterValidator(at_most(MOST_AGENTS)),
        AfterValidator(distinct),
    ] = Field(
        description=(
            "Where the takeover agents of the mirrors show their status. A member whose address"
            " another host has is handed out only where nobody else can be; see `covered_weight`."
        ),
        examples=[["http://192.0.2.1:8056/", "http://192.0.2.2:8056/"]],
    )
    interval: Annotated[float, seconds("100ms", "10s")] = Field(
        default=_TAKEOVER.interval_s,
        description=(
            f"How often each is asked. What it has said is good for {WORDS_KEPT} intervals and the"
            " timeout."
        ),
        examples=["1s"],
    )
    timeout: Annotated[float, seconds("10ms", "10s")] = Field(
        default=_TAKEOVER.timeout_s, description="How long an answer may take.", examples=["1s"]
    )


class StateKeys(Keys):
    """What the server remembers over a restart: verdicts, turns, orders, incidents."""

    file: Annotated[str, text()] | None = Field(
        default=None,
        description=(
            f"Where. Unless written, {DEFAULT_STATE_FILE} if there is that folder; else nothing is"
            " remembered."
        ),
        examples=[str(DEFAULT_STATE_FILE)],
    )
    max_age: Annotated[float, seconds("1s", "24h")] = Field(
        default=_STATE.max_age_s,
        description=(
            "Verdicts older than this are worth nothing: then the first answer waits for a round"
            " of probes."
        ),
        examples=["5m"],
    )


class ControlKeys(Keys):
    """How operators' orders (drain, maint, ready, drill) come in."""

    socket: Annotated[str, text(MAX_SOCKET_PATH)] | None = Field(
        default=None,
        description=(
            "A unix socket, for the server's user and group. Unless written,"
            f" {DEFAULT_CONTROL_SOCKET} if there is that folder."
        ),
        examples=[str(DEFAULT_CONTROL_SOCKET)],
    )
    token_file: Annotated[str, text()] | None = Field(
        default=None,
        description=(
            "A file with a secret, with which orders come in by `status.listen` too. Unless"
            " written, none do."
        ),
        examples=["control.token"],
    )


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
    state: StateKeys | None = Field(
        default=None,
        description="What the server remembers over a restart.",
        examples=[{"file": str(DEFAULT_STATE_FILE)}],
    )
    control: ControlKeys | None = Field(
        default=None,
        description="How operators' orders come in.",
        examples=[{"socket": str(DEFAULT_CONTROL_SOCKET)}],
    )
    zones: Annotated[dict[str, Annotated[str, text()]], Field(min_length=1)] = Field(
        description="The zones to serve: the apex of each, and its master file.",
        examples=[{"linux.example": "linux.example.zone"}],
    )
    checks: dict[str, CheckEntry] | None = Field(
        default=None,
        description="Checks by a name of your choice, for pools to refer to.",
        examples=[{"alive": {"type": "icmp"}}],
    )
    vantage: VantageKeys | None = Field(
        default=None,
        description="How this host knows that it is not cut off itself.",
        examples=[{"anchors": ["192.0.2.254"]}],
    )
    takeover: AgentsKeys | None = Field(
        default=None,
        description="Who tells which host has which virtual address.",
        examples=[{"status": ["http://192.0.2.1:8056/"]}],
    )
    pools: dict[str, PoolKeys | None] | None = Field(
        default=None,
        description="Names whose addresses are checked, and how they are handed out.",
        examples=[{"www.linux.example": {"checks": ["alive"]}}],
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of rrdns.yaml, for editors (draft 2020-12)."""
    return json_schema_of(FileKeys, "rrdns.yaml")
