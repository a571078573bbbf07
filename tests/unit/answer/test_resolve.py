"""Held here: what the conformance tests can not see of a resolution: what it looked at, what turns,
and how far it goes.
"""

import struct
from dataclasses import replace
from random import Random

import pytest

from rrdns.answer.resolve import LONGEST_CHAIN, MOST_ADDITIONAL, Answer, RCode, resolve
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import Cursors, RRKey, Snapshot
from rrdns.pool.member import Order, Policy
from rrdns.pool.turns import Turns, turns_of
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX = from_text("z.example")
SOA = struct.pack("!5I", 1, 7200, 900, 1209600, 300)
ONE, TWO = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))


def name(text: str) -> Name:
    return from_text(text, APEX)


def rrset(owner: str, rtype: int, *rdatas: bytes) -> RRset:
    return RRset(name(owner), rtype, 60, rdatas)


def snapshot(*rrsets: RRset, turns: dict[RRKey, Turns] | None = None) -> Snapshot:
    soa = RRset(APEX, RRType.SOA, 3600, (APEX + APEX + SOA,))
    zone = Zone.of(APEX, [soa, rrset("z.example.", RRType.NS, APEX), *rrsets])
    return Snapshot({APEX: zone}, Sharded(turns))


def turning(owner: str, *rdatas: bytes, ttl: int | None = None) -> dict[RRKey, Turns]:
    turns = replace(turns_of(rdatas, Policy(), Random(0)), ttl=ttl)
    return {(name(owner), RRType.A): turns}


WWW = rrset("www", RRType.A, ONE, TWO)
KEY = (name("www"), RRType.A)


@pytest.mark.parametrize("qname", ["www", "alias"])
def test_an_answer_turns_with_the_rrset_at_its_end(qname: str) -> None:
    world = snapshot(WWW, rrset("alias", RRType.CNAME, name("www")), turns=turning("www", ONE, TWO))
    answer = resolve(world, name(qname), RRType.A)
    assert answer.turning == KEY
    assert answer.touched == {KEY}
    assert answer.first == (KEY, ONE)
    assert answer.with_order((TWO, ONE)).first == (KEY, TWO)


def test_a_wildcard_turns_with_its_source() -> None:
    world = snapshot(rrset("*.w", RRType.A, ONE, TWO), turns=turning("*.w", ONE, TWO))
    answer = resolve(world, name("x.w"), RRType.A)
    assert answer.turning == (name("*.w"), RRType.A)
    assert answer.answer[0].owner == name("x.w")


def test_addresses_beside_an_answer_are_touched_but_do_not_turn() -> None:
    mx = rrset("mail", RRType.MX, b"\0\x0a" + name("www"))
    answer = resolve(snapshot(WWW, mx, turns=turning("www", ONE, TWO)), name("mail"), RRType.MX)
    assert answer.turning is None
    assert answer.touched == {KEY}
    assert answer.additional == (WWW,)


def test_members_out_of_rotation_are_nowhere_in_an_answer() -> None:
    mx = rrset("mail", RRType.MX, b"\0\x0a" + name("www"))
    world = snapshot(WWW, mx, turns=turning("www", TWO))
    (beside,) = resolve(world, name("mail"), RRType.MX).additional
    (found,) = resolve(world, name("www"), RRType.A).answer
    assert beside.rdatas == found.rdatas == (TWO,)


@pytest.mark.parametrize("qtype", [RRType.A, RRType.ANY])
@pytest.mark.parametrize("whole_any", [False, True])
def test_nobody_in_rotation_is_nodata_and_never_nxdomain(qtype: int, whole_any: bool) -> None:
    world = snapshot(WWW, turns=turning("www"))
    answer = resolve(world, name("www"), qtype, whole_any=whole_any)
    assert answer.rcode is RCode.NOERROR
    assert answer.authoritative
    assert answer.answer == ()
    assert [rrset.rtype for rrset in answer.authority] == [RRType.SOA]
    assert answer.touched == {KEY}


@pytest.mark.parametrize(("of_turns", "given"), [(None, 60), (90, 60), (60, 60), (59, 59), (0, 0)])
def test_turns_make_a_ttl_shorter_and_never_longer(of_turns: int | None, given: int) -> None:
    mx = rrset("mail", RRType.MX, b"\0\x0a" + name("www"))
    alias = rrset("alias", RRType.CNAME, name("www"))
    world = snapshot(WWW, mx, alias, turns=turning("www", ONE, ttl=of_turns))
    (beside,) = resolve(world, name("mail"), RRType.MX).additional
    for qname in ("www", "alias"):
        *before, found = resolve(world, name(qname), RRType.A).answer
        assert beside.ttl == found.ttl == given
        assert all(rrset.ttl == 60 for rrset in before)


def test_a_wildcard_has_the_ttl_of_its_turns() -> None:
    world = snapshot(rrset("*.w", RRType.A, ONE, TWO), turns=turning("*.w", ONE, TWO, ttl=7))
    assert resolve(world, name("x.w"), RRType.A).answer[0].ttl == 7


@pytest.mark.parametrize("qtype", [RRType.A, RRType.ANY])
@pytest.mark.parametrize(("of_turns", "given"), [(None, 60), (600, 60), (7, 7), (0, 0)])
def test_that_nobody_is_in_rotation_is_kept_no_longer_than_somebody_would_be(
    qtype: int, of_turns: int | None, given: int
) -> None:
    """RFC 2308 section 5: the SOA's TTL says how long."""
    world = snapshot(WWW, turns=turning("www", ttl=of_turns))
    (soa,) = resolve(world, name("www"), qtype).authority
    assert soa.ttl == given < world.zones[APEX].negative_soa.ttl
    assert resolve(world, name("www"), 16).authority == (world.zones[APEX].negative_soa,)


def test_any_passes_over_an_rrset_that_nobody_is_in() -> None:
    world = snapshot(WWW, rrset("www", 16, b"\1t"), turns=turning("www"))
    (found,) = resolve(world, name("www"), RRType.ANY).answer
    assert found.rtype == 16


def test_a_chain_is_as_long_as_allowed() -> None:
    chain = [rrset(f"c{at}", RRType.CNAME, name(f"c{at + 1}")) for at in range(LONGEST_CHAIN + 5)]
    answer = resolve(snapshot(*chain), name("c0"), RRType.A)
    assert answer == Answer(RCode.NOERROR, True, answer=tuple(chain[:LONGEST_CHAIN]))


def test_a_chain_just_within_the_limit_has_its_end() -> None:
    chain = [rrset(f"c{at}", RRType.CNAME, name(f"c{at + 1}")) for at in range(LONGEST_CHAIN - 1)]
    end = rrset(f"c{LONGEST_CHAIN - 1}", RRType.A, ONE)
    assert resolve(snapshot(*chain, end), name("c0"), RRType.A).answer == (*chain, end)


def test_a_dname_into_itself_ends_and_is_told_once() -> None:
    dname = rrset("d", RRType.DNAME, name("x.d"))
    answer = resolve(snapshot(dname), name("a.d"), RRType.A)
    assert answer.answer.count(dname) == 1
    assert len(answer.answer) <= LONGEST_CHAIN + 1


def test_additional_lookups_are_bounded() -> None:
    hosts = [rrset(f"h{at}", RRType.A, ONE) for at in range(MOST_ADDITIONAL + 5)]
    mx = rrset("mail", RRType.MX, *(b"\0\x0a" + host.owner for host in hosts))
    answer = resolve(snapshot(mx, *hosts), name("mail"), RRType.MX)
    assert len(answer.additional) == MOST_ADDITIONAL
    assert len(answer.answer[0].rdatas) == len(hosts)


def test_a_host_named_twice_is_told_once() -> None:
    mx = rrset("mail", RRType.MX, b"\0\x0a" + name("www"), b"\0\x14" + name("www"))
    assert resolve(snapshot(WWW, mx), name("mail"), RRType.MX).additional == (WWW,)


def test_an_alias_as_mail_host_is_not_followed() -> None:
    alias = rrset("alias", RRType.CNAME, name("www"))
    mx = rrset("mail", RRType.MX, b"\0\x0a" + name("alias"))
    assert resolve(snapshot(WWW, alias, mx), name("mail"), RRType.MX).additional == ()


def test_owed_records_leave_out_what_may_be_cut() -> None:
    cut = rrset("sub", RRType.NS, name("ns.sub"), name("www"))
    glue = rrset("ns.sub", RRType.A, ONE)
    answer = resolve(snapshot(WWW, cut, glue), name("x.sub"), RRType.A)
    assert answer.glue == (glue,)
    assert answer.additional == (WWW,)
    assert answer.owed_records == 3


def test_cursors_count_by_rrset_and_outlive_turns() -> None:
    cursors = Cursors(Random(0))
    first, second = turns_of((ONE, TWO), Policy(), Random(0)), turns_of((TWO,), Policy(), Random(0))
    assert [next(cursors.cursor(KEY, first)) for _ in range(3)] == [0, 1, 2]
    assert next(cursors.cursor(KEY, second)) == 3
    assert next(cursors.cursor((name("other"), RRType.A), first)) == 0


def test_a_drawn_turn_moves_no_count() -> None:
    cursors = Cursors(Random(0))
    drawn = turns_of((ONE, TWO), Policy(Order.RANDOM), Random(0))
    assert len({next(cursors.cursor(KEY, drawn)) for _ in range(10)}) > 1
    assert next(cursors.cursor(KEY, turns_of((ONE,), Policy(), Random(0)))) == 0


def test_counts_of_rrsets_that_are_gone_are_forgotten() -> None:
    cursors = Cursors(Random(0))
    turns = turns_of((ONE, TWO), Policy(), Random(0))
    other = (name("other"), RRType.A)
    for key in (KEY, other):
        next(cursors.cursor(key, turns))
    cursors.forget_all_but({KEY: turns})
    assert next(cursors.cursor(KEY, turns)) == 1
    assert next(cursors.cursor(other, turns)) == 0


def test_an_alias_of_a_zone_cut_leads_to_its_ds_where_the_child_is_ours_too() -> None:
    """RFC 4035 section 3.1.4.1: DS is the parent's to answer, at the end of a chain as well."""
    child = name("child")
    ds = rrset("child", RRType.DS, bytes(36))
    cut = rrset("child", RRType.NS, APEX)
    parent = snapshot(rrset("alias", RRType.CNAME, child), cut, ds).zones[APEX]
    below = Zone.of(child, [rrset("child", RRType.SOA, APEX + APEX + SOA), cut])
    answer = resolve(Snapshot({APEX: parent, child: below}), name("alias"), RRType.DS)
    assert [found.rtype for found in answer.answer] == [RRType.CNAME, RRType.DS]
