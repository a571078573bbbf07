"""An explanation is true of the reply that is next, and nothing is moved by it."""

import struct
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.audit import audit
from harness.generated import queries, snapshots
from harness.players import PLAYERS
from harness.tables import alike, kind_of
from rrdns.answer.explain import Explanation, Outcome, Step, Turn, explain
from rrdns.answer.reference import Transport, respond
from rrdns.answer.resolve import LONGEST_CHAIN, RCode
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import Cursors, RRKey, Snapshot
from rrdns.answer.wire import encode_query, parse_query
from rrdns.config.settings import PlayerChoice
from rrdns.pool.member import Order, Policy
from rrdns.pool.turns import InfoCode, Note, Turns, turns_of
from rrdns.zone.name import Name, from_text
from rrdns.zone.tree import RRset, RRType, Zone

APEX = from_text("lab.example")
TIMES = struct.pack("!5I", 1, 7200, 900, 1209600, 300)
ONE, TWO, THREE = (bytes((192, 0, 2, last)) for last in (1, 2, 3))
TXT = 16
pytestmark = pytest.mark.timeout(600)  # leaves a failure the time to be made small

NOTE = Note(InfoCode.STALE_ANSWER, "no member is up")


def name(text: str) -> Name:
    return from_text(text, APEX)


def rrset(owner: str, rtype: int, *rdatas: bytes, ttl: int = 60) -> RRset:
    return RRset(name(owner), rtype, ttl, rdatas)


SOA = RRset(APEX, RRType.SOA, 3600, (APEX + APEX + TIMES,))
RRSETS = (
    SOA,
    RRset(APEX, RRType.NS, 3600, (name("ns"),)),
    rrset("www", RRType.A, ONE, TWO, THREE),
    rrset("plain", TXT, b"\1t", ttl=120),
    rrset("gone", RRType.A, ONE),
    rrset("random", RRType.A, ONE, TWO),
    rrset("alias", RRType.CNAME, name("www"), ttl=20),
    rrset("alias2", RRType.CNAME, name("alias")),
    rrset("to-gone", RRType.CNAME, name("gone")),
    rrset("to-nobody", RRType.CNAME, name("nobody")),
    rrset("out", RRType.CNAME, from_text("www.elsewhere.test")),
    rrset("loop", RRType.CNAME, name("loop")),
    rrset("*.wild", RRType.A, ONE, TWO),
    rrset("*.wild-alias", RRType.CNAME, name("x.wild")),
    rrset("sub", RRType.NS, name("ns.sub"), ttl=600),
    rrset("ns.sub", RRType.A, ONE),
    rrset("to-sub", RRType.CNAME, name("x.sub")),
    rrset("d", RRType.DNAME, name("wild")),
    rrset("many", TXT, *(bytes((200, at)) + bytes(199) for at in range(10))),
    rrset("mail", RRType.MX, b"\0\0" + name("gone")),
    *(rrset(f"c{at}", RRType.CNAME, name(f"c{at + 1}")) for at in range(LONGEST_CHAIN + 2)),
)
WWW, GONE, RANDOM, WILD = ((name(text), 1) for text in ("www", "gone", "random", "*.wild"))
DEFAULT = Policy()
TURNS: dict[RRKey, Turns] = {
    WWW: replace(turns_of((ONE, TWO, THREE), DEFAULT, Random(1)), ttl=30),
    GONE: replace(turns_of((), DEFAULT, Random(1)), ttl=15, note=NOTE),
    RANDOM: turns_of((ONE, TWO), Policy(Order.RANDOM), Random(1)),
    WILD: replace(turns_of((ONE, TWO), Policy(hold=2), Random(1)), note=NOTE),
}
LAB = Snapshot({APEX: Zone.of(APEX, RRSETS)}, Sharded(TURNS))


def explained(
    text: str,
    qtype: int = RRType.A,
    cursors: Cursors | None = None,
    transport: Transport = Transport.UDP,
) -> Explanation:
    return explain(LAB, cursors or Cursors(Random(1)), name(text), qtype, transport)


OUTCOMES = {
    "a pool": ("www", RRType.A, Outcome.POSITIVE, ["www"], 30),
    "a plain record": ("plain", TXT, Outcome.POSITIVE, ["plain"], 120),
    "an alias": ("alias", RRType.A, Outcome.POSITIVE, ["alias", "www"], 20),
    "a chain": ("alias2", RRType.A, Outcome.POSITIVE, ["alias2", "alias", "www"], 20),
    "an alias itself": ("alias", RRType.CNAME, Outcome.POSITIVE, ["alias"], 20),
    "any of an alias": ("alias", RRType.ANY, Outcome.POSITIVE, ["alias"], 20),
    "an alias without the type": ("alias", TXT, Outcome.NODATA, ["alias", "www"], 20),
    "an alias out": ("out", RRType.A, Outcome.ALIAS, ["out", "www.elsewhere.test."], 60),
    "a loop": ("loop", RRType.A, Outcome.ALIAS, ["loop", "loop"], 60),
    "an alias of nobody": ("to-nobody", RRType.A, Outcome.NXDOMAIN, ["to-nobody", "nobody"], 60),
    "nobody": ("nobody", RRType.A, Outcome.NXDOMAIN, ["nobody"], 300),
    "an absent type": ("www", TXT, Outcome.NODATA, ["www"], 300),
    "an empty non-terminal": ("wild", RRType.A, Outcome.NODATA, ["wild"], 300),
    "a pool of which nothing is given": ("gone", RRType.A, Outcome.NODATA, ["gone"], 15),
    "an alias of such": ("to-gone", RRType.A, Outcome.NODATA, ["to-gone", "gone"], 15),
    "a cut": ("sub", RRType.A, Outcome.DELEGATION, ["sub"], 600),
    "below a cut": ("x.y.sub", RRType.A, Outcome.DELEGATION, ["x.y.sub"], 600),
    "an alias of what is below": ("to-sub", RRType.A, Outcome.DELEGATION, ["to-sub", "x.sub"], 60),
    "a redirection": ("x.d", RRType.A, Outcome.POSITIVE, ["x.d", "x.wild"], 60),
    "an alias made by a redirection": ("x.d", RRType.CNAME, Outcome.POSITIVE, ["x.d"], 60),
    "another's": ("www.elsewhere.test.", RRType.A, Outcome.REFUSED, ["www.elsewhere.test."], None),
    "a transfer": ("lab.example.", 252, Outcome.REFUSED, ["lab.example."], None),
}


@pytest.mark.parametrize(
    ("text", "qtype", "outcome", "way", "ttl"), OUTCOMES.values(), ids=OUTCOMES
)
def test_the_way_leads_to_its_outcome(
    text: str, qtype: int, outcome: Outcome, way: list[str], ttl: int | None
) -> None:
    found = explained(text, qtype)
    assert found.outcome is outcome
    assert [step.name for step in found.way] == [name(each) for each in way]
    assert found.ttl == ttl
    assert found.zone == (None if text.startswith("www.elsewhere") else APEX)


def test_a_chain_that_is_too_long_ends_in_an_alias() -> None:
    found = explained("c0")
    assert found.outcome is Outcome.ALIAS
    assert len(found.way) == LONGEST_CHAIN + 1


def test_a_name_that_a_redirection_makes_too_long_is_said_to_be() -> None:
    labels = b"".join(bytes((60,)) + bytes((at,)) * 60 for at in b"abc")
    left = 255 - len(name("d")) - len(labels)
    asked = Name(bytes((left - 1,)) + b"x" * (left - 1) + labels + name("d"))
    found = explain(LAB, Cursors(Random(1)), asked, RRType.A, Transport.UDP)
    assert found.outcome is Outcome.TOO_LONG


def test_a_wildcard_is_told_where_it_answers() -> None:
    wild = Step(name("x.y.wild"), name("*.wild"))
    assert explained("x.y.wild").way == (wild,)
    assert explained("x.y.wild", TXT).way == (wild,)
    assert explained("x.y.wild", RRType.ANY).way == (wild,)
    assert explained("*.wild").way == (Step(name("*.wild")),)
    assert explained("x.wild-alias").way == (
        Step(name("x.wild-alias"), name("*.wild-alias")),
        Step(name("x.wild"), name("*.wild")),
    )


def test_the_turn_is_the_next_one() -> None:
    cursors = Cursors(Random(1))
    cursors.restore({WWW: 4, WILD: 3})
    www, wild = explained("alias", cursors=cursors), explained("x.wild", cursors=cursors)
    assert www.turn == Turn(WWW, 1, 3)
    assert www.answer.answer[-1].rdatas == (TWO, THREE, ONE)
    assert wild.turn == Turn(WILD, 1, 2), "each is held for two answers"
    assert wild.answer.note == NOTE


def test_no_turn_is_told_where_it_will_be_drawn_or_there_is_none() -> None:
    drawn = explained("random").turn
    assert drawn is not None
    assert (drawn.key, drawn.number) == (RANDOM, None)
    assert explained("plain", TXT).turn is None


def test_what_is_withheld_is_told_and_why() -> None:
    assert explained("to-gone").withheld == (GONE,)
    assert explained("to-gone").answer.note == NOTE
    assert explained("mail", RRType.MX).withheld == (GONE,)
    assert explained("gone", TXT).withheld == ()
    assert explained("www").withheld == ()


def test_what_a_datagram_has_no_room_for_is_in_the_answer_all_the_same() -> None:
    udp, tcp = (explained("many", TXT, transport=transport) for transport in Transport)
    assert udp.is_truncated
    assert not tcp.is_truncated
    assert udp.answer == tcp.answer


@pytest.mark.parametrize("choice", PLAYERS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_the_reply_is_the_next_one_and_stays_it(choice: PlayerChoice, data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    kind = kind_of(choice, None)
    cursors = alike(kind, snapshot)
    drawn = {key for key in snapshot.turns if snapshot.turns[key].drawn}
    for asked in data.draw(st.lists(queries(snapshot), min_size=8, max_size=8)):
        query = parse_query(asked.packet)
        counts = cursors.saved()
        found = explain(snapshot, cursors, query.qname, query.qtype, asked.transport)
        assert cursors.saved() == counts
        packet = encode_query(query.qname, query.qtype, 0, with_edns=True)
        audit(packet, found.reply, asked.transport.value)
        reply = respond(packet, snapshot, cursors, asked.transport)
        assert reply is not None
        if found.turn is None or found.turn.key not in drawn:
            assert found.reply == reply.octets
        if found.turn is not None and not found.is_truncated:
            assert found.answer.first == (found.turn.key, found.answer.answer[-1].rdatas[0])
        assert found.outcome is _outcome_in(found, reply.rcode)
        zone = snapshot.zones.get(found.zone) if found.zone else None
        assert not (zone and query.qname in zone.nodes and found.way[0].wildcard)


def _outcome_in(found: Explanation, rcode: RCode) -> Outcome:
    """What the sections and the RCODE say themselves."""
    told = {
        RCode.REFUSED: Outcome.REFUSED,
        RCode.NXDOMAIN: Outcome.NXDOMAIN,
        RCode.YXDOMAIN: Outcome.TOO_LONG,
    }
    of_authority = {RRType.SOA: Outcome.NODATA, RRType.NS: Outcome.DELEGATION}
    if rcode in told:
        return told[rcode]
    if found.answer.authority:
        return of_authority[RRType(found.answer.authority[0].rtype)]
    assert found.outcome in (Outcome.POSITIVE, Outcome.ALIAS)
    return found.outcome
