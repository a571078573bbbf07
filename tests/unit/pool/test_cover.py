"""Who has an address is what its agents say together: no word is believed for longer than it is
good, a hand-over is no dispute, and a dispute does not pass for a hand-over.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.result import MAX_REASON
from rrdns.pool.cover import CONTESTED_AFTER_S, Claim, Cover, CoverNews, Covers, CoverState, Word

MARCONI, HERTZ = "http://192.0.2.1:8056/", "http://192.0.2.2:8056/"
VIP, OTHER = ip_address("192.0.2.127"), ip_address("2001:db8::127")
HOSTS = {MARCONI: "marconi", HERTZ: "hertz"}
GOOD_FOR_S = 4.0
EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
HELD, COVERED, CONTESTED, NOBODY, UNKNOWN = CoverState
SILENT = "no answer within 1 s"


def word(url: str, holds: bool, **other: Any) -> Word:
    """What the agent of marconi, whose address it is, or that of hertz says."""
    rank = list(HOSTS).index(url)
    return Word(HOSTS[url], {VIP: Claim("marconi", rank, holds, **other)})


class Listener:
    """Covers, and what happens to them at which second."""

    def __init__(self, *urls: str) -> None:
        self.covers = Covers()
        self.covers.listen_to(urls or HOSTS, GOOD_FOR_S)

    def at(self, now: float, said: Mapping[str, Word | str]) -> CoverNews:
        for url, each in said.items():
            self.covers.hear(url, each, now, EPOCH + now)
        return self.covers.review(now, EPOCH + now)

    def say(self, now: float, marconi: bool | None = None, hertz: bool | None = None) -> CoverNews:
        """Who of the two says now that they hold it, or not; None: says nothing."""
        said = {MARCONI: marconi, HERTZ: hertz}
        return self.at(now, {u: SILENT if h is None else word(u, h) for u, h in said.items()})

    @property
    def cover(self) -> Cover:
        found = self.covers.of(VIP)
        assert found is not None
        return found

    @property
    def found(self) -> tuple[CoverState, str | None]:
        return self.cover.state, self.cover.by


@pytest.mark.parametrize(
    ("marconi", "hertz", "expected"),
    [
        (True, False, (HELD, "marconi")),
        (True, None, (HELD, "marconi")),
        (False, True, (COVERED, "hertz")),
        (None, True, (COVERED, "hertz")),
        (False, False, (NOBODY, None)),
        (None, False, (UNKNOWN, None)),
        (False, None, (UNKNOWN, None)),
    ],
)
def test_who_has_it(
    marconi: bool | None, hertz: bool | None, expected: tuple[CoverState, str | None]
) -> None:
    listener = Listener()
    listener.say(0, marconi, hertz)
    assert listener.found == expected
    assert listener.cover.owner == "marconi"


def test_of_an_address_that_no_agent_speaks_of_nothing_is_known() -> None:
    listener = Listener()
    listener.say(0, marconi=True)
    assert listener.covers.of(OTHER) is None


def test_an_agent_that_has_no_part_in_an_address_need_not_answer_for_it_to_be_nobodys() -> None:
    listener = Listener()
    listener.at(0, {MARCONI: word(MARCONI, False), HERTZ: Word("hertz", {})})
    listener.at(9, {MARCONI: word(MARCONI, False), HERTZ: SILENT})
    assert listener.found == (NOBODY, None)


def test_the_word_of_a_host_that_died_is_no_dispute_and_its_peers_counts_at_once() -> None:
    listener = Listener()
    listener.say(0, marconi=True, hertz=False)
    listener.say(1, hertz=True)
    assert listener.found == (COVERED, "hertz")
    for now in range(2, 12):
        listener.say(now, hertz=True)
        assert listener.found == (COVERED, "hertz")


def test_in_a_hand_over_who_took_it_last_has_it() -> None:
    listener = Listener()
    listener.say(0, marconi=False, hertz=True)
    listener.say(1, marconi=True, hertz=True)
    assert listener.found == (HELD, "marconi")
    listener.say(2, marconi=True, hertz=False)
    assert listener.found == (HELD, "marconi")


def test_two_who_both_hold_it_for_too_long_contest_it_until_one_lets_go() -> None:
    listener = Listener()
    for now in range(4):
        listener.say(now, marconi=True, hertz=True)
        assert listener.cover.state is not CONTESTED
    listener.say(CONTESTED_AFTER_S + 1, marconi=True, hertz=True)
    assert listener.cover.state is CONTESTED
    assert listener.cover.reason == "marconi and hertz both say that they hold it"
    listener.say(5, marconi=True, hertz=False)
    assert listener.found == (HELD, "marconi")


def test_a_dispute_goes_on_while_one_of_the_two_is_not_reached_and_its_word_is_good() -> None:
    listener = Listener()
    for now in range(6):
        listener.say(now, marconi=True, hertz=True)
    listener.say(5 + GOOD_FOR_S, marconi=True)
    assert listener.cover.state is CONTESTED
    listener.say(5 + GOOD_FOR_S + 0.1, marconi=True)
    assert listener.found == (HELD, "marconi")


def test_what_one_said_before_the_other_took_it_unheard_is_no_dispute() -> None:
    """The other learns of the return only with its next answer."""
    listener = Listener(MARCONI, HERTZ)
    listener.say(0, marconi=True, hertz=False)
    for now in range(1, 4):
        listener.say(now, hertz=True)
    for now in (3.5, 4.0):
        listener.say(now, marconi=True)
        assert listener.found == (COVERED, "hertz")
    listener.say(4.5, marconi=True, hertz=True)
    assert listener.cover.state is not CONTESTED
    listener.say(3.5 + CONTESTED_AFTER_S + 0.1, marconi=True, hertz=True)
    assert listener.cover.state is CONTESTED


def test_a_question_that_has_no_answer_ends_no_dispute() -> None:
    listener = Listener()
    for now in range(6):
        listener.say(now, marconi=True, hertz=True)
    for now in range(6, 9):
        listener.say(now, hertz=True)
        listener.say(now + 0.5, marconi=True, hertz=True)
        assert listener.cover.state is CONTESTED


def test_two_who_hold_it_in_turn_do_not_contest_it() -> None:
    listener = Listener()
    for now in range(0, 60, 2):
        listener.say(now, marconi=True, hertz=False)
        listener.say(now + 1, marconi=False, hertz=True)
        assert listener.cover.state is not CONTESTED


def test_an_agent_that_was_silent_for_too_long_begins_anew() -> None:
    """What it did meanwhile nobody knows."""
    listener = Listener()
    listener.say(0, marconi=True, hertz=True)
    listener.say(10, marconi=True, hertz=True)
    assert listener.cover.state is not CONTESTED


@pytest.mark.parametrize("holds", [True, False])
def test_an_agent_that_hears_somebody_else_is_believed_at_once(holds: bool) -> None:
    listener = Listener()
    listener.at(0, {MARCONI: word(MARCONI, holds, contested="02:aa:bb:cc:dd:ee")})
    assert listener.found == (CONTESTED, "marconi" if holds else None)
    assert listener.cover.reason == "marconi hears 02:aa:bb:cc:dd:ee hold it too"


def test_two_ways_to_one_host_are_one_host_of_which_the_newer_word_counts() -> None:
    again = "http://198.51.100.1:8056/"
    listener = Listener(MARCONI, again)
    for now in range(10):
        listener.at(now, {again: word(MARCONI, False)})
        listener.at(now + 0.5, {MARCONI: word(MARCONI, True)})
        assert listener.found == (HELD, "marconi")
    listener.at(30, {MARCONI: SILENT, again: word(MARCONI, False)})
    assert listener.found == (NOBODY, None)


def test_who_disagree_about_the_owner_change_nothing_with_each_word() -> None:
    """Or each of their words would be news."""
    listener = Listener()
    mistaken = Word("hertz", {VIP: Claim("hertz", 1, holds=False)})
    listener.at(0, {MARCONI: word(MARCONI, False), HERTZ: mistaken})
    for now in range(1, 9):
        url = (MARCONI, HERTZ)[now % 2]
        said = mistaken if url == HERTZ else word(MARCONI, False)
        assert listener.at(now, {url: said}).changed == frozenset()
    assert listener.cover.owner == "marconi"


def test_news_are_told_once_and_dated() -> None:
    listener = Listener()
    assert listener.say(0, marconi=True, hertz=False).changed == {VIP}
    assert listener.say(1, marconi=True, hertz=False).changed == frozenset()
    assert listener.cover.since == EPOCH
    assert listener.say(2, marconi=False, hertz=True).changed == {VIP}
    assert listener.cover.since == EPOCH + 2


def test_another_reason_is_shown_and_is_no_news() -> None:
    listener = Listener()
    listener.at(0, {MARCONI: word(MARCONI, True, reason="started")})
    assert listener.at(1, {MARCONI: word(MARCONI, True, reason="won")}).changed == frozenset()
    assert (listener.cover.reason, listener.cover.since) == ("won", EPOCH)


def test_that_an_agent_is_silent_is_told_once_its_word_is_too_old() -> None:
    listener = Listener(HERTZ)
    assert listener.say(0, hertz=True).silent == ()
    assert listener.say(GOOD_FOR_S).silent == ()
    assert listener.covers.agents[HERTZ].problem == SILENT
    news = listener.say(GOOD_FOR_S + 0.1)
    assert (news.silent, news.changed) == ((HERTZ,), {VIP})
    assert listener.found == (UNKNOWN, None)
    assert listener.say(9).silent == ()
    assert listener.covers.silent == {HERTZ}
    news = listener.say(10, hertz=True)
    assert (news.telling, news.silent) == ((HERTZ,), ())
    assert listener.covers.agents[HERTZ].problem is None


def test_an_agent_that_has_never_answered_is_silent_from_the_first_question_on() -> None:
    listener = Listener(HERTZ)
    assert listener.at(0, {}).silent == ()
    assert listener.say(0.1).silent == (HERTZ,)


def test_whom_nobody_listens_to_any_more_is_forgotten() -> None:
    listener = Listener()
    listener.say(0, marconi=False, hertz=True)
    listener.covers.listen_to([MARCONI], GOOD_FOR_S)
    assert listener.at(1, {HERTZ: word(HERTZ, True)}).changed == {VIP}
    assert listener.found == (NOBODY, None)
    listener.covers.listen_to([], GOOD_FOR_S)
    assert listener.at(2, {}).changed == {VIP}
    assert listener.covers.known == {}


def test_why_nobody_has_it_is_told_within_a_line() -> None:
    listener = Listener()
    said = {url: word(url, False, reason=f"{url} is blocked " * 9) for url in HOSTS}
    listener.at(0, said)
    assert listener.cover.reason.startswith("marconi: http")
    assert len(listener.cover.reason) <= MAX_REASON


seconds = st.floats(0, 5)
told = st.tuples(seconds, *[st.sampled_from([True, False, None])] * 2)


@given(st.lists(told, max_size=40))
def test_whatever_is_said_there_is_one_verdict_that_the_last_words_bear_out(
    story: list[tuple[float, bool | None, bool | None]],
) -> None:
    listener, now = Listener(), 0.0
    last: dict[str, tuple[float, bool]] = {}
    for passed, *holds in story:
        now += passed
        listener.say(now, *holds)
        for url, each in zip(HOSTS, holds, strict=True):
            if each is not None:
                last[url] = now, each
        good = {HOSTS[u]: h for u, (at, h) in last.items() if now <= at + GOOD_FOR_S}
        holders = {host for host, each in good.items() if each}
        cover = listener.covers.of(VIP)
        assert (cover is None) is (not last)
        if cover is None:
            continue
        assert (cover.by in holders) is bool(holders)
        match cover.state:
            case CoverState.HELD:
                assert cover.by == "marconi"
            case CoverState.COVERED:
                assert cover.by == "hertz"
            case CoverState.CONTESTED:
                assert len(holders) == 2
            case CoverState.NOBODY:
                assert good == {"marconi": False, "hertz": False}
            case CoverState.UNKNOWN:
                assert len(good) < 2
                assert not holders
