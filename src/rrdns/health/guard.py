"""The guard: asks the anchors in rounds, and has outcomes wait until they can be judged.

What the rounds mean is decided by `vantage.py`.
"""

import asyncio
from collections.abc import Callable

from .check import Address
from .probing import Probing, defect
from .result import Result, one_line
from .vantage import Anchor, Judgement, Rounds, Vantage, View, anchor_target
from .verdict import Outcome

GAP_S = 0.02  # from one round to the next: those who wait at the same time share one

OnTurn = Callable[[View], None]


class Guard:
    """Keeps asking the anchors of `vantage`, of which there is one at least, until `close`.

    Made inside the running loop. `wall` is time.time or the like; `on_turn` is called when we are
    found to be cut off, and when no longer. `since` says that we have been cut off until now.
    """

    def __init__(
        self,
        vantage: Vantage,
        probing: Probing,
        wall: Callable[[], float],
        on_turn: OnTurn,
        since: float | None = None,
    ) -> None:
        self._vantage = vantage
        self._probing = probing
        self._wall = wall
        self._on_turn = on_turn
        self._loop = asyncio.get_running_loop()
        self._rounds = Rounds(len(vantage.anchors), cut_off=since is not None)
        self._since = since
        self._anchors = {address: Anchor(address) for address in vantage.anchors}
        self._heard = dict.fromkeys(vantage.anchors, -1)
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._asked_at = self._loop.time() - GAP_S
        self._set_timer(self._asked_at)

    @property
    def vantage(self) -> Vantage:
        """Who is asked, how often, and how patiently."""
        return self._vantage

    @property
    def view(self) -> View:
        """What the anchors tell now."""
        return View(tuple(self._anchors.values()), self._since)

    def mark(self) -> int:
        """To be asked for when a probe starts and when it ends, and to be shown to `judged`."""
        return self._rounds.started

    def judged(self, result: Result, begun: int, ended: int) -> Result | None:
        """What a probe counts as, of whose start and end those are the marks; None: it waits.

        What can not be judged is an error of ours.
        """
        if result.outcome is Outcome.ERROR:
            return result
        if not self._closed:
            match self._rounds.judge(result.outcome, begun, ended):
                case Judgement.COUNTS:
                    return result
                case Judgement.WAITS:
                    return None
        addresses = ", ".join(map(str, self._vantage.anchors))
        reason = one_line(f"not judged: no anchor answers ({addresses})")
        return Result(Outcome.ERROR, reason, result.elapsed_s)

    async def wait(self, result: Result, begun: int, ended: int) -> Result:
        """As `judged`, once an anchor has answered, or none has."""
        while (judged := self.judged(result, begun, ended)) is None:
            if self._rounds.started == ended:
                self._hurry()
            await self._news.wait()
        return judged

    def close(self) -> None:
        """Ask no more; what waits is not judged."""
        self._closed = True
        self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._news.set()

    async def aclose(self) -> None:
        """`close`, and wait for what is in flight."""
        self.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _set_timer(self, due: float) -> None:
        self._due = due
        self._timer = self._loop.call_at(due, self._ask)

    def _hurry(self) -> None:
        """Have the next round start as soon as it may."""
        soon = self._asked_at + GAP_S
        if soon < self._due:
            self._timer.cancel()
            self._set_timer(soon)

    def _ask(self) -> None:
        """Start a round; the next one follows after the interval unless it is hurried."""
        self._asked_at = self._loop.time()
        self._set_timer(self._asked_at + self._vantage.interval_s)
        number = self._rounds.start()
        for address in self._vantage.anchors:
            task = self._loop.create_task(self._ask_anchor(number, address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask_anchor(self, number: int, address: Address) -> None:
        try:
            result = await self._probing.probe(anchor_target(self._vantage, address))
        except Exception as fault:
            result = defect(fault)
        if number > self._heard[address]:  # older rounds may end later
            self._heard[address] = number
            self._anchors[address] = Anchor(address, result, self._wall())
        was_cut_off = self._rounds.cut_off
        if not self._rounds.hear(number, answered=result.outcome is Outcome.PASS):
            return
        if self._rounds.cut_off is not was_cut_off:
            self._since = self._wall() if self._rounds.cut_off else None
            self._on_turn(self.view)
        elif self._rounds.doubtful:
            self._hurry()
        self._news.set()
        self._news = asyncio.Event()
