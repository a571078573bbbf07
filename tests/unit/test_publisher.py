"""What is published follows the members' health, and nothing else is touched by it."""

from dataclasses import replace
from ipaddress import ip_address
from random import Random
from typing import Any

import dns.edns
import dns.message
import pytest

from harness.direct import CLIENT
from rrdns import publisher as publisher_module
from rrdns.answer.compiler import Edition, compile_edition
from rrdns.answer.player import Player
from rrdns.answer.reference import Transport
from rrdns.answer.table import Table
from rrdns.config.settings import Identity
from rrdns.health.check import Target, TcpCheck
from rrdns.health.result import Health as TargetHealth
from rrdns.health.verdict import State, Verdict
from rrdns.pool.cover import Covers
from rrdns.pool.duty import Roster
from rrdns.pool.judge import Judge
from rrdns.pool.member import Member, Pool, Require, Rung
from rrdns.publisher import Publisher
from rrdns.zone.name import from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX, WWW, PLAIN = (from_text(text) for text in ("lab.example", "www.lab.example", "p.lab.example"))
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1")
CHECKS = (TcpCheck(name="one", port=1), TcpCheck(name="two", port=2))
POOL = Pool(WWW, tuple(Member(ip_address(text)) for text in ADDRESSES), CHECKS)


class Health(dict[tuple[str, str], State]):
    """The states of targets, by check and address; up unless said."""

    def of(self, target: Target) -> TargetHealth:
        state = self.get((target.check.name, str(target.address)), State.UP)
        return TargetHealth(Verdict(state), since=0.0)

    def publisher(self) -> Publisher[Table]:
        return Publisher(Judge(self.of, Roster(), Covers()).fitness, Random(1), Table)


@pytest.fixture
def health() -> Health:
    return Health()


async def published(health: Health, pool: Pool = POOL) -> tuple[Publisher[Table], Player]:
    soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    v4 = tuple(ip_address(text).packed for text in ADDRESSES[:3])
    rrsets = [soa, RRset(WWW, RRType.A, 60, v4), RRset(PLAIN, RRType.A, 60, v4)]
    rrsets.append(RRset(WWW, RRType.AAAA, 60, (ip_address(ADDRESSES[3]).packed,)))
    publisher = health.publisher()
    await publisher.publish({APEX: Zone.of(APEX, rrsets)}, [pool], Identity())
    return publisher, Player(publisher.publication, publisher.cursors, Transport.UDP)


def ask(player: Player, name: str = "www.lab.example", rtype: str = "A") -> list[str]:
    reply = player.answer(dns.message.make_query(name, rtype).to_wire(), CLIENT)
    assert reply is not None
    return [r.address for rrset in dns.message.from_wire(reply).answer for r in rrset]


async def test_a_member_whose_checks_fail_is_not_handed_out(health: Health) -> None:
    publisher, player = await published(health)
    health["two", "192.0.2.2"] = State.DOWN
    publisher.refresh([POOL])
    assert set(ask(player)) == {"192.0.2.1", "192.0.2.3"}
    del health["two", "192.0.2.2"]
    publisher.refresh([POOL])
    assert set(ask(player)) == set(ADDRESSES[:3])


async def test_any_passing_check_is_enough_where_the_pool_says_so(health: Health) -> None:
    pool = Pool(POOL.owner, POOL.members, CHECKS, Require.ANY)
    health["two", "192.0.2.2"] = State.DOWN
    _, player = await published(health, pool)
    assert set(ask(player)) == set(ADDRESSES[:3])


async def test_what_can_not_be_judged_is_handed_out(health: Health) -> None:
    health["one", "192.0.2.2"] = health["two", "192.0.2.2"] = State.UNKNOWN
    _, player = await published(health)
    assert set(ask(player)) == set(ADDRESSES[:3])


async def test_each_family_stands_on_its_own_rung(health: Health) -> None:
    pool = Pool(POOL.owner, POOL.members, CHECKS, all_down=(Rung.NODATA,))
    health["one", "2001:db8::1"] = State.DOWN
    publisher, player = await published(health, pool)
    assert ask(player, rtype="AAAA") == []
    assert set(ask(player)) == set(ADDRESSES[:3])
    assert publisher.rotations[WWW, RRType.AAAA].rung is Rung.NODATA
    assert publisher.rotations[WWW, RRType.A].rung is None


async def test_a_rung_is_told_for_as_long_as_it_is_taken(health: Health) -> None:
    pool = replace(POOL, all_down=(Rung.LAST_GOOD, Rung.ALL))
    publisher, player = await published(health, pool)
    query = dns.message.make_query("www.lab.example", "A", use_edns=0, payload=1232)

    def told() -> list[dns.edns.EDECode]:
        reply = player.answer(query.to_wire(), CLIENT)
        assert reply is not None
        options = dns.message.from_wire(reply).options
        return [option.code for option in options if isinstance(option, dns.edns.EDEOption)]

    assert told() == []
    health.update({("one", text): State.DOWN for text in ADDRESSES})
    publisher.refresh([pool])
    assert told() == [dns.edns.EDECode.STALE_ANSWER]
    health.clear()
    publisher.refresh([pool])
    assert told() == []


async def test_a_health_change_does_not_reset_a_cursor(health: Health) -> None:
    publisher, player = await published(health)
    heads = [ask(player)[0]]
    health["one", "192.0.2.3"] = State.DOWN
    publisher.refresh([POOL])
    heads += [ask(player)[0] for _ in range(3)]
    assert heads == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]


async def test_names_outside_pools_rotate_and_are_left_alone(health: Health) -> None:
    publisher, player = await published(health)
    health.update({(check.name, text): State.DOWN for check in CHECKS for text in ADDRESSES})
    publisher.refresh([POOL])
    heads = [ask(player, "p.lab.example")[0] for _ in range(4)]
    assert heads == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]


async def test_the_same_health_publishes_nothing_new(health: Health) -> None:
    publisher, _ = await published(health)
    edition = publisher.publication.edition
    publisher.refresh([POOL])
    assert publisher.publication.edition is edition


async def test_a_parent_zone_lends_a_child_no_turns(health: Health) -> None:
    """What a parent of ours has below its cut is not what the child hands out."""
    child, www = from_text("child.lab.example"), from_text("www.child.lab.example")
    soa = RRset(child, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    ours = RRset(www, RRType.A, 60, (bytes((10, 0, 0, 1)),))
    stale = RRset(www, RRType.A, 60, tuple(bytes((10, 9, 9, last)) for last in (7, 8)))
    cut = RRset(child, RRType.NS, 60, (www,))
    parent = Zone.of(APEX, [replace(soa, owner=APEX), cut, stale])
    publisher = health.publisher()
    both = [parent, Zone.of(child, [soa, ours])]
    for order in (both, both[::-1]):
        await publisher.publish({zone.apex: zone for zone in order}, [], Identity())
        player = Player(publisher.publication, publisher.cursors, Transport.UDP)
        assert ask(player, "www.child.lab.example") == ["10.0.0.1"]


async def test_what_dies_while_a_table_is_compiled_is_not_in_it(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, player = await published(health)

    def compiled(*args: Any) -> Edition[Table]:
        edition: Edition[Table] = compile_edition(*args)
        health["one", "192.0.2.2"] = State.DOWN
        return edition

    monkeypatch.setattr(publisher_module, "compile_edition", compiled)
    seen: list[Edition[Table]] = []
    publisher.publication.followers = (seen.append,)
    zones = publisher.publication.edition.snapshot.zones
    await publisher.publish(zones, [POOL], Identity())
    assert len(seen) == 1
    assert set(ask(player)) == {"192.0.2.1", "192.0.2.3"}


async def test_many_pools_that_change_at_once_are_one_edition(health: Health) -> None:
    soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    owners = [from_text(f"{at}.lab.example") for at in range(300)]
    v4 = tuple(ip_address(text).packed for text in ADDRESSES[:3])
    zone = Zone.of(APEX, [soa, *(RRset(owner, RRType.A, 60, v4) for owner in owners)])
    pools = [replace(POOL, owner=owner, members=POOL.members[:3]) for owner in owners]
    publisher = health.publisher()
    await publisher.publish({APEX: zone}, pools, Identity())
    seen: list[Edition[Table]] = []
    publisher.publication.followers = (seen.append,)
    health["one", "192.0.2.2"] = State.DOWN
    publisher.refresh(pools)
    player = Player(publisher.publication, publisher.cursors, Transport.UDP)
    assert len(seen) == 1
    assert all(len(ask(player, f"{at}.lab.example")) == 2 for at in range(300))
    assert {len(rotation.members) for rotation in publisher.rotations.values()} == {2}


async def test_the_same_answers_can_be_published_anew(health: Health) -> None:
    publisher, player = await published(health)
    before = publisher.publication.edition
    publisher.republish()
    assert publisher.publication.edition is not before
    assert set(ask(player)) == set(ADDRESSES[:3])
