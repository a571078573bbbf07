"""The service manager is told that the event loop runs, if it watches this process."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rrdns.systemd import keep_alive


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


@pytest.mark.parametrize("by_pid", [False, True])
async def test_who_is_watched_says_that_it_lives_twice_in_each_period(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, by_pid: bool
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    if by_pid:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    telling = asyncio.create_task(keep_alive())
    loop = asyncio.get_running_loop()
    begun_at = loop.time()
    for _ in range(5):
        assert await loop.sock_recv(manager, 100) == b"WATCHDOG=1"
    assert loop.time() - begun_at >= 0.035  # four pauses of 10 ms, by a clock of its own
    telling.cancel()


@pytest.mark.parametrize(
    "told", [{}, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}]
)
async def test_who_is_not_watched_says_nothing(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, told: dict[str, str]
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    await keep_alive()
    with pytest.raises(BlockingIOError):
        manager.recv(100)
