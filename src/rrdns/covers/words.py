"""What a takeover agent says, as the JSON of its status: checked, since strangers may write it."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from rrdns.health.result import one_line
from rrdns.pool.cover import Claim, Word

MOST_OCTETS = 64 << 10
MOST_VIPS = 64  # of one agent; a host takes part in a few
MOST_HOSTS = 1000  # ranks of one address

Line = Annotated[str, AfterValidator(one_line)]
HostName = Annotated[str, Field(min_length=1), AfterValidator(one_line)]


class NonsenseError(ValueError):
    """This is no agent's status; the text says why."""


@dataclass(slots=True)
class _Vip:
    """What there may be of one address; whatever else there is, nobody here asks for."""

    owner: HostName
    rank: Annotated[StrictInt, Field(ge=0, lt=MOST_HOSTS)]
    holds: StrictBool
    reason: Line | None = None
    contested: Line | None = None


@dataclass(slots=True)
class _Status:
    host: HostName
    vips: Annotated[dict[IPv4Address | IPv6Address, _Vip], Field(max_length=MOST_VIPS)]


_STATUS = TypeAdapter(_Status)


def word_of(body: bytes) -> Word:
    """What an agent's status of at most `MOST_OCTETS` says. Raises NonsenseError."""
    try:
        status = _STATUS.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise NonsenseError(f"not an agent's status: {where}: {first['msg']}") from None
    return Word(
        status.host,
        {
            address: Claim(vip.owner, vip.rank, vip.holds, vip.reason or "", vip.contested or None)
            for address, vip in status.vips.items()
        },
    )
