"""Held here: the compiled table never answers otherwise than the reference does.

Over generated zones, turns and queries the two give the same octets, count the same things, and
move the same cursors; a table that is brought up to date equals one that is made anew.
"""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.generated import changes, owners_of, queries, snapshots
from rrdns.answer.compiler import compile_table, recompile
from rrdns.answer.reference import respond
from rrdns.answer.snapshot import Cursors
from rrdns.answer.table import Table

QUERIES = 25
LEAST_PLAYED = 0.3  # of all queries, else the comparison says nothing about the table

pytestmark = pytest.mark.timeout(600)  # leaves a failure the time to be made small

patient = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def cursors() -> Cursors:
    """Cursors that count and draw alike each time they are made."""
    return Cursors(Random(7))


def test_the_table_gives_the_octets_of_the_reference() -> None:
    played_or_not: Counter[bool] = Counter()

    @patient
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        snapshot = data.draw(snapshots())
        of_table, of_reference = cursors(), cursors()
        table = compile_table(snapshot, of_table)
        owners = owners_of(snapshot)
        for asked in data.draw(st.lists(queries(owners), min_size=QUERIES, max_size=QUERIES)):
            expected = respond(asked.packet, snapshot, of_reference, asked.transport)
            assert expected is not None
            played = table.play(asked.packet, asked.transport)
            played_or_not[played is not None] += 1
            if played is None:
                again = respond(asked.packet, snapshot, of_table, asked.transport)
                assert again == expected, "the cursors differ"
            else:
                octets, entry, turn = played
                assert octets == expected.octets
                assert entry.rcode == expected.rcode
                assert (entry.firsts[turn] if entry.firsts else None) == expected.first

    holds()
    assert played_or_not[True] >= LEAST_PLAYED * played_or_not.total()


@patient
@given(st.data())
def test_a_table_brought_up_to_date_equals_one_made_anew(data: st.DataObject) -> None:
    shared = cursors()
    before = data.draw(snapshots())
    table = compile_table(before, shared)
    for _ in range(2):
        after = data.draw(changes(table.snapshot))
        changed = [key for key in after.turns if after.turns[key] != table.snapshot.turns[key]]
        table = recompile(table, after, changed, shared)
        assert_equal(table, compile_table(after, shared))


def assert_equal(renewed: Table, anew: Table) -> None:
    assert renewed.snapshot == anew.snapshot
    assert renewed.exact == anew.exact
    assert renewed.otherwise == anew.otherwise
    for key, dependants in anew.dependants.items():
        assert renewed.dependants[key] >= dependants


@patient
@given(st.data())
def test_an_update_leaves_the_table_that_is_in_use_alone(data: st.DataObject) -> None:
    shared = cursors()
    table = compile_table(data.draw(snapshots()), shared)
    exact, otherwise = dict(table.exact), dict(table.otherwise)
    after = data.draw(changes(table.snapshot))
    recompile(table, after, after.turns, shared)
    assert table.exact == exact
    assert table.otherwise == otherwise
