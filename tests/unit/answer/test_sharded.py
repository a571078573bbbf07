"""Held here: a sharded mapping equals the dictionary of the same changes, and is never changed."""

from hypothesis import given
from hypothesis import strategies as st

from rrdns.answer.sharded import SHARD_KEYS, Sharded

changes = st.dictionaries(st.integers(0, 2000), st.integers())


@given(changes, st.lists(changes, max_size=5))
def test_it_equals_a_dictionary(first: dict[int, int], later: list[dict[int, int]]) -> None:
    expected, sharded = first, Sharded(first)
    for change in later:
        before, expected_before = sharded, expected
        expected, sharded = {**expected, **change}, sharded.updated(change)
        assert sharded == expected
        assert len(sharded) == len(expected)
        assert before == expected_before


@given(st.integers(0, 20 * SHARD_KEYS))
def test_every_key_is_where_a_hurried_reader_looks(size: int) -> None:
    sharded = Sharded({str(at): at for at in range(size)})
    for key, value in sharded.items():
        assert sharded.shards[hash(key) & sharded.mask][key] == value


def test_one_change_copies_one_shard() -> None:
    before = Sharded(dict.fromkeys(range(100 * SHARD_KEYS), 0))
    after = before.updated({5: 1})
    pairs = zip(before.shards, after.shards, strict=True)
    assert sum(old is not new for old, new in pairs) == 1


def test_shards_stay_small_however_it_grew() -> None:
    sharded: Sharded[int, int] = Sharded()
    for at in range(10 * SHARD_KEYS):
        sharded = sharded.updated({at: at})
    assert len(sharded) == 10 * SHARD_KEYS
    assert max(map(len, sharded.shards)) <= 3 * SHARD_KEYS
