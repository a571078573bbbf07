"""The commands mean the member that is written, say what has become of the order, and wait for what
was promised.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import click
import pytest

from rrdns.cli import ordering
from rrdns.cli.options import FailedError
from rrdns.cli.ordering import _in_part, _members, _told, _wait

WWW, FTP, BOOKS = "www.example.", "ftp.example.", "xn--bcher-kva.example."


def member(address: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    duty = {"order": "drain", "until": None, "safe_at": "2026-01-01T00:01:00.000Z", "safe": False}
    usual = {"address": address, "name": name, "state": "up", "in_rotation": False, "cover": None}
    return {**usual, "drill_until": None, "duty": {**duty, **more.pop("duty", {})}, **more}


ONE, TWO, SIX = member("192.0.2.1", "marconi"), member("192.0.2.2"), member("2001:db8::1")
POOLS = {WWW: {"members": [ONE, TWO, SIX]}, FTP: {"members": [ONE]}, BOOKS: {"members": [TWO]}}


@pytest.mark.parametrize(
    ("written", "pool", "meant"),
    [
        ("192.0.2.1", None, [(WWW, "192.0.2.1"), (FTP, "192.0.2.1")]),
        ("marconi", None, [(WWW, "192.0.2.1"), (FTP, "192.0.2.1")]),
        ("marconi", "FTP.example", [(FTP, "192.0.2.1")]),
        ("192.0.2.2", "bücher.example", [(BOOKS, "192.0.2.2")]),
        ("2001:DB8:0::1", None, [(WWW, "2001:db8::1")]),
    ],
)
def test_a_member_is_meant_in_all_pools_or_in_one(
    written: str, pool: str | None, meant: list[tuple[str, str]]
) -> None:
    assert _members(POOLS, written, pool) == meant


@pytest.mark.parametrize(
    ("written", "pool", "said"),
    [
        ("popov", None, "no pool has a member popov; there are marconi, 192.0.2.2, 2001:db8::1"),
        ("192.0.2.2", "ftp.example", "pool ftp.example has no member 192.0.2.2; there are marconi"),
        ("marconi", "no.example", "there is no pool no.example; the pools are www.example., "),
        ("marconi", "a..b", "there is no pool a..b"),
    ],
)
def test_who_is_not_there_is_told_with_those_who_are(
    written: str, pool: str | None, said: str
) -> None:
    with pytest.raises(FailedError) as raised:
        _members(POOLS, written, pool)
    assert raised.value.message.startswith(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "drain; in caches until 2026-01-01 00:01:00Z"),
        ({"duty": {"safe": True}}, "drain; in no cache"),
        ({"in_rotation": True}, "drain; still handed out, as nobody else is up"),
        ({"duty": {"order": "ready"}}, "ready, and its checks say up"),
        (
            {"duty": {"order": "ready"}, "drill_until": "2026-01-01T00:02:00.000Z"},
            "ready, fire drill until 2026-01-01 00:02:00Z, and its checks say up",
        ),
        (
            {"duty": {"until": "2026-01-01T02:00:00.000Z", "safe": True}},
            "drain until 2026-01-01 02:00:00Z; in no cache",
        ),
    ],
)
def test_what_has_become_of_an_order_is_a_line(change: dict[str, Any], said: str) -> None:
    told = _told(WWW, member("192.0.2.1", "marconi", **deepcopy(change)))
    assert told == f"{WWW} 192.0.2.1 (marconi): {said}"


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the server report these members, one after the other, and time fly."""

    def sees(*reports: dict[str, Any]) -> None:
        left = iter(reports)
        monkeypatch.setattr(ordering, "ask", lambda *_: next(left))
        monkeypatch.setattr(ordering.time, "sleep", lambda _: None)

    return sees


def waited(what: str) -> None:
    _wait(click.Path(), WWW, "192.0.2.1", what)  # type: ignore[arg-type]  # nobody opens it


def test_waiting_ends_when_no_cache_has_the_member(
    seeing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    seeing(member("192.0.2.1", in_rotation=True), ONE, ONE, member("", duty={"safe": True}))
    waited("drain")
    out, err = capsys.readouterr()
    assert out == f"{WWW} 192.0.2.1: safe to be stopped\n"
    assert err.splitlines() == [
        f"{WWW} 192.0.2.1: it is still handed out, as nobody else is up",
        f"{WWW} 192.0.2.1: waiting until 2026-01-01 00:01:00Z, when no cache has it any more",
    ]


def test_waiting_for_a_member_to_be_back_ends_when_it_is_handed_out(
    seeing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    ready = {"order": "ready"}
    seeing(member("", state="down", duty=ready), member("", in_rotation=True, duty=ready))
    waited("ready")
    assert capsys.readouterr().out == f"{WWW} 192.0.2.1: handed out\n"


def test_waiting_for_an_order_that_is_over_fails(seeing: Callable[..., None]) -> None:
    seeing(ONE, member("", duty={"order": "maint"}))
    with pytest.raises(FailedError, match="the order is over: maint"):
        waited("drain")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, f"; not tried in {FTP}, {BOOKS}"),
        (1, f"; ordered in {WWW}; not tried in {BOOKS}"),
        (2, f"; ordered in {WWW}, {FTP}"),
    ],
)
def test_where_an_order_stands_that_failed_in_one_of_several_pools_is_told(
    at: int, said: str
) -> None:
    meant = [(owner, "192.0.2.1") for owner in (WWW, FTP, BOOKS)]
    assert _in_part(meant, at) == said
    assert _in_part(meant[:1], 0) == ""
