"""A recording says what probes have found, each thing from half way after the probe before it."""

from rrdns.health.verdict import Outcome
from rrdns.status.recording import recorded
from rrdns.trace import SILENT, Finding, read

from .conftest import STARTED_AT, MakeServer, Server

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
FIRST = STARTED_AT + 1  # when the probes of the first round have started

Probe = tuple[float, Outcome, float]


def lines_of(server: Server, whom: str) -> list[tuple[float, object]]:
    """The recording's lines about `whom`, without the comment at its head."""
    text = recorded(server)
    assert text.startswith("# What probes found in the last ")
    return [(event.at_s, event.what) for event in read(text, "t") if event.whom == whom]


def found(server: Server, *probes: Probe) -> list[tuple[float, object]]:
    """The lines of a check that has made these probes since the first one, which passed."""
    [pool] = server.loaded.pools
    target = pool.targets(pool.members[0])[0]
    strip = server.steward.monitor._watched[target].strip
    for after_s, outcome, elapsed_s in probes:
        strip.add(FIRST + after_s, outcome, elapsed_s)
    return lines_of(server, f"{target.address}/{target.check.name}")


async def test_each_target_has_a_line_from_the_beginning(server: Server) -> None:
    events = read(recorded(server), "t")
    hosts, checks = ("192.0.2.1", "192.0.2.2", "2001:db8::1"), ("alive", "web")
    assert {e.whom for e in events} == {f"{host}/{check}" for host in hosts for check in checks}
    assert {e.at_s for e in events} == {0.0}
    assert {e.what for e in events} == {Finding(PASS, 0.0004)}


async def test_a_change_begins_half_way_between_two_probes(server: Server) -> None:
    told = found(server, (2.0, PASS, 0.0004), (4.0, FAIL, 0.25), (4.5, ERROR, 0.0), (6.5, PASS, 0))
    reason = "as the trace says"
    assert told == [
        (0.0, Finding(PASS, 0.0004)),
        (3.0, Finding(FAIL, 0.25, reason)),
        (4.25, Finding(ERROR, 0.0, reason)),
        (5.5, Finding(PASS, 0.0)),
    ]


async def test_a_failure_that_took_the_timeout_is_silence(server: Server) -> None:
    told = found(server, (2.0, FAIL, 0.9995), (4.0, FAIL, 1.2), (6.0, FAIL, 0.5))
    assert [what for _, what in told[1:]] == [SILENT, Finding(FAIL, 0.5, "as the trace says")]


async def test_what_tells_nothing_new_is_left_out(server: Server) -> None:
    told = found(
        server,
        (2, PASS, 0.01),
        (4, PASS, 0.015),
        (6, PASS, 0.02),
        (8, PASS, 0.03),
        (10, PASS, 0.01),
    )
    assert told[1:] == [
        (1.0, Finding(PASS, 0.01)),
        (7.0, Finding(PASS, 0.03)),
        (9.0, Finding(PASS, 0.01)),
    ]


async def test_before_the_first_round_there_is_nothing_to_tell(make_server: MakeServer) -> None:
    assert read(recorded(make_server()), "t") == []


async def test_a_name_with_blanks_is_one_word(make_server: MakeServer) -> None:
    config = (
        'dns: {listen: ["127.0.0.1:0"]}\n'
        "zones: {linux.example: linux.example.zone}\n"
        'checks: {"the web #1": {type: tcp, port: 80}}\n'
        'pools: {"www.linux.example": {checks: ["the web #1"]}}\n'
    )
    server = make_server(config)
    await server.start()
    events = read(recorded(server), "t")
    assert {event.whom.partition("/")[2] for event in events} == {"the%20web%20#1"}
