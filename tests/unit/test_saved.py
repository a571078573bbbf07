"""What is written is read; a file that is not whole, or not ours, is refused with a word."""

import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.answer.snapshot import MOST_RESTORED
from rrdns.files import claim
from rrdns.health.check import CommandCheck, HttpCheck, IcmpCheck, Target
from rrdns.health.result import Health, Result
from rrdns.health.verdict import Outcome, State, Verdict
from rrdns.pool.duty import Assignment, Duty
from rrdns.pool.incidents import Incident
from rrdns.pool.served import Departure
from rrdns.pool.standing import Standing
from rrdns.saved import LAST_TIME, ROWS, Saved, UnreadableError, question_of, read, write
from rrdns.zone.name import from_text

OWNER = from_text("www.example")
KEY = (OWNER, ip_address("192.0.2.1"))
TARGET = Target(IcmpCheck(name="alive"), ip_address("192.0.2.1"))
PASSED = Result(Outcome.PASS, "0.4 ms", 0.0004)
HEALTH = Health(Verdict(State.UP), 1.0, PASSED, 2.0, 1, (0.5,), None, 1.9, restored=True)
INCIDENT = Incident(
    name=None, drill=False, reason="", last_pass=None, first_failure=1.0, down_at=2.0
)
SAVED = Saved(
    at=1_767_225_600.25,
    healths={question_of(TARGET): HEALTH},
    cursors={(OWNER, 1): 12},
    standings={KEY: Standing(State.UP, 1.0)},
    assignments={KEY: Assignment(Duty.DRAIN, 1.0, 2.0, "disk")},
    departures={KEY: Departure(None, 3.0)},
    incidents=((KEY, INCIDENT),),
)

TIMES = st.floats(0, LAST_TIME)
TEXTS = st.text(max_size=20)
OWNERS = st.sampled_from(
    [from_text(text) for text in (".", "www.example", r"a\.b\000\255.example")]
)
ADDRESSES = st.ip_addresses()
KEYS = st.tuples(OWNERS, ADDRESSES)
RESULTS = st.builds(Result, st.sampled_from(Outcome), TEXTS, TIMES)
VERDICTS = st.builds(Verdict, st.sampled_from(State), st.integers(0, 100))
HEALTHS = st.builds(
    Health,
    verdict=VERDICTS,
    since=TIMES,
    last=st.none() | RESULTS,
    at=TIMES,
    decided_by=st.integers(0, 100),
    downs=st.lists(TIMES, max_size=3).map(tuple),
    first_failure=st.none() | TIMES,
    last_pass=st.none() | TIMES,
    restored=st.just(True),
)
INCIDENTS = st.builds(
    Incident,
    name=st.none() | TEXTS,
    drill=st.booleans(),
    reason=TEXTS,
    last_pass=st.none() | TIMES,
    first_failure=st.none() | TIMES,
    down_at=TIMES,
    left_at=st.none() | TIMES,
    safe_at=st.none() | TIMES,
    up_at=st.none() | TIMES,
    budget_s=TIMES,
)
ANYTHING_SAVED = st.builds(
    Saved,
    at=TIMES,
    healths=st.dictionaries(st.tuples(TEXTS, ADDRESSES.map(str)), HEALTHS, max_size=5),
    cursors=st.dictionaries(
        st.tuples(OWNERS, st.integers(0, 65535)), st.integers(0, MOST_RESTORED), max_size=5
    ),
    standings=st.dictionaries(KEYS, st.builds(Standing, st.sampled_from(State), TIMES)),
    assignments=st.dictionaries(
        KEYS, st.builds(Assignment, st.sampled_from(Duty), TIMES, st.none() | TIMES, TEXTS)
    ),
    departures=st.dictionaries(KEYS, st.builds(Departure, st.none() | TIMES, TIMES)),
    incidents=st.lists(st.tuples(KEYS, INCIDENTS), max_size=5).map(tuple),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@given(ANYTHING_SAVED)
def test_what_is_written_is_read(folder: Path, saved: Saved) -> None:
    write(folder / "state.json", saved)
    assert read(folder / "state.json") == saved


def test_more_rows_than_are_written_at_once_are_all_there(tmp_path: Path) -> None:
    keys = [(OWNER, ip_address(0x0A000000 + number)) for number in range(2 * ROWS + 1)]
    many = Saved(1.0, standings={key: Standing(State.DOWN, 2.0) for key in keys})
    write(tmp_path / "state.json", many)
    assert read(tmp_path / "state.json") == many


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path / "state.json") is None
    assert read(tmp_path / "no" / "state.json") is None


def test_a_file_of_any_shorter_length_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write(file, SAVED)
    whole = file.read_bytes().rstrip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(UnreadableError):
            read(file)


MEMBER = ("a.", "192.0.2.1")
BROKEN = {
    "another format": ({"format": 2}, "format"),
    "no number": ({"saved_at": "yesterday"}, "saved_at"),
    "a time after all times": ({"saved_at": 1e300}, "neither a time nor a duration"),
    "a time before all times": ({"standings": [[*MEMBER, {"state": "up", "since": -1}]]}, "-1"),
    "an unknown state": ({"standings": [[*MEMBER, {"state": "??", "since": 1}]]}, "state"),
    "no address": ({"departures": [["a.", "me", {"left_at": 1, "expires_at": 1}]]}, "'me'"),
    "no name": ({"cursors": [["a..b.", 1, 1]]}, "is not a domain name"),
    "a count below 0": ({"cursors": [["a.", 1, -1]]}, "cursors"),
    "a count that is too large": ({"cursors": [["a.", 1, 2**63]]}, "cursors"),
    "a check that is not listed": ({"checks": []}, "out of range"),
    "a row that is too short": ({"orders": [["a."]]}, "orders"),
    "no list": ({"incidents": None}, "incidents"),
}


@pytest.mark.parametrize(("change", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    file = tmp_path / "state.json"
    write(file, SAVED)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(UnreadableError, match=expected):
        read(file)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "NaN", "[" * 100_000, "\0\0\0"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(UnreadableError):
        read(tmp_path / "state.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    file = tmp_path / "state.json"
    write(file, SAVED)
    file.write_text(file.read_text().replace('"until":2.0', f'"until":{number}'))
    with pytest.raises(UnreadableError):
        read(file)


def test_what_is_no_file_is_refused_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(UnreadableError, match="not a regular file"):
            read(path)


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "state.json", SAVED)
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


@contextmanager
def at_most(octets: int) -> Iterator[None]:
    """Files of this process grow no larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_there_is_no_room_the_old_file_stays_and_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "state.json", SAVED)
    with at_most(100), pytest.raises(OSError, match="File too large"):
        write(tmp_path / "state.json", Saved(2.0))
    assert read(tmp_path / "state.json") == SAVED
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_what_a_crash_has_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".state.json.new").write_text("{")
    write(tmp_path / "state.json", SAVED)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_folder_in_its_place_stays(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "state.json", SAVED)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_one_at_a_time_may_claim_the_file(tmp_path: Path) -> None:
    first = claim(tmp_path / "state.json")
    assert first is not None
    assert claim(tmp_path / "state.json") is None
    os.close(first)
    second = claim(tmp_path / "state.json")
    assert second is not None
    os.close(second)


def test_the_same_question_in_another_rhythm_has_the_same_words() -> None:
    slow = Target(IcmpCheck(name="slow", interval_s=60), TARGET.address)
    assert question_of(slow) == question_of(TARGET)
    others = (HttpCheck(name="alive", port=80), CommandCheck(name="alive", argv=("true",)))
    words = {question_of(Target(check, TARGET.address)) for check in others}
    assert len(words | {question_of(TARGET)}) == 3
