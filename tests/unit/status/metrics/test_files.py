"""It is told whether what is served stands in the files, and whether a restart will know it."""

import time
from dataclasses import replace
from pathlib import Path

from rrdns.errors import Place, Problem, Severity
from rrdns.memory import Memory

from ..conftest import STARTED_AT, MakeServer, Server
from .scraping import value


async def test_files_are_counted_that_do_not_take_effect(server: Server) -> None:
    def problem(file: str, line: int, severity: Severity = Severity.ERROR) -> Problem:
        return Problem(Place(file, line, 1), "wrong", "mend it", severity)

    server.loaded = replace(
        server.loaded,
        rejected=(
            problem("a.zone", 1),
            problem("a.zone", 2),
            problem("b.zone", 1),
            problem("c.zone", 1, Severity.WARNING),
        ),
    )
    server.reloads.done(accepted=True, now=1.0)
    server.reloads.done(accepted=False, now=2.0)
    assert value(server, "rrdns_rejected_files") == 2
    assert value(server, "rrdns_reloads_total", result="accepted") == 1
    assert value(server, "rrdns_reloads_total", result="rejected") == 1


async def test_the_last_reading_is_told_once_there_was_one(server: Server) -> None:
    name = "rrdns_last_reload_timestamp_seconds"
    assert value(server, name) is None
    server.reloads.done(accepted=False, now=STARTED_AT + 7)
    assert value(server, name) == STARTED_AT + 7
    [version] = server.loaded.zones.values()
    read = value(server, "rrdns_zone_read_timestamp_seconds", zone="linux.example.")
    assert read == version.read_at


async def test_warnings_are_counted(server: Server) -> None:
    assert value(server, "rrdns_warnings") == 0
    warning = Problem(Place("a.zone", 1), "odd", "mend it", Severity.WARNING)
    server.loaded = replace(server.loaded, warnings=(warning,))
    assert value(server, "rrdns_warnings") == 1


async def test_a_state_file_is_told_of_where_there_is_one(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server()
    saved, problem = "rrdns_state_saved_timestamp_seconds", "rrdns_state_problem"
    assert value(server, problem) is None
    server.memory = Memory(tmp_path / "state.json", 300.0, time.time)
    assert (value(server, problem), value(server, saved)) == (0, None)
    await server.start()
    assert await server.memory.keep(server.steward.remember())
    assert value(server, saved) == STARTED_AT + 1
    server.memory.problem = "the disk is full"
    assert value(server, problem) == 1
