"""Checks as configured: what to ask of an address, how often, and when to believe it.

All are values: equal checks of one address are one probe, however many pools share them.
Durations are in seconds and end in `_s`.
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What every type of check has in common.

    A member goes down after `fall` consecutive failures and up after `rise` consecutive passes;
    while a streak is unfinished it is probed every `fast_interval_s`. One that went down several
    times within `flap_window_s` needs more passes, up to `rise_cap`; see `flap.py`.

    A member that is down is probed every `down_interval_s`, None meaning as one that is up. A
    `tripwire`, for a check of a TCP port, is an idle connection whose end has it probed at once.
    """

    name: str
    interval_s: float = 2.0
    timeout_s: float = 1.0
    fast_interval_s: float = 0.5
    fall: int = 2
    rise: int = 2
    flap_window_s: float = 600.0
    rise_cap: int = 64
    tripwire: bool = False
    down_interval_s: float | None = None

    @property
    def certain_after_s(self) -> float:
        """The longest time from a member's death to its being down."""
        return self.interval_s + (self.fall - 1) * self.fast_interval_s + self.timeout_s

    @property
    def question(self) -> "Check":
        """The check without what says how often, how patiently and when to believe it."""
        usual = Check(name="")
        return replace(
            self,
            name=usual.name,
            interval_s=usual.interval_s,
            timeout_s=usual.timeout_s,
            fast_interval_s=usual.fast_interval_s,
            fall=usual.fall,
            rise=usual.rise,
            flap_window_s=usual.flap_window_s,
            rise_cap=usual.rise_cap,
            tripwire=usual.tripwire,
            down_interval_s=usual.down_interval_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpCheck(Check):
    """ICMP echo (RFC 792, RFC 4443 section 4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck(Check):
    """A TCP connection to `port` is accepted."""

    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck(Check):
    """GET `path` answers with an expected status, and body if asked.

    `host` is the Host header and, with TLS, the SNI and the name that the certificate must bear;
    the connection always goes to the member's address. `status` are inclusive ranges. `body` is a
    substring, `body_regex` a regular expression (re.search) that the body must hold.
    """

    port: int
    path: str = "/"
    host: str | None = None
    tls: bool = False
    verify: bool = True
    status: tuple[tuple[int, int], ...] = ((200, 399),)
    body: str | None = None
    body_regex: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCheck(Check):
    """`argv` is run with the address in place of every `{address}`, or appended where none is.

    Exit status 0 is a pass, 1 a failure, anything else an error of ours.
    """

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to probe: a check of an address."""

    check: Check
    address: Address

    @property
    def question(self) -> "Target":
        """The same, whatever its rhythm and name: what was found of one holds for the other."""
        return Target(self.check.question, self.address)
