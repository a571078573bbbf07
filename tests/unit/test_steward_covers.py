"""Who has a member's address reaches the answers as promptly as a verdict does, and the log once.

All of it is real but what probes find and agents say, on virtual time.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest

from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.health.check import Target
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome
from rrdns.load import Loaded, load, reload
from rrdns.pool.cover import Claim, Word
from rrdns.pool.duty import Assignment, Duty
from rrdns.simulate.virtual import run_virtually
from rrdns.steward import RefusedError, Steward

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
AGENTS = ("http://192.0.2.11:8056/", "http://192.0.2.12:8056/")
MARCONI, HERTZ = AGENTS
SILENT = "no answer within 1 s"

ZONE = f"""\
$TTL 60
@   SOA ns1 hostmaster 7 3600 600 86400 60
    NS  ns1
ns1 A   192.0.2.53
www A   {ONE}
    A   {TWO}
    A   {THREE}
ftp A   {TWO}
    A   {THREE}
"""

CONFIG = """\
zones: {linux.example: linux.example.zone}
takeover: {status: [AGENTS]}
checks: {alive: {type: icmp, interval: 1h, fast_interval: 1h}}
pools:
  www.linux.example: {checks: [alive]WWW}
  ftp.linux.example: {}
"""


class World:
    """A server without its sockets, and the agents of two hosts that share the address `ONE`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.steward = Steward(Table, Cursors, Random(0), probers=self, clock=self.now)
        self.loaded: Loaded

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    async def probe(self, _: Target) -> Result:
        return Result(Outcome.PASS, "0.4 ms", 0.0004)

    async def aclose(self) -> None:
        """Nothing is open."""

    def write(self, www: str = "", agents: tuple[str, ...] = AGENTS) -> Path:
        listed = ", ".join(f'"{url}"' for url in agents)
        text = CONFIG.replace("AGENTS", listed).replace("WWW", www)
        (self._folder / "linux.example.zone").write_text(ZONE)
        (self._folder / "rrdns.yaml").write_text(text)
        return self._folder / "rrdns.yaml"

    async def begin(self, www: str = "") -> None:
        self.loaded = load(self.write(www))
        await self.steward.take_force(self.loaded)

    async def edit(self, www: str = "", agents: tuple[str, ...] = AGENTS) -> None:
        self.loaded = reload(self.write(www, agents), self.loaded)
        await self.steward.take_force(self.loaded)

    async def say(self, marconi: bool | None, hertz: bool | None, **of_claim: str) -> None:
        """Who of the two says that it has the address of marconi, or not; None: says nothing."""
        for rank, (url, holds) in enumerate(zip(AGENTS, (marconi, hertz), strict=True)):
            claim = Claim("marconi", rank, bool(holds), **of_claim)
            word = Word(("marconi", "hertz")[rank], {ip_address(ONE): claim})
            self.steward.heard(url, SILENT if holds is None else word)
        await asyncio.sleep(0)

    def handed_out(self, pool: int = 0) -> set[str]:
        rotation = self.steward.publisher.rotations[self.loaded.pools[pool].owner, 1]
        return {str(member.address) for member in rotation.members}

    def order(self, address: str) -> None:
        pool = self.loaded.pools[0]
        [member] = [member for member in pool.members if str(member.address) == address]
        self.steward.order(pool, member, Assignment(Duty.DRAIN, self.now()))


Story = Callable[[World], Coroutine[None, None, None]]
Tell = Callable[[Story], None]


@pytest.fixture
def tell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Tell:
    """Runs a story to its end, and closes what it has begun."""
    caplog.set_level(logging.INFO)

    async def told(story: Story) -> None:
        world = World(tmp_path)
        await story(world)
        await world.steward.aclose()

    return lambda story: run_virtually(told(story))


def test_a_covered_member_leaves_at_once_and_comes_back_at_once(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        await world.say(marconi=True, hertz=False)
        assert world.handed_out() == {ONE, TWO, THREE}
        await world.say(marconi=None, hertz=True)
        assert world.handed_out() == {TWO, THREE}
        await world.say(marconi=True, hertz=False)
        assert world.handed_out() == {ONE, TWO, THREE}

    tell(story)


def test_only_the_pools_concerned_are_compiled_anew(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        publisher = world.steward.publisher
        before = publisher.publication.edition.snapshot.turns
        await world.say(marconi=False, hertz=True)
        after = publisher.publication.edition.snapshot.turns
        changed = {owner for owner, rtype in after if after[owner, rtype] != before[owner, rtype]}
        assert changed == {world.loaded.pools[0].owner}
        edition = publisher.publication.edition
        await world.say(marconi=False, hertz=True)
        assert publisher.publication.edition is edition

    tell(story)


def test_what_was_said_is_in_the_first_answers(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        world.loaded = load(world.write())
        beginning = asyncio.get_running_loop().create_task(world.steward.take_force(world.loaded))
        await asyncio.sleep(0)
        await world.say(marconi=False, hertz=True)
        await beginning
        assert world.handed_out() == {TWO, THREE}
        assert caplog.messages == [f"vip={ONE} COVERED by hertz, for marconi"]

    tell(story)


def test_silence_ends_it_all(tell: Tell, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        await world.begin()
        await world.say(marconi=None, hertz=True)
        for _ in range(3):
            await asyncio.sleep(1)
            await world.say(marconi=None, hertz=None)
            assert world.handed_out() == {TWO, THREE}
        await asyncio.sleep(1.1)
        await world.say(marconi=None, hertz=None)
        assert world.handed_out() == {ONE, TWO, THREE}
        await world.say(marconi=None, hertz=False)

    tell(story)
    text = "does not tell who has which address"
    assert caplog.messages == [
        f"takeover agent {MARCONI} {text}: {SILENT}",
        f"vip={ONE} COVERED by hertz, for marconi",
        f"takeover agent {HERTZ} {text}: {SILENT}",
        f"vip={ONE} nobody tells who has it: not all answer that may have it",
        f"takeover agent {HERTZ} tells again, on hertz",
    ]


def test_a_contested_address_is_handed_out_last_and_told_once(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        await world.say(marconi=True, hertz=False)
        for _ in range(3):
            await world.say(marconi=True, hertz=False, contested="02:aa:bb:cc:dd:ee")
            assert world.handed_out() == {TWO, THREE}
        await world.say(marconi=True, hertz=False)
        assert world.handed_out() == {ONE, TWO, THREE}

    tell(story)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", f"vip={ONE} CONTESTED: marconi hears 02:aa:bb:cc:dd:ee hold it too"),
        ("WARNING", f"vip={ONE} no longer CONTESTED: held by its own host, marconi"),
    ]


def test_that_nobody_has_it_changes_nothing_by_itself(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        await world.say(marconi=False, hertz=False, reason="no witness answers")
        assert world.handed_out() == {ONE, TWO, THREE}

    tell(story)
    reasons = "marconi: no witness answers, hertz: no witness answers"
    assert caplog.messages == [f"vip={ONE} held by nobody: {reasons}"]


def test_an_address_that_is_no_members_is_nobodys_business(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        claim = Claim("marconi", 1, holds=True, contested="somebody")
        world.steward.heard(HERTZ, Word("hertz", {ip_address("192.0.2.99"): claim}))
        await asyncio.sleep(0)

    tell(story)
    assert caplog.messages == []


def test_a_weight_brings_a_covered_member_back_with_it(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(", members: {192.0.2.2: {weight: 9}}")
        await world.say(marconi=False, hertz=True)
        assert world.handed_out() == {TWO, THREE}
        await world.edit(", covered_weight: 3, members: {192.0.2.2: {weight: 9}}")
        assert world.handed_out() == {ONE, TWO, THREE}
        snapshot = world.steward.publisher.publication.edition.snapshot
        turns = snapshot.turns[world.loaded.pools[0].owner, 1]
        firsts = [turns.order(turn)[0] for turn in range(turns.count)]
        counts = [firsts.count(ip_address(each).packed) for each in (ONE, TWO, THREE)]
        assert counts == [3, 9, 1]

    tell(story)


def test_an_order_counts_who_would_be_handed_out(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(", min_up: 3")
        await world.say(marconi=False, hertz=True)
        with pytest.raises(RefusedError, match="1 of the 3 IPv4 members"):
            world.order(TWO)
        world.order(ONE)  # it serves nobody anyway
        await world.edit(", min_up: 1")
        world.order(TWO)

    tell(story)


def test_who_would_help_out_counts_as_well(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(", min_up: 1")
        await world.say(marconi=False, hertz=True)
        world.order(TWO)
        world.order(THREE)
        assert world.handed_out() == {ONE}

    tell(story)


def test_an_edit_that_asks_no_agent_any_more_ends_it(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        await world.say(marconi=False, hertz=True)
        await world.edit(agents=(MARCONI,))
        assert world.handed_out() == {ONE, TWO, THREE}
        await world.say(marconi=False, hertz=True)
        assert world.handed_out() == {ONE, TWO, THREE}

    tell(story)
    assert caplog.messages[-1] == f"vip={ONE} held by nobody"
