"""A pool gets exactly the addresses that its zone has at its name, in their order, or a reason."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from rrdns.config.bind import bind
from rrdns.config.settings import Settings
from rrdns.errors import Place
from rrdns.health.check import IcmpCheck
from rrdns.pool.member import Member, Order, Policy, Pool, Require, Rung
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRset, RRType, Zone

from .conftest import Read

Bound = tuple[tuple[Pool, ...], list[str]]
Bind = Callable[[str], Bound]


def addresses(*texts: str) -> tuple[bytes, ...]:
    return tuple(ip_address(text).packed for text in texts)


def rrset(owner: str, rtype: RRType, *rdatas: bytes, ttl: int = 60) -> RRset:
    return RRset(from_text(owner), rtype, ttl, rdatas)


def zone(apex: str, *rrsets: RRset) -> dict[Name, Zone]:
    soa = rrset(apex, RRType.SOA, from_text("ns1") + from_text("mail") + bytes(20))
    return {soa.owner: Zone.of(soa.owner, [soa, *rrsets])}


ZONES = {
    **zone(
        "linux.example",
        rrset("linux.example", RRType.NS, from_text("ns1.linux.example")),
        rrset("www.linux.example", RRType.AAAA, *addresses("2001:db8::2")),
        rrset("www.linux.example", RRType.A, *addresses("192.0.2.2", "192.0.2.1")),
        rrset("slow.linux.example", RRType.A, *addresses("192.0.2.3"), ttl=301),
        rrset("slow.linux.example", RRType.AAAA, *addresses("2001:db8::3"), ttl=86400),
        rrset("alias.linux.example", RRType.CNAME, from_text("www.linux.example")),
        rrset("*.wild.linux.example", RRType.A, *addresses("192.0.2.7")),
        rrset("mail.b.linux.example", RRType.MX, b"\0\0\0"),
        rrset("cut.linux.example", RRType.NS, from_text("ns.cut.linux.example")),
        rrset("ns.cut.linux.example", RRType.A, *addresses("192.0.2.9")),
        rrset("moved.linux.example", RRType.DNAME, from_text("linux.example")),
    ),
    **zone(
        "sub.linux.example",
        rrset("www.sub.linux.example", RRType.A, *addresses("198.51.100.1")),
    ),
}


@pytest.fixture
def settings_of(read: Read) -> Callable[[str], Settings]:
    """The settings of a file whose pools are these."""
    checks = "checks: {alive: {type: icmp}}"
    return lambda pools: read(f"zones: {{linux.example: z}}\n{checks}\npools: {{{pools}}}\n")


@pytest.fixture
def bound(settings_of: Callable[[str], Settings]) -> Bind:
    """The pools of the YAML given, and the problems as text."""

    def bind_pools(written: str) -> Bound:
        pools, problems = bind(settings_of(written), ZONES)
        return pools, [str(problem) for problem in problems]

    return bind_pools


def test_members_come_from_the_zone_in_its_order_a_before_aaaa(bound: Bind) -> None:
    pools, problems = bound("WWW.Linux.Example: {}")
    assert problems == []
    assert [str(member.address) for member in pools[0].members] == [
        "192.0.2.2",
        "192.0.2.1",
        "2001:db8::2",
    ]


def test_everything_written_about_the_pool_is_in_it(bound: Bind) -> None:
    pools, problems = bound(
        "www.linux.example: {checks: [alive], require: any, hold: 3, answers: 2, order: cyclic,"
        " covered_weight: 4,"
        " all_down: [backup, nodata], last_good_age: 5m, min_up: 2, ttl_floor: 5s,"
        " members: {192.0.2.1: {name: marconi, weight: 5}, '2001:DB8::2': {backup: true}}}"
    )
    assert problems == []
    assert pools == (
        Pool(
            owner=from_text("www.linux.example"),
            members=(
                Member(ip_address("192.0.2.2")),
                Member(ip_address("192.0.2.1"), name="marconi", weight=5),
                Member(ip_address("2001:db8::2"), backup=True),
            ),
            checks=(IcmpCheck(name="alive"),),
            require=Require.ANY,
            policy=Policy(Order.CYCLIC, hold=3, answers=2),
            all_down=(Rung.BACKUP, Rung.NODATA),
            last_good_s=300.0,
            min_up=2,
            ttl_s=60,
            ttl_floor_s=5,
            covered_weight=4,
        ),
    )


def test_the_zone_with_the_longest_apex_has_the_addresses(bound: Bind) -> None:
    pools, problems = bound("www.sub.linux.example: {}")
    assert problems == []
    assert pools[0].members == (Member(ip_address("198.51.100.1")),)


def test_a_wildcard_is_a_pool_of_its_own_addresses(bound: Bind) -> None:
    pools, problems = bound("'*.wild.linux.example': {}")
    assert problems == []
    assert pools[0].members == (Member(ip_address("192.0.2.7")),)


NO_ADDRESS = "write them into the zone, or mend the name"
UNBOUND = {
    "a name outside all zones": (
        "www.bsd.example: {}",
        "no zone holds the name www.bsd.example.; the zones are linux.example.,"
        " sub.linux.example.; mend the name, or add its zone to 'zones'",
    ),
    "a name that does not exist": (
        "wwww.linux.example: {}",
        f"zone linux.example. has no A or AAAA records at wwww.linux.example.; {NO_ADDRESS}",
    ),
    "an empty non-terminal": (
        "b.linux.example: {}",
        f"zone linux.example. has no A or AAAA records at b.linux.example.; {NO_ADDRESS}",
    ),
    "a name with other records": (
        "mail.b.linux.example: {}",
        f"zone linux.example. has no A or AAAA records at mail.b.linux.example.; {NO_ADDRESS}",
    ),
    "an alias": (
        "alias.linux.example: {}",
        "alias.linux.example. is an alias of www.linux.example.; name the pool www.linux.example.",
    ),
    "a name that a wildcard makes": (
        "any.wild.linux.example: {}",
        "any.wild.linux.example. exists by the wildcard *.wild.linux.example. only;"
        " name the pool *.wild.linux.example., or write A or AAAA records for"
        " any.wild.linux.example.",
    ),
    "glue": (
        "ns.cut.linux.example: {}",
        "ns.cut.linux.example. is delegated to other name servers by the NS records of"
        " cut.linux.example.; they answer for it, so configure the pool there",
    ),
    "a name below a DNAME": (
        "www.moved.linux.example: {}",
        "www.moved.linux.example. is redirected by the DNAME record of moved.linux.example.;"
        " name the pool for where that leads",
    ),
    "only backups": (
        "'*.wild.linux.example': {all_down: [backup], members: {192.0.2.7: {backup: true}}}",
        "all members of *.wild.linux.example. are backups;"
        " leave at least one without 'backup: true'",
    ),
}


@pytest.mark.parametrize(("written", "expected"), UNBOUND.values(), ids=UNBOUND.keys())
def test_a_pool_that_can_not_be(bound: Bind, written: str, expected: str) -> None:
    pools, problems = bound(written)
    assert pools == ()
    assert problems == [f"rrdns.yaml:3:9: {expected}"]


def test_attributes_for_an_address_that_the_zone_lacks(bound: Bind) -> None:
    pools, problems = bound(
        "www.linux.example: {members: {192.0.2.1: {}, 192.0.2.11: {}, '2001:db8::1': }}"
    )
    mend = "it has 192.0.2.2, 192.0.2.1, 2001:db8::2; mend or remove it here, or add it to the zone"
    assert pools == ()
    assert problems == [
        f"rrdns.yaml:3:54: the zone has no address 192.0.2.11 at www.linux.example.; {mend}",
        f"rrdns.yaml:3:70: the zone has no address 2001:db8::1 at www.linux.example.; {mend}",
    ]


def test_a_long_ttl_is_a_warning_at_the_rrset_where_its_place_is_known(
    settings_of: Callable[[str], Settings],
) -> None:
    owner = from_text("slow.linux.example")
    places = {from_text("linux.example"): {(owner, int(RRType.AAAA)): Place("linux.zone", 7, 1)}}
    pools, problems = bind(settings_of("slow.linux.example: {}"), ZONES, places)
    mend = "caches keep a dead address that long, so write 300 or less"
    assert [pool.owner for pool in pools] == [owner]
    assert [str(problem) for problem in problems] == [
        "linux.zone:7:1: warning: the AAAA records of pool slow.linux.example. have a TTL of"
        f" 86400 s; {mend}",
        "rrdns.yaml:3:9: warning: the A records of pool slow.linux.example. have a TTL of"
        f" 301 s; {mend}",
    ]


def test_one_bad_pool_does_not_hide_the_others(bound: Bind) -> None:
    pools, problems = bound("no.linux.example: {}, www.linux.example: {}, x: {}")
    assert [pool.owner for pool in pools] == [from_text("www.linux.example")]
    assert len(problems) == 2


def test_orders_that_would_all_be_refused_are_a_mistake(bound: Bind) -> None:
    pools, problems = bound("www.linux.example: {min_up: 3}")
    assert pools == ()
    assert problems == [
        "rrdns.yaml:3:9: min_up is 3, but www.linux.example. has 2 members of a family at most;"
        " write a smaller min_up: every order would be refused"
    ]


def test_a_floor_that_is_no_lower_than_the_ttl_is_hardly_meant(bound: Bind) -> None:
    pools, problems = bound("www.linux.example: {ttl_floor: 60s}")
    assert len(pools) == 1
    assert problems == [
        "rrdns.yaml:3:9: warning: ttl_floor is 60 s, and so is the TTL of www.linux.example. in"
        " the zone; write less, or remove it"
    ]
