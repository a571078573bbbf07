"""Who is handed out follows outcomes, orders and the passing of time, and a steward that begins
where another ended goes on as that one would have.

All of it is real but what the probes find, on virtual time.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table
from rrdns.health.check import Target
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome, State
from rrdns.load import Loaded, load, reload
from rrdns.pool.duty import Assignment, Duty
from rrdns.pool.incidents import Incident
from rrdns.pool.member import Member, Pool
from rrdns.saved import LONG_AGO, Saved
from rrdns.simulate.virtual import run_virtually
from rrdns.steward import RefusedError, Steward

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
ONE, TWO, THREE = ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
WWW, FTP = "www.linux.example.", "ftp.linux.example."
TTL = 60

ZONE = f"""\
$TTL {TTL}
@   SOA ns1 hostmaster 7 3600 600 86400 60
    NS  ns1
ns1 A   192.0.2.53
www A   {ONE}
    A   {TWO}
    A   {THREE}
ftp A   {ONE}
    A   {TWO}
"""

CONFIG = """\
zones: {linux.example: linux.example.zone}
checks:
  alive: {type: icmp}
  slow: {type: icmp, interval: 10s}
pools:
  www.linux.example: {checks: [alive]WWW}
  ftp.linux.example: {checks: [slow]}
"""

DEAD = Result(Outcome.FAIL, "no answer within 1 s", 1.0)
WELL = Result(Outcome.PASS, "0.4 ms", 0.0004)
UNSURE = Result(Outcome.ERROR, "raw sockets are not permitted", 0.0)


@dataclass
class World:
    """The files, what probes find by address, and a clock that can be set."""

    folder: Path
    found: dict[str, Result] = field(default_factory=dict)
    clock_is_off_by_s: float = 0.0
    steward: Steward[Table] = field(init=False)
    loaded: Loaded = field(init=False)

    def write(self, www: str = "", zone: str = ZONE) -> Path:
        (self.folder / "linux.example.zone").write_text(zone)
        (self.folder / "rrdns.yaml").write_text(CONFIG.replace("WWW", www))
        return self.folder / "rrdns.yaml"

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.clock_is_off_by_s

    async def begin(self, saved: Saved = LONG_AGO, *, www: str = "", trusted: bool = False) -> None:
        self.loaded = load(self.write(www))
        self.steward = Steward(Table, Cursors, Random(0), probers=self, clock=self.now, saved=saved)
        await self.steward.take_force(self.loaded, trusted=trusted)

    async def edit(self, zone: str) -> None:
        """What the application does when a file is saved."""
        self.loaded = reload(self.write(zone=zone), self.loaded)
        await self.steward.take_force(self.loaded)

    async def restart(self, *, trusted: bool = True) -> None:
        saved = self.steward.remember()()
        await self.steward.aclose()
        await self.begin(saved, trusted=trusted)

    async def probe(self, target: Target) -> Result:
        result = self.found.get(str(target.address), WELL)
        await asyncio.sleep(result.elapsed_s)
        return result

    async def aclose(self) -> None:
        """Nothing is open."""

    def pool(self, name: str = WWW) -> Pool:
        owners = [WWW, FTP]
        return self.steward.pools[owners.index(name)]

    def member(self, address: str, pool: str = WWW) -> Member:
        return next(m for m in self.pool(pool).members if str(m.address) == address)

    def handed_out(self, pool: str = WWW) -> set[str]:
        rotation = self.steward.publisher.rotations[self.pool(pool).owner, 1]
        return {str(member.address) for member in rotation.members}

    def state(self, address: str) -> State:
        return self.steward.judge.state(self.pool(), self.member(address))

    def order(self, duty: Duty, address: str, lasts_s: float | None = None, **how: bool) -> None:
        until = None if lasts_s is None else self.now() + lasts_s
        assignment = Assignment(duty, self.now(), until, "disk")
        self.steward.order(self.pool(), self.member(address), assignment, **how)

    def drill(self, address: str, lasts_s: float, **how: bool) -> None:
        self.steward.drill(self.pool(), self.member(address), self.now() + lasts_s, **how)

    def safe_at(self, address: str) -> float | None:
        """In seconds since the beginning."""
        at = self.steward.publisher.served.safe_at(self.pool(), self.member(address))
        return None if at is None else at - EPOCH

    def incidents(self) -> list[Incident]:
        return [incident for _, incident in self.steward.incidents.newest_first()]


Story = Callable[[World], Coroutine[None, None, None]]
Tell = Callable[[Story], None]


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """Runs a story to its end, and closes what it has begun."""

    async def told(story: Story) -> None:
        world = World(tmp_path)
        await story(world)
        await world.steward.aclose()

    return lambda story: run_virtually(told(story))


def test_an_order_is_in_force_at_once_and_ends_by_itself(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.order(Duty.DRAIN, ONE, lasts_s=100)
        assert world.handed_out() == {TWO, THREE}
        assert world.handed_out(FTP) == {ONE, TWO}
        assert world.safe_at(ONE) == pytest.approx(TTL, abs=0.1)
        await asyncio.sleep(99)
        assert world.handed_out() == {TWO, THREE}
        await asyncio.sleep(1.1)
        assert world.handed_out() == set(ADDRESSES)
        assert world.safe_at(ONE) is None

    tell(story)


def test_what_is_not_ordered_ends_without_a_trace(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.order(Duty.READY, ONE)
        assert world.handed_out() == set(ADDRESSES)
        assert not world.steward.roster.assignments

    tell(story)


def test_orders_that_would_leave_too_few_are_refused_unless_forced(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(www=", min_up: 2")
        world.order(Duty.MAINT, ONE)
        with pytest.raises(RefusedError, match="1 of the 3 IPv4 members of www"):
            world.order(Duty.DRAIN, TWO)
        with pytest.raises(RefusedError, match="min_up is 2"):
            world.drill(TWO, 60)
        world.order(Duty.DRAIN, ONE)  # it serves nobody anyway
        world.order(Duty.DRAIN, TWO, force=True)
        assert world.handed_out() == {THREE}

    tell(story)


def test_a_drill_is_refused_where_a_pool_that_shares_the_probes_has_too_few(tell: Tell) -> None:
    """Even in another rhythm, as `ftp` has."""

    async def story(world: World) -> None:
        await world.begin()
        world.found[TWO] = DEAD
        await asyncio.sleep(15)
        with pytest.raises(RefusedError, match="0 of the 2 IPv4 members of ftp"):
            world.drill(ONE, 60)

    tell(story)


def test_a_drill_goes_through_it_all_and_ends_by_itself(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.drill(ONE, 60)
        await asyncio.sleep(20)
        assert world.handed_out() == {TWO, THREE}
        assert world.handed_out(FTP) == {TWO}
        assert world.incidents()[0].drill
        await asyncio.sleep(60)
        assert world.handed_out() == set(ADDRESSES)
        assert world.handed_out(FTP) == {ONE, TWO}
        for incident in world.incidents():
            assert incident.up_at is not None
            assert incident.measured_s is not None
            assert 0 < incident.measured_s <= incident.budget_s

    tell(story)


def test_ready_ends_a_drill(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.drill(ONE, 3600)
        await asyncio.sleep(10)
        world.order(Duty.READY, ONE)
        await asyncio.sleep(10)
        assert world.state(ONE) is State.UP

    tell(story)


def test_a_drill_of_a_pool_without_checks_is_refused(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        bare = Pool(world.pool().owner, world.pool().members)
        with pytest.raises(RefusedError, match="use drain"):
            world.steward.drill(bare, bare.members[0], world.now() + 60)

    tell(story)


@pytest.mark.parametrize("outcome", [DEAD, WELL], ids=["silent", "well"])
def test_a_real_outage_is_measured_within_the_budget(tell: Tell, outcome: Result) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.found[ONE] = DEAD
        await asyncio.sleep(300)
        world.found[ONE] = outcome
        await asyncio.sleep(300)
        [of_www] = [i for i in world.incidents() if i.budget_s == 3.5 + TTL]
        assert of_www.measured_s is not None
        assert TTL < of_www.measured_s <= of_www.budget_s
        assert (of_www.up_at is not None) is (outcome is WELL)
        assert not of_www.drill

    tell(story)


def test_an_outage_in_maintenance_is_nobodys_business_until_that_is_over(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.order(Duty.MAINT, THREE, lasts_s=200)
        await asyncio.sleep(100)
        world.found[THREE] = DEAD
        await asyncio.sleep(90)
        assert world.state(THREE) is State.DOWN
        assert world.incidents() == []
        assert not [m for m in caplog.messages if "DOWN" in m]
        await asyncio.sleep(20)
        [incident] = world.incidents()
        assert incident.measured_s == 0  # nobody was sent there
        assert [m for m in caplog.messages if f"member={THREE} DOWN" in m]

    caplog.set_level(logging.INFO)
    tell(story)


def test_an_edit_takes_orders_and_outages_of_who_is_gone_with_it(
    tell: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.found[THREE] = DEAD
        world.order(Duty.DRAIN, ONE)
        await asyncio.sleep(10)
        assert [incident.up_at for incident in world.incidents()] == [None]
        await world.edit(
            ZONE.replace(f"    A   {THREE}\n", "").replace(f"www A   {ONE}\n", "www A 192.0.2.9\n")
        )
        assert world.handed_out() == {TWO, "192.0.2.9"}
        assert not world.steward.roster.assignments
        assert world.incidents()[0].up_at is not None
        assert f"member={ONE} is no member any more: the order drain has ended" in caplog.text

    tell(story)


def test_an_order_during_a_reload_is_in_force_after_it(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.found["192.0.2.9"] = DEAD  # its first probe takes a second
        loaded = reload(world.write(zone=f"{ZONE}www A 192.0.2.9\n"), world.loaded)
        reloading = asyncio.get_running_loop().create_task(world.steward.take_force(loaded))
        await asyncio.sleep(0.5)
        world.order(Duty.DRAIN, ONE)
        assert world.handed_out() == {TWO, THREE}
        await reloading
        assert world.handed_out() == {TWO, THREE}

    tell(story)


def test_a_restart_goes_on_with_what_was_believed_and_ordered(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.found[TWO] = DEAD
        world.order(Duty.DRAIN, ONE, lasts_s=1000)
        await asyncio.sleep(30)
        safe_at, since = world.safe_at(ONE), world.steward.standings.known
        world.found[THREE] = UNSURE  # nothing is confirmed
        await world.restart()
        assert world.handed_out() == {THREE}
        assert (world.safe_at(ONE), world.steward.standings.known) == (safe_at, since)
        assert [incident.up_at for incident in world.incidents()] == [None, None]
        world.found[TWO] = WELL
        await asyncio.sleep(30)
        assert world.handed_out() == {TWO, THREE}
        assert all(incident.up_at for incident in world.incidents())

    tell(story)


def test_an_order_that_ends_while_nobody_is_there_has_ended(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.order(Duty.DRAIN, ONE, lasts_s=100)
        saved = world.steward.remember()()
        await world.steward.aclose()
        await asyncio.sleep(200)
        await world.begin(saved)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.handed_out() == set(ADDRESSES)

    tell(story)


def test_an_outage_is_not_over_because_a_restart_can_not_tell(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin()
        world.found[THREE] = DEAD
        await asyncio.sleep(30)
        world.found[THREE] = UNSURE
        await world.restart(trusted=False)
        assert [incident.up_at for incident in world.incidents()] == [None]
        world.found[THREE] = WELL
        await asyncio.sleep(30)
        assert [incident.up_at is None for incident in world.incidents()] == [False]

    tell(story)


@pytest.mark.parametrize("off_by_s", [-86400.0, 86400.0], ids=["back", "on"])
def test_an_order_ends_though_the_clock_is_set(tell: Tell, off_by_s: float) -> None:
    """When the clock says so, give or take the time after which it is looked at again."""

    async def story(world: World) -> None:
        await world.begin()
        world.order(Duty.DRAIN, ONE, lasts_s=3600)
        await asyncio.sleep(10)
        world.clock_is_off_by_s = off_by_s
        await asyncio.sleep(40)
        assert (ONE in world.handed_out()) is (off_by_s > 0)
        world.clock_is_off_by_s = 0
        await asyncio.sleep(3600)
        assert ONE in world.handed_out()

    tell(story)


def test_last_good_grows_too_old_with_nothing_happening(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(www=", all_down: [last-good, nodata], last_good_age: 200s")
        world.found.update(dict.fromkeys(ADDRESSES, DEAD))
        await asyncio.sleep(30)
        assert world.handed_out() == set(ADDRESSES)
        await asyncio.sleep(180)
        assert world.handed_out() == set()

    tell(story)


def test_the_ttl_shrinks_in_doubt_and_grows_back_by_itself(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.begin(www=", ttl_floor: 5s")

        def ttl() -> int:
            return world.steward.publisher.rotations[world.pool().owner, 1].ttl

        assert ttl() == TTL
        world.found[ONE] = DEAD
        seen = []
        for _ in range(1000):
            seen.append((world.state(ONE), ttl()))
            await asyncio.sleep(0.1)
        grown = [(State.DOWN, ttl) for ttl in (5, 10, 20, 40, TTL)]
        assert list(dict.fromkeys(seen)) == [(State.UP, TTL), (State.UP, 5), *grown]

    tell(story)
