"""What takeover.yaml may say: its keys, their values and defaults, and the rules within a mapping.

The rules between mappings are those of `takeover_rules.py`.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from rrdns.health.check import Address
from rrdns.takeover.plan import (
    AGENT_CONTROL_SOCKET,
    AGENT_PORT,
    Gate,
    Hooks,
    OnExit,
)

from .check_keys import Argv, CheckEntry, CheckNames, Port
from .fields import FLAG, Mistake, MistakenError, choice, seconds, text, whole
from .keys import Keys, distinct, known_in
from .settings import MAX_SOCKET_PATH
from .takeover_fields import INTERFACE, LABEL, UNICAST, ShortFor
from .timer_keys import Profile, TimerKeys
from .wording import quoted

_GATE = Gate()
_HOOKS = Hooks()

HostName = Annotated[str, text(), known_in("hosts")]


class HostKeys(Keys):
    """A host. Its main address alone will do, if there is no more to say."""

    address: Annotated[Address, UNICAST] = Field(
        description="The main address, which the host always has, and which is pinged.",
        examples=["192.0.2.2"],
    )
    interface: Annotated[str | None, INTERFACE] = Field(
        default=None,
        description=(
            "Where it has its addresses, and brings up those that it holds. Unless written, the"
            " `interface` of the file."
        ),
        examples=["eth1"],
    )
    agent: Annotated[bool, FLAG] = Field(
        default=True,
        description=(
            "Whether the agent runs there. Without it, the host can own an address and not be a"
            " candidate for one."
        ),
        examples=[False],
    )


HostEntry = Annotated[HostKeys, ShortFor("address", UNICAST.json)]


class VipKeys(Keys):
    """A virtual address: who has it, and who takes it over."""

    owner: HostName = Field(
        description="The host that has the address unless it is silent.", examples=["marconi"]
    )
    candidates: Annotated[list[HostName], Field(min_length=1), AfterValidator(distinct)] = Field(
        description="The hosts that take the address over: the first that can.",
        examples=[["hertz"]],
    )
    label: Annotated[str, LABEL] | None = Field(
        default=None,
        description=(
            "The alias of the interface while the address is held, as `ifconfig` shows it; `marc`"
            " makes `eth0:marc`. IPv4 only."
        ),
        examples=["marc"],
    )

    @model_validator(mode="after")
    def _owner_is_no_candidate(self) -> Self:
        if self.owner in self.candidates:
            at = ("candidates", self.candidates.index(self.owner))
            what = f"{quoted(self.owner)} is the owner already"
            raise MistakenError(Mistake(at, what, "name another host, or remove it"))
        return self


class ReadyKeys(Keys):
    """What this host has to show to hold an address."""

    checks: CheckNames = Field(
        default=[],
        description="Names of checks, from `checks`, that its own main address has to pass.",
        examples=[["web"]],
    )
    command: Argv | None = Field(
        default=None,
        description=(
            "A program and its arguments, without a shell: an owner that wants an address back"
            " gets it when this ends with status 0. A program with a `/` in its name is relative"
            " to this file."
        ),
        examples=[["/usr/local/bin/in-sync"]],
    )
    timeout: Annotated[float, seconds("100ms", "10m")] = Field(
        default=_GATE.command_timeout_s,
        description="The command has failed if it takes longer than this.",
        examples=["10s"],
    )


class HookKeys(Keys):
    """Commands that are told what happens: each a program and its arguments, without a shell."""

    pre_claim: Argv | None = Field(
        default=None,
        description="Before an address is taken; another exit status than 0 is a veto.",
        examples=[["./may-claim"]],
    )
    claimed: Argv | None = Field(
        default=None, description="When an address was taken.", examples=[["./claimed"]]
    )
    released: Argv | None = Field(
        default=None, description="When an address was given away.", examples=[["./released"]]
    )
    blocked: Argv | None = Field(
        default=None,
        description=(
            "When there is a reason to take an address and something is wrong: a stranger has it,"
            " or no witness answers, say."
        ),
        examples=[["./page-me"]],
    )
    timeout: Annotated[float, seconds("100ms", "1m")] = Field(
        default=_HOOKS.timeout_s,
        description="A command that takes longer than this is ended, and has failed.",
        examples=["5s"],
    )


class TakeoverKeys(Keys):
    """Configuration of the takeover agent, the same on all hosts. Paths are relative to it."""

    hosts: Annotated[dict[str, HostEntry], Field(min_length=1)] = Field(
        description="The hosts, by a name of your choice: the main address of each.",
        examples=[{"marconi": "192.0.2.1"}],
    )
    interface: Annotated[str | None, INTERFACE] = Field(
        default=None, description="The interface of all hosts that name none.", examples=["eth0"]
    )
    witnesses: Annotated[list[Annotated[Address, UNICAST]], AfterValidator(distinct)] = Field(
        default=[],
        description=(
            "Addresses that answer a ping as long as a host is not cut off, such as the gateway's."
        ),
        examples=[["192.0.2.254"]],
    )
    quorum: Annotated[int, whole(0, 100)] = Field(
        default=1,
        description=(
            "How many witnesses have to answer before an address is taken. With 0 a host that is"
            " cut off takes addresses that others still have."
        ),
        examples=[1],
    )
    profile: Annotated[Profile, choice(Profile)] = Field(
        default=Profile.DEFAULT,
        description=(
            "The timers: `default`; `fast`, for a switched network that loses nothing; `seed`, as"
            " the scripts had it that this replaces."
        ),
        examples=["default"],
    )
    timers: TimerKeys | None = Field(
        default=None,
        description="What differs from the profile.",
        examples=[{"interval": "500ms", "fall": 4}],
    )
    vips: Annotated[dict[str, VipKeys], Field(min_length=1)] = Field(
        description="The virtual addresses.",
        examples=[{"192.0.2.127": {"owner": "marconi", "candidates": ["hertz"]}}],
    )
    on_exit: Annotated[OnExit, choice(OnExit)] = Field(
        default=OnExit.HAND_OVER,
        description=(
            "What an agent that is stopped does with the addresses it holds: `hand-over` has"
            " another host take them first; `lease` keeps them until their lease ends, so that"
            " a restart is not noticed."
        ),
        examples=["hand-over"],
    )
    checks: dict[str, CheckEntry] | None = Field(
        default=None,
        description="Checks by a name of your choice, for `ready` to refer to.",
        examples=[{"web": {"type": "http", "port": 80}}],
    )
    ready: ReadyKeys | None = Field(
        default=None,
        description="What a host has to show to hold an address.",
        examples=[{"checks": ["web"]}],
    )
    hooks: HookKeys | None = Field(
        default=None,
        description="Commands that are told what happens.",
        examples=[{"claimed": ["./claimed"]}],
    )
    port: Port = Field(
        default=AGENT_PORT, description="The UDP port by which agents speak.", examples=[AGENT_PORT]
    )
    status_port: Annotated[int | None, whole(1, 65535)] = Field(
        default=None,
        description=(
            "The TCP port of the main address where the status is shown by HTTP, read-only, to all"
            " who reach it. Unless written, it is not."
        ),
        examples=[8056],
    )
    control: Annotated[str, text(MAX_SOCKET_PATH)] = Field(
        default=str(AGENT_CONTROL_SOCKET),
        description="The unix socket by which operators' orders come in.",
        examples=[str(AGENT_CONTROL_SOCKET)],
    )
    host: HostName | None = Field(
        default=None,
        description=(
            "Which of the hosts this one is. Unless written, the one whose main address this"
            " machine has, so that the file can be the same on all."
        ),
        examples=["marconi"],
    )
