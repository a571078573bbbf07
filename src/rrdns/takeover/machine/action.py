"""What a machine wants done. Values; whoever carries them out reports in what is seen next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prove:
    """Ask who has the address, the owner's main address, and the witnesses; ends in a Proof."""

    number: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask once who has the address."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Have the address on our interface for a lease, or for another one; ends in a Verdict."""

    number: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Take the address away."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the link that we have the address, or, on its behalf, that the host of `mac` has."""

    mac: str | None = None


@dataclass(frozen=True, slots=True)
class AskHook:
    """Run the hook pre_claim; ends in a Verdict."""

    number: int


@dataclass(frozen=True, slots=True)
class AskGate:
    """Run the owner's gate; ends in a Verdict."""

    number: int


Action = Prove | Ask | Hold | Drop | Announce | AskHook | AskGate
