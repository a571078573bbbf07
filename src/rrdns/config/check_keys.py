"""What a file may say of checks: the keys of each type, and lists of their names."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rrdns.health.check import Check, HttpCheck

from .fields import (
    BODY,
    FLAG,
    HOST,
    REGEX,
    STATUS,
    URL_PATH,
    Mistake,
    MistakenError,
    seconds,
    text,
    whole,
)
from .keys import Keys, UpToHundred, distinct, known_in

_CHECK = Check(name="")
_HTTP = HttpCheck(name="", port=80)

Port = Annotated[int, whole(1, 65535)]
Argv = Annotated[
    list[Annotated[str, text(may_be_empty=True, printable=False)]], Field(min_length=1)
]
CheckNames = Annotated[list[Annotated[str, text(), known_in("checks")]], AfterValidator(distinct)]


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
    fast_interval: Annotated[float | None, seconds("20ms", "1h")] = Field(
        default=None,
        description=(
            "Time between two probes while the last one contradicted the member's state."
            f" Unless written, {_CHECK.fast_interval_s:g} s, or the interval if that is shorter."
        ),
        examples=["500ms"],
    )
    down_interval: Annotated[float | None, seconds("20ms", "1h")] = Field(
        default=_CHECK.down_interval_s,
        description="Time between two probes of an address that is down; unless written, as else.",
        examples=["1s"],
    )
    fall: UpToHundred = Field(
        default=_CHECK.fall,
        description="Failures in a row that take a member down.",
        examples=[2],
    )
    rise: UpToHundred = Field(
        default=_CHECK.rise, description="Passes in a row that bring a member up.", examples=[2]
    )
    flap_window: Annotated[float, seconds("1s", "24h")] = Field(
        default=_CHECK.flap_window_s,
        description="Each time but one that a member went down within this long doubles `rise`.",
        examples=["10m"],
    )
    rise_cap: Annotated[int, whole(1, 1000)] = Field(
        default=_CHECK.rise_cap,
        description="The most that `rise` is doubled to; 1 leaves it as it is.",
        examples=[64],
    )

    @model_validator(mode="after")
    def _none_is_slower(self) -> Self:
        others = {"fast_interval": self.fast_interval, "down_interval": self.down_interval}
        mistakes = [
            Mistake(
                (key,),
                f"{written:g} s is longer than the interval, {self.interval:g} s",
                "write at most the interval",
            )
            for key, written in others.items()
            if written is not None and written > self.interval
        ]
        if mistakes:
            raise MistakenError(*mistakes)
        return self


class PortKeys(CheckKeys):
    """What checks of a TCP port have in common."""

    tripwire: Annotated[bool, FLAG] = Field(
        default=_CHECK.tripwire,
        description=(
            "Whether to keep an idle connection to the port while the address is up, whose end, as"
            " when the server is killed, has it probed at once. It takes a place at the server."
        ),
        examples=[True],
    )


class IcmpKeys(CheckKeys):
    """The address answers a ping."""

    type: Literal["icmp"] = Field(description="Ping.", examples=["icmp"])


class TcpCheckKeys(PortKeys):
    """The address accepts a TCP connection."""

    type: Literal["tcp"] = Field(description="TCP connection.", examples=["tcp"])
    port: Port = Field(description="The port to connect to.", examples=[22])


class WebKeys(PortKeys):
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
    argv: Argv = Field(
        description=(
            "The program and its arguments, without a shell. The address replaces each"
            " `{address}`, or is appended where none is. Exit status 0 is a pass, 1 a failure,"
            " anything else an error that proves nothing. A program with a `/` in its name is"
            " relative to this file."
        ),
        examples=[["./check-mirror", "{address}"]],
    )


AnyCheckKeys = IcmpKeys | TcpCheckKeys | HttpKeys | HttpsKeys | CommandKeys
CheckEntry = Annotated[AnyCheckKeys, Field(discriminator="type")]
