"""What is published follows the members' health, and nothing else is touched by it."""

from ipaddress import ip_address
from random import Random

import dns.message
import pytest

from rrdns.answer.player import Player
from rrdns.answer.reference import Transport
from rrdns.config.settings import Identity
from rrdns.health.check import Target, TcpCheck
from rrdns.health.verdict import State
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

    def state_of(self, target: Target) -> State:
        return self.get((target.check.name, str(target.address)), State.UP)


@pytest.fixture
def health() -> Health:
    return Health()


async def published(health: Health, pool: Pool = POOL) -> tuple[Publisher, Player]:
    soa = RRset(APEX, RRType.SOA, 60, (b"\0\0" + bytes(20),))
    v4 = tuple(ip_address(text).packed for text in ADDRESSES[:3])
    rrsets = [soa, RRset(WWW, RRType.A, 60, v4), RRset(PLAIN, RRType.A, 60, v4)]
    rrsets.append(RRset(WWW, RRType.AAAA, 60, (ip_address(ADDRESSES[3]).packed,)))
    publisher = Publisher(health.state_of, Random(1))
    await publisher.publish({APEX: Zone.of(APEX, rrsets)}, [pool], Identity())
    return publisher, Player(publisher.publication, publisher.cursors, Transport.UDP)


def ask(player: Player, name: str = "www.lab.example", rtype: str = "A") -> list[str]:
    reply = player.answer(dns.message.make_query(name, rtype).to_wire())
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
    table = publisher.publication.table
    publisher.refresh([POOL])
    assert publisher.publication.table is table
