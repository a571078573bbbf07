"""The kinds of value that the files are made of: how each is read, and its JSON Schema.

A kind is metadata for `Annotated`. Its `read` turns what stands in the file into the value wanted,
or raises `MistakenError`: words for the user, in place of pydantic's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from rrdns.health.check import Address
from rrdns.zone.name import Name, from_text, to_text

from .settings import Listen
from .source import Path
from .wording import found, listed, nearest, quoted

DURATION_EXAMPLE = "500ms, 2s, 1m, 1h or a number of seconds"

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)?")
_STATUS = re.compile(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.*))?", re.DOTALL)
_PORT = re.compile(r"[0-9]{1,5}")
_URL_PATH = re.compile(r'/[!-"$-~]*')  # visible ASCII; a fragment (#) is never sent
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")
_MAX_TEXT_OCTETS = 4096
_MOST_WORKERS = 64  # each has a socket and a buffer per address, and wants a CPU of its own
_LISTEN_PATTERNS = (
    r"^(([0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9A-Fa-f:.]+(%[^\]]+)?\])(:[0-9]{1,5})?$",
    r"^[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(%.+)?$",
)

Json = Mapping[str, Any]


class Mistake(NamedTuple):
    """What is wrong and how to mend it, at a path below the value that was being read."""

    at: Path
    what: str
    mend: str


class MistakenError(ValueError):
    """The value is wrong; pydantic, which lets a ValueError pass, gives it back in its own."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes


def mistake(what: str, mend: str) -> MistakenError:
    """The error to raise for a value that is wrong as it stands."""
    return MistakenError(Mistake((), what, mend))


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of value: how it is read, and what JSON Schema says of it."""

    read: Callable[[object], object]
    json: Json

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.json)


def seconds(low: str, high: str) -> Kind:
    """A duration from `low` to `high`, both written as the user would, read as seconds."""
    low_s, high_s = _seconds(low), _seconds(high)

    def read(value: object) -> float:
        duration_s = _seconds(value)
        if not low_s <= duration_s <= high_s:
            raise mistake(f"{found(value)} is out of range", f"write {low} to {high}")
        return duration_s

    number = {"type": "number", "minimum": low_s, "maximum": high_s}
    with_unit = {"type": "string", "pattern": f"^{_DURATION.pattern}$"}
    return Kind(read, {"anyOf": [with_unit, number]})


def whole_seconds(low: str, high: str) -> Kind:
    """A duration that is a whole number of seconds, as a TTL is."""
    any_duration = seconds(low, high)

    def read(value: object) -> int:
        duration_s = cast(float, any_duration.read(value))
        if duration_s != int(duration_s):
            raise mistake(f"{found(value)} is not a whole number of seconds", "round it")
        return int(duration_s)

    return Kind(read, any_duration.json)


def whole(low: int, high: int) -> Kind:
    """A whole number from `low` to `high`."""

    def read(value: object) -> int:
        mend = f"write {low} to {high}"
        if isinstance(value, str) and value.isdecimal():
            raise mistake(f"{found(value)} is text", f"{mend} without quotes or leading zeros")
        if isinstance(value, bool) or not isinstance(value, int):
            raise mistake(f"{found(value)} is not a whole number", mend)
        if not low <= value <= high:
            raise mistake(f"{value} is out of range", mend)
        return value

    return Kind(read, {"type": "integer", "minimum": low, "maximum": high})


def text(
    max_octets: int = _MAX_TEXT_OCTETS, *, may_be_empty: bool = False, printable: bool = True
) -> Kind:
    """Text of at most `max_octets` octets in UTF-8; a number is its digits."""

    def read(value: object) -> str:
        written = _text(value)
        if not written and not may_be_empty:
            raise mistake("the text is empty", "write something, or remove the key")
        if _UNSENDABLE.search(written) or (printable and not written.isprintable()):
            raise mistake(f"{found(value)} holds a control character", "remove it")
        octets = len(written.encode())
        if octets > max_octets:
            raise mistake(f"the text has {octets} octets", f"write at most {max_octets}")
        return written

    return Kind(
        read,
        {
            "type": ["string", "number", "boolean"],
            "minLength": 0 if may_be_empty else 1,
            "maxLength": max_octets,
        },
    )


def choice(options: type[StrEnum]) -> Kind:
    """One of a few words."""
    words = [str(option) for option in options]

    def read(value: object) -> StrEnum:
        if value not in words:
            what = f"{found(value)} is none of {listed(words)}"
            raise mistake(what, nearest(value, words, "choose one of these"))
        return options(value)

    return Kind(read, {"type": "string", "enum": words})


def endpoint(default_port: int) -> Kind:
    """An address and port to listen on; without a port it is `default_port`."""

    def read(value: object) -> Listen:
        written = _text(value)
        bracketed = _BRACKETED.fullmatch(written)
        if bracketed:
            host, port = bracketed.groups()
        elif written.count(":") == 1:
            host, port = written.split(":")
        else:
            host, port = written, None
        return Listen(_host(host, written), default_port if port is None else _port(port, written))

    return Kind(read, {"type": "string", "pattern": "|".join(_LISTEN_PATTERNS)})


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise mistake(f"{found(value)} is neither true nor false", "write true or false")
    return value


def _read_status(value: object) -> tuple[int, int]:
    match = _STATUS.fullmatch(str(value))
    if match is None:
        what = f"{found(value)} is not an HTTP status, nor a range of them"
        raise mistake(what, "write for example 200 or 200-399; each is 100 to 599")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise mistake(f"{found(value)} runs backwards", f"write {last}-{first}")
    return first, last


def _read_answers(value: object) -> int | None:
    if value == "all":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        what = f"{found(value)} is neither a number of addresses nor 'all'"
        raise mistake(what, "write 1 or more, or all")
    return value


def _read_workers(value: object) -> int | None:
    if value == "auto":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_WORKERS:
        what = f"{found(value)} is neither 'auto' nor a number from 1 to {_MOST_WORKERS}"
        raise mistake(what, f"write auto, or 1 to {_MOST_WORKERS}")
    return value


def _read_regex(value: object) -> str:
    written = str(BODY.read(value))
    try:
        re.compile(written)
    except (re.error, OverflowError, RecursionError) as error:
        what = f"{found(value)} is not a regular expression: {error}"
        raise mistake(what, "mend it, or use 'body' for plain text") from None
    return written


def _read_url_path(value: object) -> str:
    if not isinstance(value, str) or not _URL_PATH.fullmatch(value):
        what = f"{found(value)} is not the path of a URL"
        raise mistake(what, "begin it with '/', and percent-encode blanks, '#' and non-ASCII")
    return value


def _read_host(value: object) -> str:
    host = to_text(domain_name(_text(value))).rstrip(".")
    if not _HOST.fullmatch(host):
        raise mistake(f"{found(value)} is not a host name", "write for example www.linux.example")
    return host


def _read_anchor(value: object) -> Address:
    found_there = address(_text(value))
    if isinstance(found_there, IPv6Address) and found_there.scope_id:
        what = f"{found(value)} is an address of one link only"
        raise mistake(what, "write an address that stands without '%'")
    return found_there


ANCHOR = Kind(
    _read_anchor,
    {"anyOf": [{"type": "string", "format": kind} for kind in ("ipv4", "ipv6")]},
)
BODY = text(printable=False)
FLAG = Kind(_read_flag, {"type": "boolean"})
STATUS = Kind(
    _read_status,
    {
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"type": "string", "pattern": f"^{_STATUS.pattern}$"},
        ]
    },
)
ANSWERS = Kind(_read_answers, {"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}]})
WORKERS = Kind(
    _read_workers,
    {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1, "maximum": _MOST_WORKERS}]},
)
REGEX = Kind(_read_regex, {"type": "string", "format": "regex"})
URL_PATH = Kind(_read_url_path, {"type": "string", "pattern": f"^{_URL_PATH.pattern}$"})
HOST = Kind(_read_host, {"type": "string", "minLength": 1})


def domain_name(written: str) -> Name:
    """The name that a key or value writes; raises a mistake where it is none."""
    mend = "write for example www.linux.example"
    if written in ("", "@"):  # both would be the root
        raise mistake(f"{quoted(written)} is not a domain name", mend)
    try:
        return from_text(written)
    except ValueError as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
        raise mistake(f"{quoted(written)} is not a domain name: {reason}", mend) from None


def address(written: str) -> Address:
    """The IP address that a key writes; raises a mistake where it is none."""
    try:
        return ip_address(written)
    except ValueError:
        what = f"{quoted(written)} is not an IP address"
        raise mistake(what, "write for example 192.0.2.1 or 2001:db8::1") from None


def naming(thing: str) -> Callable[[str], str]:
    """The name of `thing`; raises a mistake where it can not stand in a log or a metric."""

    def read(written: str) -> str:
        if not written or len(written) > 63 or not written.isprintable():
            what = f"{quoted(written)} can not name {thing}"
            raise mistake(what, "write 1 to 63 printable characters")
        return written

    return read


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | str():
            return str(value)
    raise mistake(f"{found(value)} stands where text belongs", "write text, in quotes if need be")


def _seconds(value: object) -> float:
    written = "" if isinstance(value, bool | list | dict | None) else str(value)
    match = _DURATION.fullmatch(written)
    if match is None:
        raise mistake(f"{found(value)} is not a duration", f"write {DURATION_EXAMPLE}")
    return float(match[1]) * _UNIT_S[match[2] or "s"]


def _host(host: str, written: str) -> Address:
    try:
        return ip_address(host)
    except ValueError:
        what = f"{quoted(written)} does not begin with an IP address"
        mend = 'write for example 192.0.2.53:53 or "[2001:db8::53]:53", or 0.0.0.0 and :: for all'
        raise mistake(what, mend) from None


def _port(port: str, written: str) -> int:
    if not _PORT.fullmatch(port) or int(port) > 65535:
        raise mistake(f"{quoted(port)} in {quoted(written)} is not a port", "write 0 to 65535")
    return int(port)
