"""Runs the demo from its start to its end, after which nothing of it is left."""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.live import Live

from rrdns.app import App
from rrdns.load import load
from rrdns.serve.sockets import ListenError
from rrdns.status.report import report
from rrdns.terminal.keys import HUNG_UP, has_screen, keys
from rrdns.zone import name as names

from .asking import Asking
from .example import WWW, Ports, has_ipv6, write_example
from .greeting import what_to_try
from .mirrors import Mirror, mirrors_of
from .screen import Picture, Process, draw, recent_log

log = logging.getLogger(__name__)

REDRAW_S = 0.25
LOOK_S = 0.01


async def run_demo(ports: Ports) -> None:
    """Serves the example until SIGINT, SIGTERM or the key q. Raises ListenError."""
    with TemporaryDirectory(prefix="rrdns-demo-") as name:
        folder = Path(name)
        app = App(load(write_example(folder, ports, with_ipv6=has_ipv6())))
        # For the time before App.run takes the signals over, and while all is cleared away.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, app.stop)
        members = app.loaded.pools[0].members
        try:
            with mirrors_of(members, ports.mirror, folder) as mirrors:
                await _serve(app, mirrors)
        except ListenError as error:
            raise ListenError(
                f"{error}\nOr have the demo use other ports, for example: rrdns demo"
                f" --dns-port {ports.dns + 1}"
                f" --status-port {ports.status + 1} --mirror-port {ports.mirror + 1}"
            ) from None


async def _serve(app: App, mirrors: Sequence[Mirror]) -> None:
    running = asyncio.create_task(app.run())
    try:
        await (_on_screen if has_screen() else _in_lines)(app, mirrors, running)
    finally:
        app.stop()
        await running


async def _in_lines(app: App, mirrors: Sequence[Mirror], running: asyncio.Task[None]) -> None:
    """What to try, and then nothing but the log."""
    if await _is_ready(app, running):
        click.echo(what_to_try(app.loaded.settings, mirrors, has_keys=False))
        await asyncio.wait((running,))


async def _on_screen(app: App, mirrors: Sequence[Mirror], running: asyncio.Task[None]) -> None:
    """What to try, and below that what happens, until `running` is done."""
    by_key = {str(number): mirror for number, mirror in enumerate(mirrors, 1)}

    def pressed(key: str) -> None:
        if key in (HUNG_UP, "q"):
            app.stop()
        elif key in by_key:
            _toggle(by_key[key])

    with recent_log() as recent, keys(pressed) as has_keys:
        if not await _is_ready(app, running):
            return
        settings = app.loaded.settings
        click.echo(what_to_try(settings, mirrors, has_keys=has_keys))
        asking = Asking(settings.dns.listen[0], names.from_text(WWW))
        asker = asyncio.create_task(asking.run())
        console = Console()
        with Live(console=console, auto_refresh=False) as live:
            while not running.done():
                picture = Picture(
                    pools=report(app)["pools"],
                    processes=_processes(by_key, has_keys=has_keys),
                    server=str(asking.server),
                    answers=asking.last,
                    log=recent.lines,
                )
                live.update(draw(picture, console), refresh=True)
                await asyncio.wait((running,), timeout=REDRAW_S)
        asker.cancel()


def _processes(by_key: Mapping[str, Mirror], *, has_keys: bool) -> dict[str, Process]:
    return {
        str(mirror.address): Process(mirror.pid, mirror.doing, key if has_keys else "")
        for key, mirror in by_key.items()
    }


async def _is_ready(app: App, running: asyncio.Task[None]) -> bool:
    """Waits until there are answers; False if it ends before."""
    while not (app.ready or running.done()):
        await asyncio.wait((running,), timeout=LOOK_S)
    return app.ready


def _toggle(mirror: Mirror) -> None:
    try:
        mirror.toggle()
    except ListenError as error:
        log.error("mirror %s can not start again: %s", mirror.name, error)
