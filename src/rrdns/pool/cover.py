"""Who has the virtual addresses, by what the takeover agents on their hosts say. Kept apart from
what probes find: an address that another host has answers as well as ever.

| what the agents say of an address                                           | it is     |
|-----------------------------------------------------------------------------|-----------|
| one hears somebody hold it who should not, or two have held it for too long | contested |
| its own host has it, which is that of rank 0                                | held      |
| a host of another rank has it                                               | covered   |
| nobody has it, and all who may know of it answer                            | nobody    |
| nothing that is still good                                                  | unknown   |

A hand-over is make before break: for a moment two hosts have the address, and who took it last is
taken to have it. Two have it for too long once each has said so before and after the other did,
so much later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from math import inf

from rrdns.health.check import Address
from rrdns.health.result import one_line

CONTESTED_AFTER_S = 3.0  # a hand-over takes some milliseconds; agents are asked once a second


class CoverState(StrEnum):
    """Who has a virtual address."""

    HELD = "held"
    COVERED = "covered"
    CONTESTED = "contested"
    NOBODY = "nobody"
    UNKNOWN = "unknown"

    @property
    def gives_way(self) -> bool:
        """Whether visitors had better be sent to another address."""
        return self in (CoverState.COVERED, CoverState.CONTESTED)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an agent says of one address: whose it is, the rank of the agent's own host (0: it is
    the owner), whether that has it now and why, and who else was heard to have it."""

    owner: str
    rank: int
    holds: bool
    reason: str = ""
    contested: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """All that an agent says, on its `host`."""

    host: str
    claims: Mapping[Address, Claim]


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of one agent that is asked. Times are of a clock that is never set, but `at`.

    Its last word came at `heard_at`, which was `at` (time.time), and is good until `good_until`.
    `holding` has since when it has said, each time that it answered, that its host has these
    addresses. `problem` is why the last question had no answer; None: it had one. When one had none
    last, it had been heard at `missed_at`, and was heard again at `back_at`.
    """

    word: Word | None = None
    heard_at: float = -inf
    good_until: float = -inf
    at: float | None = None
    holding: Mapping[Address, float] = field(default_factory=dict)
    problem: str | None = None
    missed_at: float = inf
    back_at: float = -inf

    def after(self, word: Word, now: float, wall: float, good_for_s: float) -> "Agent":
        """The agent once it has said `word`."""
        before = self.holding if now <= self.good_until else {}
        held = (address for address, claim in word.claims.items() if claim.holds)
        holding = {address: before.get(address, now) for address in held}
        back_at = now if self.problem is not None else self.back_at
        return Agent(
            word, now, now + good_for_s, wall, holding, missed_at=self.missed_at, back_at=back_at
        )

    def without_answer(self, problem: str) -> "Agent":
        """The agent once a question had no answer."""
        missed_at = self.heard_at if self.problem is None else self.missed_at
        return replace(self, problem=problem, missed_at=missed_at)


@dataclass(frozen=True, slots=True)
class Cover:
    """Who has a virtual address: the host `by`, if any does; it belongs to `owner`. `reason` is one
    line for the operator. It is so since then (time.time)."""

    state: CoverState
    owner: str
    by: str | None = None
    reason: str = field(default="", compare=False)
    since: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class _Said:
    """What one host says of one address, and since when it has said that it has it."""

    host: str
    claim: Claim
    held_since: float
    agent: Agent

    def held_beside_since(self, other: "_Said") -> float:
        """Since when it is known to have it while the other may have: if that has taken it while
        this one was not heard, what was said before tells nothing."""
        if self.agent.missed_at < other.held_since:
            return max(self.held_since, self.agent.back_at)
        return self.held_since


def cover_of(address: Address, agents: Iterable[Agent], now: float) -> Cover:
    """Who has `address`, as those of `agents` tell that have ever spoken of it, or of nothing yet.

    They stand in the order of their last words: of two ways to one host, the newer word counts.
    """
    said: dict[str, _Said] = {}
    owners: list[tuple[int, str]] = []  # the better the rank, the better it should know
    gone, unheard = set(), False
    for agent in agents:
        if agent.word is None:
            unheard = True
            continue
        host, claim = agent.word.host, agent.word.claims[address]
        owners.append((claim.rank, claim.owner))
        if now <= agent.good_until:
            said[host] = _Said(host, claim, agent.holding.get(address, inf), agent)
        else:
            gone.add(host)
    _, owner = min(owners)
    holders = sorted(
        (each for each in said.values() if each.claim.holds), key=lambda each: each.held_since
    )
    dispute = _dispute(said.values(), holders)
    if dispute:
        return Cover(CoverState.CONTESTED, owner, holders[-1].host if holders else None, dispute)
    if holders:
        last, claim = holders[-1].host, holders[-1].claim
        return Cover(
            CoverState.COVERED if claim.rank else CoverState.HELD, owner, last, claim.reason
        )
    if unheard or gone - said.keys():
        return Cover(CoverState.UNKNOWN, owner, None, "not all answer that may have it")
    reasons = [f"{each.host}: {each.claim.reason}" for each in said.values() if each.claim.reason]
    return Cover(CoverState.NOBODY, owner, None, one_line(", ".join(reasons)))


def _dispute(said: Iterable[_Said], holders: Iterable[_Said]) -> str:
    """Who has it that should not, in words; empty where nobody is known to."""
    for each in said:
        if each.claim.contested:
            return f"{each.host} hears {each.claim.contested} hold it too"
    for one, other in combinations(holders, 2):
        since = max(one.held_beside_since(other), other.held_beside_since(one))
        if min(one.agent.heard_at, other.agent.heard_at) - since > CONTESTED_AFTER_S:
            return f"{one.host} and {other.host} both say that they hold it"
    return ""


@dataclass(frozen=True, slots=True)
class CoverNews:
    """What a review has found: the addresses of which is known something else than before, and
    which agents have fallen silent, or tell again."""

    changed: frozenset[Address] = frozenset()
    silent: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()


class Covers:
    """The agents that are asked, by their URLs, and what follows from their words.

    Nothing follows before `review`.
    """

    def __init__(self) -> None:
        self._agents: dict[str, Agent] = {}
        self._known: dict[Address, Cover] = {}
        self._silent: frozenset[str] = frozenset()
        self._good_for_s = 0.0

    @property
    def agents(self) -> Mapping[str, Agent]:
        """All of them, as of now."""
        return dict(self._agents)

    @property
    def known(self) -> Mapping[Address, Cover]:
        """Every address that an agent has spoken of, as of the last review."""
        return dict(self._known)

    @property
    def silent(self) -> frozenset[str]:
        """The agents that were asked and have said nothing that is still good."""
        return self._silent

    def of(self, address: Address) -> Cover | None:
        """Who has `address`; None where no agent has spoken of it."""
        return self._known.get(address) if self._known else None

    def listen_to(self, agents: Iterable[str], good_for_s: float) -> None:
        """Counts the words of these from now on, and of no others; each is good for so long."""
        self._agents = {url: self._agents.get(url, Agent()) for url in agents}
        self._good_for_s = good_for_s

    def hear(self, url: str, said: Word | str, now: float, wall: float) -> None:
        """An agent has answered, or in a text why it has not; see `Agent` for the clocks."""
        agent = self._agents.get(url)
        if agent is None:
            return
        if isinstance(said, str):
            self._agents[url] = agent.without_answer(said)
        else:
            self._agents[url] = agent.after(said, now, wall, self._good_for_s)

    def review(self, now: float, wall: float) -> CoverNews:
        """Draws the consequences of what was said and not said, and returns what is new."""
        found = {
            address: self._dated(address, cover_of(address, agents, now), wall)
            for address, agents in self._by_address().items()
        }
        changed = frozenset(
            address
            for address in self._known.keys() | found.keys()
            if self._known.get(address) != found.get(address)
        )
        silent = frozenset(
            url
            for url, agent in self._agents.items()
            if agent.problem is not None and now > agent.good_until
        )
        before, self._known, self._silent = self._silent, found, silent
        return CoverNews(
            changed,
            silent=tuple(sorted(silent - before)),
            telling=tuple(sorted(before & self._agents.keys() - silent)),
        )

    def _by_address(self) -> dict[Address, list[Agent]]:
        """Those who may know of each address, in the order of their last words."""
        agents = sorted(self._agents.values(), key=lambda agent: agent.heard_at)
        unheard = [agent for agent in agents if agent.word is None]
        found: dict[Address, list[Agent]] = {}
        for agent in agents:
            for address in agent.word.claims if agent.word is not None else ():
                found.setdefault(address, [*unheard]).append(agent)
        return found

    def _dated(self, address: Address, cover: Cover, wall: float) -> Cover:
        before = self._known.get(address)
        return replace(cover, since=before.since if before == cover and before else wall)
