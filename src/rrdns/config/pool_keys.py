"""What rrdns.yaml may say of pools and their members."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from rrdns.pool.member import Member, Order, Pool, Require, Rung
from rrdns.zone.name import ROOT

from .check_keys import CheckNames
from .fields import (
    ANSWERS,
    FLAG,
    Mistake,
    MistakenError,
    choice,
    seconds,
    text,
    whole,
    whole_seconds,
)
from .keys import Keys, UpToHundred, distinct
from .wording import quoted

LAST_RUNGS = (Rung.ALL, Rung.NODATA)

_POOL = Pool(ROOT, ())
_MEMBER = Member(IPv4Address(0))


def _every_rung_reachable(rungs: list[Rung]) -> list[Rung]:
    for at, rung in enumerate(rungs[:-1]):
        if rung in LAST_RUNGS:
            after = quoted(rungs[at + 1].value)
            what = f"{after} is never reached, as {quoted(rung.value)} always succeeds"
            raise MistakenError(Mistake((at + 1,), what, "remove it, or write it earlier"))
    return rungs


Ladder = Annotated[
    list[Annotated[Rung, choice(Rung)]],
    Field(min_length=1),
    AfterValidator(distinct),
    AfterValidator(_every_rung_reachable),
]


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
    last_good_age: Annotated[float, seconds("1s", "24h")] = Field(
        default=_POOL.last_good_s,
        description="For how long `last-good` hands out those last seen up.",
        examples=["1h"],
    )
    min_up: Annotated[int, whole(0, 1000)] = Field(
        default=_POOL.min_up,
        description=(
            "An order that would leave fewer members of a family in rotation is refused, unless"
            " it is forced."
        ),
        examples=[1],
    )
    ttl_floor: Annotated[int | None, whole_seconds("1s", "1h")] = Field(
        default=None,
        description=(
            "The TTL shrinks to this while a member is in doubt or has just left, and grows back"
            " by doubling as long as all is calm. Unless written, it is the zone's at all times."
        ),
        examples=["5s"],
    )
    covered_weight: Annotated[int, whole(0, 100)] = Field(
        default=_POOL.covered_weight,
        description=(
            "The weight of a member while another host has its address; see `takeover`. With 0 it"
            " is handed out only where nobody else can be. With `order: cyclic` only."
        ),
        examples=[0],
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
        if self.covered_weight != _POOL.covered_weight:
            yield self._meaningless("covered_weight")
        for address, member in (self.members or {}).items():
            if member and member.weight != _MEMBER.weight:
                yield self._meaningless("members", address, "weight")

    def _meaningless(self, *at: str) -> Mistake:
        what = f"a weight has no meaning with 'order: {self.order}'"
        return Mistake(at, what, "remove it, or write 'order: cyclic'")

    def _backup_mistakes(self) -> Iterator[Mistake]:
        backups = [member for member in (self.members or {}).values() if member and member.backup]
        if Rung.BACKUP in self.all_down and not backups:
            at = self.all_down.index(Rung.BACKUP)
            what = "the rung 'backup' has no member to hand out"
            yield Mistake(("all_down", at), what, "write 'backup: true' at a member")
