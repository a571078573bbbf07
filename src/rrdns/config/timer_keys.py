"""What takeover.yaml may say of timers, and the timers that this makes."""

from collections.abc import Iterator
from dataclasses import fields, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from rrdns.takeover.plan import PROFILES, Timers

from .fields import Mistake, seconds, whole, whole_seconds
from .keys import Keys

SHORTEST_PROOF_S = 0.05  # a busy host answers ARP within some milliseconds
LONGEST_PROOF_S = 10.0


class Profile(StrEnum):
    """A set of timers: the names of `PROFILES`."""

    SEED = "seed"
    DEFAULT = "default"
    FAST = "fast"


class TimerKeys(Keys):
    """The rhythm of pings, proofs and leases. What is not written here is the profile's."""

    interval: Annotated[float | None, seconds("50ms", "1m")] = Field(
        default=None, description="Time between two pings of a host.", examples=["1s"]
    )
    timeout: Annotated[float | None, seconds("10ms", "1m")] = Field(
        default=None,
        description="A ping without an answer for this long has failed.",
        examples=["500ms"],
    )
    fast_interval: Annotated[float | None, seconds("10ms", "1m")] = Field(
        default=None,
        description=(
            "Time between two pings while the last one contradicted what is believed. Unless"
            " written, the profile's, or the interval if that is shorter."
        ),
        examples=["250ms"],
    )
    fall: Annotated[int | None, whole(1, 100)] = Field(
        default=None,
        description="Pings in a row without an answer after which a host is silent.",
        examples=[3],
    )
    rise: Annotated[int | None, whole(1, 100)] = Field(
        default=None, description="Answers in a row after which it is back.", examples=[5]
    )
    asks: Annotated[int | None, whole(1, 20)] = Field(
        default=None,
        description="How often a proof asks the link who has the address, before it is taken.",
        examples=[6],
    )
    ask_gap: Annotated[float | None, seconds("10ms", "2s")] = Field(
        default=None, description="Time between two of these questions.", examples=["40ms"]
    )
    stagger: Annotated[float | None, seconds("50ms", "1m")] = Field(
        default=None,
        description=(
            "How much later than the one before it each further candidate acts. Unless written,"
            " the interval and the timeout: all have noticed by then."
        ),
        examples=["1500ms"],
    )
    lease: Annotated[int | None, whole_seconds("2s", "1h")] = Field(
        default=None,
        description=(
            "An address that is held is removed by the kernel after this long, unless the agent"
            " renews it, which it does three times as often."
        ),
        examples=["30s"],
    )
    preempt_delay: Annotated[float | None, seconds("0s", "1h")] = Field(
        default=None,
        description="How long an owner that could take its address back waits first.",
        examples=["3s"],
    )
    hold_down: Annotated[float | None, seconds("100ms", "1h")] = Field(
        default=None,
        description=(
            "Time between the end of one takeover and the next; doubled with each within"
            " `flap_window`."
        ),
        examples=["1s"],
    )
    flap_window: Annotated[float | None, seconds("1s", "24h")] = Field(
        default=None, description="For how long a takeover is remembered.", examples=["10m"]
    )
    most_takeovers: Annotated[int | None, whole(1, 100)] = Field(
        default=None, description="Takeovers within `flap_window`, at most.", examples=[5]
    )


def timers_of(profile: Profile, written: TimerKeys | None) -> Timers:
    """The timers of the profile, but for what is written."""
    usual, keys = PROFILES[profile], written or TimerKeys()
    names = {field.name.removesuffix("_s"): field.name for field in fields(Timers)}
    timers = replace(usual, **{names[key]: value for key, value in keys if value is not None})
    if keys.fast_interval is None:
        fast_interval_s = min(usual.fast_interval_s, timers.interval_s)
        timers = replace(timers, fast_interval_s=fast_interval_s)
    if keys.stagger is None:
        stagger_s = max(timers.interval_s + timers.timeout_s, timers.proof_s)
        timers = replace(timers, stagger_s=stagger_s)
    return timers


def contradictions(profile: Profile, written: TimerKeys) -> Iterator[Mistake]:
    """Where timers contradict each other, each at the first key concerned that is written."""
    timers = timers_of(profile, written)
    proof_s = round(timers.proof_s, 6)
    proof = f"a proof takes (asks + 1) x ask_gap, {proof_s:g} s"
    if timers.fast_interval_s > timers.interval_s:
        what = f"{timers.fast_interval_s:g} s is longer than the interval, {timers.interval_s:g} s"
        yield Mistake(("fast_interval",), what, "write at most the interval")
    if not SHORTEST_PROOF_S <= proof_s <= LONGEST_PROOF_S:
        mend = f"have it take {SHORTEST_PROOF_S:g} to {LONGEST_PROOF_S:g} s"
        yield Mistake((_first(written, "asks", "ask_gap"),), proof, mend)
    if timers.stagger_s < proof_s:
        what = f"{proof}, and the next candidate waits {timers.stagger_s:g} s for it"
        yield Mistake(("stagger",), what, f"write for example stagger: {proof_s:g}")
    elif timers.stagger_s < timers.interval_s:
        what = (
            f"{timers.stagger_s:g} s is shorter than the interval, {timers.interval_s:g} s, so that"
            " the next candidate may be the first to notice"
        )
        yield Mistake(("stagger",), what, "write more than the interval, or remove it")


def _first(written: TimerKeys, *keys: str) -> str:
    return next(key for key in keys if getattr(written, key) is not None)
