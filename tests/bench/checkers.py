"""The servers that check their mirrors, and how each is told to: two addresses a name, a mirror
that may fail and one beside it that does not.

Each has the settings that make it fastest, but for what keeps it from dropping a healthy mirror.
To add one, write what configures it, and list it in `CHECKERS`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from .servers import SERVERS, Configure, Server, gdnsd, powerdns, rrdns

APEX = "mirrors.example"
CHECK = "web"
TIMEOUT_S = 1  # the least that gdnsd and PowerDNS can be told

# Ours, without the penalty for flapping, which mirrors that fail so often would have. With one
# probe in fifty lost, four in a row are lost once in six million. A lost probe is followed by
# another; the interval is a little longer, so that the probes are no more than a peer's.
FALL, RISE = 4, 1
FAST_MS, TIMEOUT_MS = 50, 500
LONGER = 1.03


@dataclass(frozen=True, slots=True)
class Watched:
    """What a server has to check: HTTP on `port` of all `mirrors` and of the one `beside` them."""

    mirrors: Sequence[str]
    beside: str
    port: int

    @classmethod
    def of(cls, count: int, port: int) -> Self:
        """So many mirrors, each with an address of its own."""
        mirrors = [f"127.7.{number >> 8}.{number & 255}" for number in range(1, count + 1)]
        return cls(mirrors, "127.7.255.1", port)

    @property
    def names(self) -> list[str]:
        """The name of each mirror."""
        return [f"{label}.{APEX}" for label, _ in self.labels()]

    def labels(self) -> Iterator[tuple[str, str]]:
        """The first label of the name of each mirror, and the mirror."""
        return ((f"m{number:04}", mirror) for number, mirror in enumerate(self.mirrors))


@dataclass(frozen=True, slots=True)
class Checker:
    """A server that probes every `interval_s`; `rule` says when it believes what it found.

    `record` writes a name of a zone, `configure` what else there is to say. `down` is what the log
    has for each time that a mirror was dropped.
    """

    name: str
    interval_s: int
    rule: str
    record: Callable[[str, str, Watched], str]
    configure: Callable[[Watched], Configure]
    down: re.Pattern[str]
    key: str

    @property
    def is_ours(self) -> bool:
        return self.key.startswith("rrdns")

    @property
    def is_installed(self) -> bool:
        return SERVERS[self.key].is_installed()

    def server(self, watched: Watched) -> Server:
        """What serves `zone(watched)` and checks."""
        return Server(self.name, self.configure(watched), SERVERS[self.key].is_installed)

    def zone(self, watched: Watched) -> str:
        """A zone with a name for each mirror."""
        return (
            f"$ORIGIN {APEX}.\n$TTL 60\n"
            "@ IN SOA ns.elsewhere.example. hostmaster ( 1 3600 900 604800 60 )\n"
            "@ IN NS ns.elsewhere.example.\n"
        ) + "".join(f"{self.record(*labelled, watched)}\n" for labelled in watched.labels())


def _rrdns(interval_s: int) -> Checker:
    def configure(watched: Watched) -> Configure:
        check = (
            f"  {CHECK}: {{type: http, port: {watched.port},"
            f" interval: {interval_s * LONGER * 1000:.0f}ms, fast_interval: {FAST_MS}ms,"
            f" timeout: {TIMEOUT_MS}ms, fall: {FALL}, rise: {RISE}, rise_cap: {RISE},"
            f" down_interval: {interval_s * 500}ms, tripwire: true}}\n"
        )
        pools = "".join(f"  {name}.{APEX}: {{checks: [{CHECK}]}}\n" for name, _ in watched.labels())
        return rrdns("auto", more=f"checks:\n{check}pools:\n{pools}")

    return Checker(
        f"rrdns, {interval_s} s",
        interval_s,
        f"fall {FALL}, rise {RISE}, {FAST_MS} ms apart",
        _plain_record,
        configure,
        re.compile(r" DOWN: "),
        "rrdns-python",
    )


def _gdnsd(interval_s: int) -> Checker:
    """A success forgets all failures before, as with the others; `down_thresh` is then `fall`."""

    def configure(watched: Watched) -> Configure:
        service = (
            f"{{ plugin => http_status, port => {watched.port}, interval => {interval_s},"
            f" timeout => {TIMEOUT_S}, up_thresh => 1, ok_thresh => 1, down_thresh => 2 }}"
        )
        resources = "".join(
            f"{name} => {{ addrs_v4 => [ {mirror}, {watched.beside} ] }}\n"
            for name, mirror in watched.labels()
        )
        return gdnsd(
            more=f"service_types => {{ {CHECK} => {service} }}\n"
            f"plugins => {{ multifo => {{ service_types => {CHECK}\n{resources}}} }}\n"
        )

    def record(name: str, mirror: str, watched: Watched) -> str:
        return f"{name} DYNA multifo!{name}"

    return Checker(
        f"gdnsd, {interval_s} s",
        interval_s,
        "down 2, up 1",
        record,
        configure,
        re.compile(r"changed from UP\S* to DOWN"),
        "gdnsd",
    )


def _powerdns(interval_s: int) -> Checker:
    """One outcome decides: this version knows nothing else."""

    def configure(watched: Watched) -> Configure:
        log = ("--loglevel=6", "--log-dns-details=no")
        return powerdns(
            "--enable-lua-records=shared", f"--lua-health-checks-interval={interval_s}", *log
        )

    def record(name: str, mirror: str, watched: Watched) -> str:
        url = f"http://{mirror}:{watched.port}/"
        addresses = f"{{'{mirror}', '{watched.beside}'}}"
        options = f"{{selector='all', timeout='{TIMEOUT_S}'}}"
        return f"{name} LUA A \"ifurlup('{url}', {addresses}, {options})\""

    return Checker(
        f"PowerDNS, {interval_s} s",
        interval_s,
        "down 1, up 1",
        record,
        configure,
        re.compile(r"declaring \S+ DOWN"),
        "powerdns",
    )


def _plain_record(name: str, mirror: str, watched: Watched) -> str:
    return f"{name} A {mirror}\n{name} A {watched.beside}"


CHECKERS: Sequence[Checker] = (_rrdns(2), _gdnsd(2), _rrdns(1), _powerdns(1))
"""Side by side are those with the same interval, rrdns first."""
