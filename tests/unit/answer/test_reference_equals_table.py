"""Held here: no compiled table ever answers otherwise than the reference does.

Over generated zones, turns and queries they give the same octets and move the same cursors, and
hardly a query is left to the reference; a table that is brought up to date equals one made anew.
"""

import struct
from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.audit import take_apart
from harness.direct import CLIENT
from harness.generated import Asked, changes, nodes_of, queries, snapshots
from harness.players import PLAYERS
from harness.tables import Kind, PythonTable, alike, jar, kind_of
from harness.written import Written
from rrdns.answer.compiler import Edition, compile_edition, recompile
from rrdns.answer.reference import Reply, respond
from rrdns.answer.resolve import RCode
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.answer.wire import CLASS_IN, parse_query
from rrdns.config.settings import PlayerChoice
from rrdns.zone.tree import RRType

QUERIES = 25
AA, TC = 0x0400, 0x0200
EXTENDED_ERROR = 15

# How many queries of each kind the table has to answer at the least. What it leaves are names with
# a zero octet in a label or below a DNAME, ANY over TCP, and odd OPTs.
LEAST_PLAYED = {
    "hit": 0.85,
    "no data": 0.8,
    "no such name": 0.7,
    "wildcard": 0.7,
    "referral": 0.7,
    "refused": 0.6,
    "truncated": 0.7,
}
LEAST_PLAYED_OF_ALL = 0.85
LEAST_OF_A_KIND = 10

pytestmark = pytest.mark.timeout(600)  # leaves a failure the time to be made small

patient = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
thorough = settings(patient, max_examples=100)
every_kind = pytest.mark.parametrize("choice", PLAYERS)


@every_kind
def test_the_table_gives_the_octets_of_the_reference(choice: PlayerChoice) -> None:
    asked_for: Counter[str] = Counter()
    played_for: Counter[str] = Counter()

    @thorough
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        snapshot = data.draw(snapshots())
        kind = kind_of(choice, data.draw(st.sampled_from((None, jar()))))
        of_table, of_reference = alike(kind, snapshot), alike(kind, snapshot)
        table = compile_edition(snapshot, kind.blank(of_table, snapshot.identity)).entries
        for asked in data.draw(st.lists(queries(snapshot), min_size=QUERIES, max_size=QUERIES)):
            expected = reference(asked, snapshot, of_reference, kind)
            played = kind.play(table, asked.packet, asked.transport)
            outcome = outcome_of(expected, snapshot)
            asked_for[outcome] += 1
            if played is None:
                again = reference(asked, snapshot, of_table, kind)
                assert again == expected, "the cursors differ"
            else:
                assert played == expected.octets
                played_for[outcome] += 1
                played_for["with a note"] += bool(told_in(expected))

    holds()
    assert played_for.pop("with a note") >= LEAST_OF_A_KIND
    assert played_for.total() >= LEAST_PLAYED_OF_ALL * asked_for.total()
    for outcome, least in LEAST_PLAYED.items():
        assert played_for[outcome] >= max(least * asked_for[outcome], LEAST_OF_A_KIND), outcome


def reference(asked: Asked, snapshot: Snapshot, cursors: Cursors, kind: Kind) -> Reply:
    bake = partial(kind.jar.bake, client=CLIENT) if kind.jar else None
    reply = respond(asked.packet, snapshot, cursors, asked.transport, bake)
    assert reply is not None
    return reply


def told_in(reply: Reply) -> list[bytes]:
    """The Extended DNS Errors."""
    return [data for code, data in take_apart(reply.octets).options if code == EXTENDED_ERROR]


def outcome_of(reply: Reply, snapshot: Snapshot) -> str:
    """What has come of a question, in words."""
    _, flags, _, answers = struct.unpack_from("!4H", reply.octets)
    if flags & TC:
        return "truncated"
    match reply.rcode:
        case RCode.REFUSED:
            return "refused" if parse_query(reply.octets).qclass == CLASS_IN else "another class"
        case RCode.NXDOMAIN:
            return "no such name"
        case RCode.NOERROR if answers:
            if any(record.rtype == RRType.DNAME for record in take_apart(reply.octets).sections[0]):
                return "redirection"
            return (
                "hit" if parse_query(reply.octets).qname in dict(nodes_of(snapshot)) else "wildcard"
            )
        case RCode.NOERROR:
            return "no data" if flags & AA else "referral"
    return "error"


@patient
@given(st.data())
def test_the_python_table_counts_what_the_reference_counts(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    kind = PythonTable(None)
    of_table, of_reference = alike(kind, snapshot), alike(kind, snapshot)
    table = compile_edition(snapshot, kind.blank(of_table, snapshot.identity)).entries
    for asked in data.draw(st.lists(queries(snapshot), min_size=10, max_size=10)):
        expected = reference(asked, snapshot, of_reference, kind)
        played = table.play(asked.packet, asked.transport)
        if played is None:
            reference(asked, snapshot, of_table, kind)
        else:
            assert played[1:] == (expected.rcode, expected.first)


@patient
@given(st.data())
def test_an_edition_brought_up_to_date_equals_one_made_anew(data: st.DataObject) -> None:
    """So health adds no questions, takes none away, and changes nothing that they depend on."""
    edition = compile_edition(data.draw(snapshots()), Written())
    for _ in range(2):
        before = edition.snapshot
        after = data.draw(changes(before))
        changed = [key for key in after.turns if after.turns[key] != before.turns[key]]
        edition = recompile(edition, after, changed)
        assert_equal(edition, compile_edition(after, Written()))


def assert_equal(renewed: Edition[Written], anew: Edition[Written]) -> None:
    assert renewed.snapshot == anew.snapshot
    assert renewed.entries == anew.entries
    assert renewed.dependants == anew.dependants


@every_kind
@patient
@given(st.data())
def test_a_table_brought_up_to_date_plays_like_one_made_anew(
    choice: PlayerChoice, data: st.DataObject
) -> None:
    before = data.draw(snapshots())
    after = data.draw(changes(before))
    kind = kind_of(choice, None)
    of_renewed, of_anew = alike(kind, after), alike(kind, after)
    old = compile_edition(before, kind.blank(of_renewed, before.identity))
    renewed = recompile(old, after, after.turns).entries
    anew = compile_edition(after, kind.blank(of_anew, after.identity)).entries
    for asked in data.draw(st.lists(queries(after), min_size=10, max_size=10)):
        query = asked.packet, asked.transport
        assert kind.play(renewed, *query) == kind.play(anew, *query)


@every_kind
@patient
@given(st.data())
def test_an_update_leaves_the_table_that_is_in_use_alone(
    choice: PlayerChoice, data: st.DataObject
) -> None:
    before = data.draw(snapshots())
    kind = kind_of(choice, None)
    of_table, of_reference = alike(kind, before), alike(kind, before)
    edition = compile_edition(before, kind.blank(of_table, before.identity))
    recompile(edition, data.draw(changes(before)), before.turns)
    for asked in data.draw(st.lists(queries(before), min_size=10, max_size=10)):
        expected = reference(asked, before, of_reference, kind)
        played = kind.play(edition.entries, asked.packet, asked.transport)
        assert played in (None, expected.octets)
        if played is None:
            reference(asked, before, of_table, kind)
