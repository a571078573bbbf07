"""What was heard, said and answered is shown to the machine that it concerns, with its time."""

from math import inf

import pytest

from rrdns.agent.senses import MOST_MACS, MOST_RIVALS, Senses
from rrdns.health.result import Health
from rrdns.health.verdict import State, Verdict
from rrdns.takeover.hello import Hello, Saying
from rrdns.takeover.machine.seen import Ping, Rival, Says, Seen, Word
from rrdns.takeover.plan import Host, Plan, Timers, Vip

from .conftest import FIRST, HERTZ, MARCONI, POPOV, SECOND, WITNESS, MakePlan

STRANGER = "02:00:00:00:00:ff"
MACS = {MARCONI: "02:00:00:00:00:0b", HERTZ: "02:00:00:00:00:0c", POPOV: "02:00:00:00:00:0d"}


class Told:
    """The senses of hertz, and a clock that stands still until it is moved."""

    def __init__(self, plan: Plan) -> None:
        self.now = 1000.0
        self.timers: Timers = plan.timers
        self.senses = Senses(plan, lambda: self.now)

    def seen(self, vip: Vip = FIRST, *, holds: bool = False) -> Seen:
        return self.senses.seen(vip, holds=holds, is_foreign=False, carrier=True)

    def hello(self, host: Host, says: Says, mac: str = "", **more: bool) -> list[Vip]:
        sayings = {FIRST.address: Saying(says, FIRST.hosts.index(host), **more)}
        return self.senses.greeted(Hello(host.name, mac or MACS[host], 1, 1, 1.0, sayings))


@pytest.fixture
def told(make_plan: MakePlan) -> Told:
    return Told(make_plan(HERTZ))


def test_at_first_nothing_is_known(told: Told) -> None:
    seen = told.seen()
    assert (seen.owner, seen.rivals, dict(seen.words)) == (Ping.UNKNOWN, (), {})
    assert (seen.owner_heard_at, seen.owner_answered_at, seen.stalled_at) == (-inf, -inf, -inf)
    assert not seen.cut_off


def test_who_is_heard_to_have_the_address_is_a_rival(told: Told) -> None:
    assert told.senses.heard(FIRST.address, STRANGER) == [FIRST]
    assert told.seen().rivals == (Rival(STRANGER, None, 1000.0),)
    assert told.seen(SECOND).rivals == ()


def test_a_host_is_known_by_the_mac_that_has_its_main_address(told: Told) -> None:
    """In whichever order it is heard: of the address, or of who has it."""
    told.senses.heard(FIRST.address, MACS[MARCONI])
    told.now += 1.0
    assert told.senses.heard(MARCONI.address, MACS[MARCONI]) == [FIRST]
    seen = told.seen()
    assert seen.rivals == (Rival(MACS[MARCONI], 0, 1000.0),)
    assert (seen.owner_heard_at, seen.macs[0]) == (1001.0, MACS[MARCONI])


def test_a_rank_is_one_of_the_address(told: Told) -> None:
    told.senses.heard(MARCONI.address, MACS[MARCONI])
    told.senses.heard(FIRST.address, MACS[MARCONI])
    told.senses.heard(SECOND.address, MACS[MARCONI])
    assert [rival.rank for rival in told.seen(FIRST).rivals] == [0]
    assert [rival.rank for rival in told.seen(SECOND).rivals] == [1]


def test_of_another_address_it_is_no_news(told: Told) -> None:
    assert told.senses.heard(WITNESS, STRANGER) == []
    assert told.seen().rivals == ()


def test_the_mac_that_was_heard_last_is_the_hosts(told: Told) -> None:
    """A bond may change it, and change it back."""
    first, second = MACS[MARCONI], "02:00:00:00:01:0b"
    for mac in (first, second, first):
        told.senses.heard(MARCONI.address, mac)
    assert told.seen().macs[0] == first
    told.hello(MARCONI, Says.ABLE, second)
    assert told.seen().macs[0] == second


def test_what_strangers_can_fill_has_an_end(told: Told) -> None:
    told.senses.heard(MARCONI.address, MACS[MARCONI])
    for number in range(10 * MOST_MACS):
        mac = f"06:00:00:00:{number >> 8:02x}:{number & 0xFF:02x}"
        told.now += 0.001
        told.senses.heard(FIRST.address, mac)
        told.senses.heard(MARCONI.address, mac)
    rivals = told.seen().rivals
    assert len(rivals) == MOST_RIVALS
    assert max(rival.at for rival in rivals) == told.now
    assert len(told.senses._macs) == MOST_MACS


def test_what_an_agent_says_is_its_word(told: Told) -> None:
    assert told.hello(MARCONI, Says.HOLDS) == [FIRST]
    told.now += 1.0
    told.hello(POPOV, Says.ABLE, wants=True)
    assert told.seen().words == {
        0: Word(Says.HOLDS, 1000.0),
        2: Word(Says.ABLE, 1001.0, wants=True),
    }
    assert told.seen().macs == {0: MACS[MARCONI], 2: MACS[POPOV]}
    assert told.seen(SECOND).words == {}
    told.now += 1.0
    assert told.senses.agents() == {"marconi": 2.0, "popov": 1.0}


def test_what_was_seen_does_not_change_with_what_is_heard_later(told: Told) -> None:
    told.hello(MARCONI, Says.HOLDS)
    before = told.seen()
    told.now += 1.0
    told.hello(MARCONI, Says.ASIDE)
    assert before.words[0].says is Says.HOLDS


@pytest.mark.parametrize(
    ("verdict", "ping"),
    [
        (Verdict(State.UNKNOWN), Ping.UNKNOWN),
        (Verdict(State.UP), Ping.ANSWERS),
        (Verdict(State.UP, streak=1), Ping.DOUBTFUL),
        (Verdict(State.DOWN), Ping.SILENT),
        (Verdict(State.DOWN, streak=1), Ping.SILENT),
    ],
)
def test_what_pings_of_the_owner_say(told: Told, verdict: Verdict, ping: Ping) -> None:
    told.senses.owners["marconi"] = Health(verdict, since=0.0)
    assert told.seen().owner is ping
    assert told.seen(SECOND).owner is Ping.UNKNOWN


def test_a_host_is_cut_off_when_it_has_heard_nobody_for_long(told: Told) -> None:
    told.now += told.timers.cut_off_s
    assert not told.senses.cut_off
    told.now += 0.001
    assert told.senses.cut_off
    assert told.seen().cut_off


@pytest.mark.parametrize("sign", ["a witness answers", "an agent speaks"])
def test_any_sign_shows_that_it_is_not(told: Told, sign: str) -> None:
    told.now += told.timers.cut_off_s + 1.0
    if sign == "a witness answers":
        told.senses.answered(WITNESS)
    else:
        told.hello(POPOV, Says.ABLE)
    assert not told.senses.cut_off


def test_an_owner_that_answers_is_no_witness(told: Told) -> None:
    told.now += told.timers.cut_off_s + 1.0
    told.senses.answered(MARCONI.address)
    assert told.senses.cut_off
    assert told.seen().owner_answered_at == told.now


def test_who_has_slept_can_not_know_whether_it_is_cut_off(told: Told) -> None:
    told.now += told.timers.cut_off_s + 1.0
    told.senses.stalled_at = told.now
    assert not told.senses.cut_off


def test_without_witnesses_nobody_can_tell(make_plan: MakePlan) -> None:
    told = Told(make_plan(HERTZ, witnesses=(), quorum=0))
    told.now += 1e6
    assert not told.senses.cut_off


@pytest.mark.parametrize(
    ("interval_s", "ranks", "differences"),
    [
        (1.0, {FIRST: 0, SECOND: 1}, ()),
        (5.0, {FIRST: 0, SECOND: 1}, ("its interval is 5 s, and here 1 s",)),
        (
            1.0,
            {FIRST: 1, SECOND: 1},
            ("10.0.0.127: there it is candidate 1, and here it is the owner",),
        ),
        (
            1.0,
            {FIRST: 0},
            ("fd00::128: there it has no part, and here it is candidate 1",),
        ),
    ],
    ids=["none", "another interval", "another rank", "an address that is not there"],
)
def test_where_files_differ_is_known(
    told: Told, interval_s: float, ranks: dict[Vip, int], differences: tuple[str, ...]
) -> None:
    sayings = {vip.address: Saying(Says.ABLE, rank) for vip, rank in ranks.items()}
    told.senses.greeted(Hello("marconi", MACS[MARCONI], 1, 1, interval_s, sayings))
    assert told.senses.differences == {"marconi": differences}
