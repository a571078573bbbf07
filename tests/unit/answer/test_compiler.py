"""What is compiled answers as the reference does in the corners that compression and length make.

`test_reference_equals_table.py` holds the same for all that can be generated.
"""

import struct
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from harness.names import from_labels
from harness.written import Written
from rrdns.answer.compiler import Edition, compile_edition, recompile
from rrdns.answer.entry import Question
from rrdns.answer.reference import Transport, respond
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.table import Table
from rrdns.answer.wire import encode_query
from rrdns.pool.turns import Turns
from rrdns.zone.name import Name, from_text, leading
from rrdns.zone.tree import RRset, RRType, Zone

APEX = from_text("lab.example")
# The SOA's names share labels with some of the owners, which compression sees.
MNAME, RNAME = from_text("ns1.lab.example"), from_text("all.mail.lab.example")
SOA = RRset(APEX, RRType.SOA, 60, (MNAME + RNAME + bytes(20),))
ONE, TWO = (bytes((192, 0, 2, last)) for last in (1, 2))
ALIKE = ("www", "ftp", "a-longer-one", "x.news")
OWNERS = (*ALIKE, "ns1", "mail", "news", "x.mail", "all.mail", "one.news")
MX = 15


def name(text: str) -> Name:
    return from_text(text, APEX)


def rrset(owner: str, rtype: int, *rdatas: bytes) -> RRset:
    return RRset(name(owner), rtype, 60, rdatas)


def snapshot(*rrsets: RRset, turns: dict[tuple[Name, int], Turns] | None = None) -> Snapshot:
    return Snapshot({APEX: Zone.of(APEX, [SOA, *rrsets])}, Sharded(turns))


def addresses(owners: Iterable[str]) -> list[RRset]:
    return [rrset(owner, RRType.A, ONE) for owner in owners]


def compiled(given: Snapshot) -> Edition[Table]:
    return compile_edition(given, Table(Cursors(Random(1)), given.identity))


def assert_played(
    given: Snapshot, asked: Name, rtype: int, transport: Transport = Transport.UDP
) -> None:
    """The table of `given` plays what the reference answers."""
    packet = encode_query(asked, rtype, message_id=7)
    played = compiled(given).entries.play(packet, transport)
    expected = respond(packet, given, Cursors(Random(1)), transport)
    assert expected is not None
    assert played == (expected.octets, expected.rcode, expected.first)


@pytest.mark.parametrize("below", ["", "x.", "a-longer-one.", "x.y.z."])
@pytest.mark.parametrize("owner", [*OWNERS, "nowhere"])
def test_a_negative_answer_is_that_of_the_reference(owner: str, below: str) -> None:
    assert_played(snapshot(*addresses(OWNERS)), name(below + owner), MX)


def test_names_share_their_negative_answers_whatever_their_length() -> None:
    entries = compile_edition(snapshot(*addresses(OWNERS)), Written()).entries
    shared = {id(entries[Question(name(owner), None)]) for owner in (*ALIKE, "news")}
    assert len(shared) == 1
    assert id(entries[Question(MNAME, None)]) not in shared


def test_what_has_the_answer_of_its_parent_beneath_it_has_no_entry_for_that() -> None:
    entries = compile_edition(snapshot(*addresses(OWNERS)), Written()).entries
    beneath = {question.name for question in entries if question.beneath}
    assert name("www") not in beneath
    assert beneath >= {APEX, MNAME, RNAME}


@pytest.mark.parametrize("asked", ["ns1", "x.ns1", "mail", "x.mail", "x.all.mail", "x.y.all.mail"])
def test_names_that_only_the_soa_has_are_answered_too(asked: str) -> None:
    assert_played(snapshot(), name(asked), RRType.A)


def test_a_name_can_be_the_target_of_the_wildcard_that_covers_it() -> None:
    given = snapshot(rrset("*.w", RRType.CNAME, name("a.w")), *addresses(["b"]))
    for asked in ("a.w", "x.a.w", "b.w", "x.b.w"):
        assert_played(given, name(asked), RRType.A)


def test_a_host_that_only_health_adds_to_a_reply_is_met_in_time() -> None:
    """A wildcard's SRV leads to a name that the wildcard covers, whose addresses are all down."""
    host = b"\0\0\0\0\0\0" + name("b")
    wildcard = (rrset("*", RRType.SRV, host), rrset("*", RRType.A, ONE, TWO))
    key = (name("*"), int(RRType.A))
    edition = compiled(snapshot(*wildcard, turns={key: Turns(())}))
    after = snapshot(*wildcard, turns={key: Turns((ONE,), ((0,),))})
    renewed = recompile(edition, after, [key]).entries
    for asked in ("b", "x", "x.b", "x.y"):
        packet = encode_query(name(asked), RRType.SRV, message_id=7)
        expected = respond(packet, after, Cursors(Random(1)), Transport.UDP)
        assert expected is not None
        assert renewed.play(packet, Transport.UDP) == (expected.octets, expected.rcode, None)


def test_any_follows_every_rrset_that_could_answer_it() -> None:
    """With nobody in its pool a name gives its MX instead, and with that the host's addresses."""
    pool, host = ((name(owner), int(RRType.A)) for owner in ("www", "host"))
    rrsets = [
        rrset("www", RRType.A, ONE, TWO),
        rrset("www", MX, b"\0\0" + name("host")),
        rrset("host", RRType.A, ONE, TWO),
    ]
    up, down = Turns((ONE, TWO), ((0, 1),)), Turns(())
    edition = compiled(snapshot(*rrsets, turns={pool: up, host: up}))
    packet = encode_query(name("www"), RRType.ANY, message_id=7)
    for turns in ({pool: down, host: up}, {pool: down, host: down}):
        after = snapshot(*rrsets, turns=turns)
        changed = [key for key in turns if turns[key] != edition.snapshot.turns[key]]
        edition = recompile(edition, after, changed)
        expected = respond(packet, after, Cursors(Random(1)), Transport.UDP)
        assert expected is not None
        played = edition.entries.play(packet, Transport.UDP)
        assert played == (expected.octets, expected.rcode, None)


def test_another_ttl_makes_anew_what_has_the_addresses_and_nothing_else() -> None:
    rrsets = [
        rrset("www", RRType.A, ONE, TWO),
        rrset("mail", MX, b"\0\0" + name("www")),
        rrset("alias", RRType.CNAME, name("www")),
        *addresses(["other", "gone"]),
    ]
    pool, gone = ((name(owner), int(RRType.A)) for owner in ("www", "gone"))
    turns = {pool: Turns((ONE, TWO), ((0, 1),)), gone: Turns(())}
    edition = compile_edition(snapshot(*rrsets, turns=turns), Written())
    for key, owners in ((pool, ("www", "mail", "alias")), (gone, ("gone",))):
        turns = {**turns, key: replace(turns[key], ttl=7)}
        after = recompile(edition, snapshot(*rrsets, turns=turns), [key])
        changed = {q.name for q in after.entries if after.entries[q] is not edition.entries[q]}
        assert changed == {name(owner) for owner in owners}
        assert after.entries == compile_edition(after.snapshot, Written()).entries
        edition = after


def test_names_of_which_nobody_is_handed_out_share_no_answer_of_another_ttl() -> None:
    owners = ("www", "ftp", "news")
    turns = {
        (name(owner), int(RRType.A)): Turns((), ttl=ttl)
        for owner, ttl in zip(owners, (7, None, 7), strict=True)
    }
    given = snapshot(*addresses(owners), turns=turns)
    for owner in owners:
        assert_played(given, name(owner), RRType.A)
        assert_played(given, name(owner), MX)


def test_a_name_with_all_labels_of_one_octet_below_it() -> None:
    """No label of one octet is left to stand for the names that do not exist."""
    every = [bytes((octet,)) for octet in range(256) if not bytes((octet,)).isupper()]
    below = [RRset(from_labels([label], name("w")), RRType.A, 60, (ONE,)) for label in every]
    given = snapshot(*below, rrset("*.w", MX, b"\0\0" + APEX))
    for asked in ("aa.w", "abc.w", "x.aa.w", "x.a.w"):
        assert_played(given, name(asked), MX)


@pytest.mark.parametrize("spare", range(5))
def test_a_name_that_leaves_little_room_below_it(spare: int) -> None:
    longest = 255 - len(APEX) - 3 * 64 - 1
    labels = [b"l" * (longest - spare), *[b"m" * 63] * 3]
    owner = from_labels(labels, APEX)
    given = snapshot(RRset(owner, RRType.A, 60, (ONE,)), RRset(owner, MX, 60, (b"\0\0" + owner,)))
    assert_played(given, owner, MX)
    if spare > 1:
        assert_played(given, from_labels([b"x" * (spare - 1)], owner), RRType.A)


def test_a_reply_too_long_to_move_its_pointers_is_left_to_the_reference() -> None:
    hosts = [struct.pack("!H", at) + name(f"host{at}") for at in range(1000)]
    given = snapshot(rrset("*.w", MX, *hosts), rrset("many", MX, *hosts))
    packet = encode_query(name("x.w"), MX, message_id=7)
    assert compiled(given).entries.play(packet, Transport.TCP) is None
    assert_played(given, name("many"), MX, Transport.TCP)


def test_an_answer_of_many_turns_too_large_for_udp_is_truncated_at_once() -> None:
    many = tuple(struct.pack("!I", at) for at in range(500))
    turns = {(name("www"), int(RRType.A)): Turns(many, (tuple(range(500)),))}
    given = snapshot(rrset("www", RRType.A, *many), turns=turns)
    assert_played(given, name("www"), RRType.A, Transport.UDP)
    packet = encode_query(name("www"), RRType.A, message_id=7)
    assert compiled(given).entries.play(packet, Transport.TCP) is None


def test_a_type_that_asks_for_a_transfer_is_refused_even_where_a_zone_has_it() -> None:
    assert_played(snapshot(rrset("www", 252, ONE)), name("www"), 252)


def test_the_leading_name_ends_at_its_root_label() -> None:
    with_a_zero_octet = from_text("a\\000b.example")
    assert leading(with_a_zero_octet + RNAME + bytes(20)) == with_a_zero_octet
