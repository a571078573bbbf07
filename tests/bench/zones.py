"""The zones that every server serves, and what is asked of the large one."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from harness.peers import Zones

APEX = "linux.example"
NAME = f"www.{APEX}"
SMALL = f"""\
$ORIGIN {APEX}.
$TTL 3600
@ IN SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@ IN NS ns1
@ IN NS ns2
ns1 IN A 127.0.0.1
ns2 IN A 127.0.0.2
mail IN A 192.0.2.9
@ IN MX 10 mail
www 60 IN A 192.0.2.1
www 60 IN A 192.0.2.2
www 60 IN A 192.0.2.3
"""

LARGE_APEX = "mixed.example"
NAMES = 100_000
QUESTIONS = 65_536  # as many as dnsblast can tell apart by their IDs
SEED = 1  # the same questions in every run
_LARGE_HEAD = f"""\
$ORIGIN {LARGE_APEX}.
$TTL 3600
@ IN SOA ns.elsewhere.example. hostmaster ( 1 3600 900 604800 60 )
@ IN NS ns.elsewhere.example.
"""

# The last digit of a name's number says what it has; all but an alias have an A record.
ALIAS, MAIL, DUAL_STACK, SEVERAL = range(4)
NOT_ALIASES = range(1, 10)

A, MX, AAAA = 1, 15, 28
NXDOMAIN = 3


class Kind(NamedTuple):
    """A kind of question: its share, the last digits of the names, what is asked and comes."""

    percent: int
    digits: Sequence[int]
    rtype: int
    rcode: int = 0


KINDS = (
    Kind(70, NOT_ALIASES, A),
    Kind(10, NOT_ALIASES, AAAA),  # mostly NODATA
    Kind(10, range(10), A, NXDOMAIN),
    Kind(5, [ALIAS], A),
    Kind(5, [MAIL], MX),
)


def written(folder: Path) -> Zones:
    """Both zones as files in `folder`."""
    small, large = folder / APEX, folder / LARGE_APEX
    small.write_text(SMALL)
    large.write_text(_LARGE_HEAD + "".join(_records(number) for number in range(NAMES)))
    return {APEX: small, LARGE_APEX: large}


def questions() -> str:
    """Questions for the large zone, as dnsblast reads them, in their shares; the names of a kind
    are drawn uniformly."""
    rng = Random(SEED)
    kinds = rng.choices(KINDS, [kind.percent for kind in KINDS], k=QUESTIONS)
    return "".join(
        f"{_label(_number(kind, rng))}.{LARGE_APEX} {kind.rtype} {kind.rcode}\n" for kind in kinds
    )


def _records(number: int) -> str:
    """The records of one name, as lines."""
    name, kind = _label(number), number % 10
    if kind == ALIAS:
        return f"{name} IN CNAME {_label(number + 5)}\n"
    hosts = range(3 if kind == SEVERAL else 1)
    lines = [f"{name} IN A {_address(number, host)}\n" for host in hosts]
    if kind == MAIL:
        lines.append(f"{name} IN MX 10 mail.elsewhere.example.\n")
    if kind == DUAL_STACK:
        lines.append(f"{name} IN AAAA 2001:db8::{number >> 16:x}:{number & 0xFFFF:x}\n")
    return "".join(lines)


def _number(kind: Kind, rng: Random) -> int:
    """The number of a name for a question; those from `NAMES` on do not exist."""
    number = rng.randrange(0, NAMES, 10) + rng.choice(kind.digits)
    return number + NAMES if kind.rcode == NXDOMAIN else number


def _label(number: int) -> str:
    """All are of one length, so that dnsblast can send segments."""
    return f"host{number:06}"


def _address(number: int, host: int) -> str:
    return f"10.{host << 2 | number >> 16}.{number >> 8 & 255}.{number & 255}"
