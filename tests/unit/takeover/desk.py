"""One post alone, on made-up time: it is shown what the story says, and what it wants is noted."""

from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from rrdns.takeover.machine import Step, step
from rrdns.takeover.machine.action import Action, AskGate, AskHook, Drop, Hold, Prove
from rrdns.takeover.machine.post import Post, State
from rrdns.takeover.machine.seen import Proof, Rival, Says, Seen, Verdict, Word
from rrdns.takeover.plan import Timers

from .world import STRANGER, TIMERS, mac_of, vip_of


@dataclass(slots=True)
class Desk:
    """The post of the host of `rank`, and what it sees; proofs find `witnesses`, and the system
    does at once what it is asked for, or `refuses` for a reason."""

    rank: int
    timers: Timers = TIMERS
    agent: bool = True
    asks_hook: bool = False
    asks_gate: bool = False
    witnesses: int = 1
    refuses: str = ""
    holds_late: bool = False
    fault: str | None = None
    now: float = 1000.0
    post: Post = field(init=False)
    seen: Seen = field(default_factory=Seen)
    done: list[tuple[float, Action]] = field(default_factory=list)
    entered: list[Post] = field(default_factory=list)
    _wake_at: float = -inf
    _proofs: list[tuple[float, Proof]] = field(default_factory=list)

    def __post_init__(self) -> None:
        macs = {rank: mac_of(rank) for rank in range(3)}
        self.seen = replace(self.seen, macs=macs)
        self.post = Post(
            vip_of(2, agent=self.agent),
            self.rank,
            self.timers,
            quorum=1,
            asks_hook=self.asks_hook,
            asks_gate=self.asks_gate,
        )

    def see(self, **news: Any) -> None:
        """It is shown that, from now on."""
        self.seen = replace(self.seen, **news)
        self._step()

    def hear(self, rank: int | None) -> None:
        """The host of that rank, or a stranger, says on the link that it has the address."""
        mac = STRANGER if rank is None else mac_of(rank)
        others = tuple(each for each in self.seen.rivals if each.mac != mac)
        self.see(rivals=(*others, Rival(mac, rank, self.now)))

    def be_told(self, rank: int, says: Says, **more: bool) -> None:
        """The agent of that host says hello."""
        word = Word(says, self.now, **more).after(self.seen.words.get(rank))
        self.see(words={**self.seen.words, rank: word})

    def let_pass(self, seconds: float) -> None:
        """Nothing happens but what it has asked for."""
        end = self.now + seconds
        while True:
            due = min([self._wake_at, *(at for at, _ in self._proofs)])
            if due > end:
                break
            self.now = max(self.now, due)
            ready = [proof for at, proof in self._proofs if at <= self.now]
            self._proofs = [(at, proof) for at, proof in self._proofs if at > self.now]
            self.see(proof=ready[-1] if ready else self.seen.proof)
        self.now = end

    def kinds(self, since: float = -inf) -> list[type[Action]]:
        """Of what it has wanted from then on."""
        return [type(action) for at, action in self.done if at >= since]

    @property
    def state(self) -> State:
        return self.post.state

    @property
    def reason(self) -> str:
        return self.post.reason

    def times(self, action: Action, since: float) -> list[float]:
        """When it has wanted that, in seconds after then."""
        return [round(at - since, 3) for at, done in self.done if done == action and at >= since]

    def _step(self) -> None:
        while True:
            taken = step(self.post, self.seen, self.now)
            self._take_in(taken)
            before = self.seen
            for action in taken.actions:
                self._do(action)
            if self.seen == before:
                return

    def _take_in(self, taken: Step) -> None:
        self.post, self._wake_at = taken.post, taken.wake_at
        self.entered += taken.entered
        self.done += [(self.now, action) for action in taken.actions]

    def _do(self, action: Action) -> None:
        match action:
            case Prove(number):
                proof = Proof(number, self.now, self.witnesses, self.fault)
                self._proofs.append((self.now + self.timers.proof_s, proof))
            case Hold() if self.holds_late:
                """The story tells when."""
            case Hold(number):
                verdict = Verdict(number, not self.refuses, self.now, self.refuses)
                self.seen = replace(self.seen, holds=not self.refuses, held=verdict)
            case Drop():
                self.seen = replace(self.seen, holds=False)
            case AskHook() | AskGate():
                """The story answers, when it comes to that."""
