"""The player that was asked for plays, or the user is told what is missing."""

import os
from ipaddress import ip_address

import pytest

from harness.players import needs_c
from rrdns.config.settings import DnsSettings, Listen, PlayerChoice
from rrdns.serve import extension
from rrdns.serve.extension import c_is_there
from rrdns.serve.players import PlayerError, players_for, udp_sockets


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="only CI has to have a compiler")
def test_ci_tests_the_c_player_too() -> None:
    assert c_is_there(), "the extension was not built; all tests of the C player are skipped"
    from rrdns.serve import _player

    assert _player.Udp


@needs_c
def test_c_plays_where_it_was_built() -> None:
    for choice in (PlayerChoice.AUTO, PlayerChoice.C):
        assert players_for(choice, None).choice is PlayerChoice.C


def test_python_plays_where_that_is_asked_for() -> None:
    assert players_for(PlayerChoice.PYTHON, None).choice is PlayerChoice.PYTHON


def test_python_plays_where_c_was_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension, "EXTENSION", "rrdns.serve._nowhere")
    assert players_for(PlayerChoice.AUTO, None).choice is PlayerChoice.PYTHON
    with pytest.raises(PlayerError, match=r"dns\.player is c, but the C player was not built"):
        players_for(PlayerChoice.C, None)


def settings(workers: int | None) -> DnsSettings:
    return DnsSettings(listen=(Listen(ip_address("127.0.0.1"), 0),), workers=workers)


def test_the_python_player_has_one_udp_socket_an_address() -> None:
    python = players_for(PlayerChoice.PYTHON, None)
    assert [udp_sockets(settings(workers), python) for workers in (None, 1, 4)] == [1, 1, 1]


@needs_c
def test_the_c_player_has_a_udp_socket_for_each_worker() -> None:
    native = players_for(PlayerChoice.C, None)
    assert [udp_sockets(settings(workers), native) for workers in (1, 4)] == [1, 4]
    assert udp_sockets(settings(None), native) == len(os.sched_getaffinity(0))
