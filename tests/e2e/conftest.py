"""What the tests of the whole process share: each player, one after the other."""

import pytest

from harness import process
from harness.players import PLAYERS
from rrdns.config.settings import PlayerChoice


@pytest.fixture(scope="session", params=PLAYERS)
def player(request: pytest.FixtureRequest) -> PlayerChoice:
    """What is to play in the server; for `serving` and its `$PLAYER`."""
    choice: PlayerChoice = request.param
    return choice


@pytest.fixture
def _unforked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has servers started as their users start them, which takes a while, and tells by its name
    what it is."""
    monkeypatch.setattr(process, "can_fork", lambda: False)
