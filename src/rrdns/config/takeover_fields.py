"""The kinds of value that takeover.yaml has of its own: addresses of hosts, interfaces, aliases."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from rrdns.health.check import Address

from .fields import ANCHOR, Json, Kind, mistake, text
from .wording import found

MAX_INTERFACE_OCTETS = 15  # netdevice(7): IFNAMSIZ with its final NUL

_MEND_UNICAST = "write an address by which other hosts reach it, such as 192.0.2.1"
_BROADCAST = IPv4Address("255.255.255.255")
_INTERFACE = re.compile(r"[!-.0-9;-~]+")  # visible ASCII without '/' and ':'
_LABEL = re.compile(rf"({_INTERFACE.pattern}:)?{_INTERFACE.pattern}")
_LINK_NAME = text(MAX_INTERFACE_OCTETS)


@dataclass(frozen=True, slots=True, eq=False)
class ShortFor:
    """A mapping may be written as one value, that of its `key`; `json` is what this may be."""

    key: str
    json: Json

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._in_full, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> Mapping[str, Any]:
        return {"anyOf": [dict(self.json), handler(schema)]}

    def _in_full(self, value: object) -> object:
        return {self.key: value} if isinstance(value, str | int) else value


def _read_unicast(value: object) -> Address:
    address = cast(Address, ANCHOR.read(value))
    reason = _not_unicast(address)
    if reason is not None:
        raise mistake(f"{found(value)} is {reason}", _MEND_UNICAST)
    return address


def _not_unicast(address: Address) -> str | None:
    """What the address is that no other host could reach this one by; None where it could."""
    if address.is_unspecified:
        return "no host's address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_link_local:
        return "an address of one link only"
    if address == _BROADCAST:
        return "the broadcast address"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return "an IPv4 address in the form of IPv6"
    return None


def _read_interface(value: object) -> str:
    name = str(_LINK_NAME.read(value))
    if not _INTERFACE.fullmatch(name) or name in (".", ".."):
        what = f"{found(value)} is not the name of an interface"
        raise mistake(what, "write for example eth0, without '/', ':' or blank")
    return name


def _read_label(value: object) -> str:
    label = str(_LINK_NAME.read(value))
    if not _LABEL.fullmatch(label):
        what = f"{found(value)} is not the alias of an interface"
        raise mistake(what, "write for example marc, or eth0:marc, without '/' or blank")
    return label


def _json(pattern: re.Pattern[str]) -> Json:
    return {**_LINK_NAME.json, "pattern": f"^{pattern.pattern}$"}


UNICAST = Kind(_read_unicast, ANCHOR.json)
INTERFACE = Kind(_read_interface, _json(_INTERFACE))
LABEL = Kind(_read_label, _json(_LABEL))
