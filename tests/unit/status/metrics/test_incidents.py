"""Outages are counted, and what the last one of a pool cost is told beside its budget."""

from dataclasses import replace

from ..conftest import STARTED_AT, Server
from .conftest import OUTAGE
from .scraping import POOL, families, value

LAST = "rrdns_pool_last_failover_seconds"


async def test_a_server_without_outages_says_so(server: Server) -> None:
    assert value(server, "rrdns_incidents_open") == 0
    assert value(server, "rrdns_incidents_total") == 0
    assert families(server)[LAST].samples == []


async def test_outages_that_go_on_and_all_of_them_are_counted(server: Server) -> None:
    [pool] = server.loaded.pools
    incidents = server.steward.incidents
    for member in pool.members[:2]:
        incidents.begin(pool, member, OUTAGE)
        incidents.begin(pool, member, OUTAGE)  # it is known to go on
    incidents.end(pool, pool.members[0], STARTED_AT + 100)
    assert value(server, "rrdns_incidents_open") == 1
    assert value(server, "rrdns_incidents_total") == 2


async def test_the_last_outage_that_was_measured_is_told(server: Server) -> None:
    [pool] = server.loaded.pools
    first, second, third = pool.members
    incidents = server.steward.incidents
    incidents.begin(pool, first, OUTAGE)
    incidents.begin(pool, second, replace(OUTAGE, down_at=STARTED_AT + 9, safe_at=STARTED_AT + 70))
    incidents.begin(pool, third, replace(OUTAGE, down_at=STARTED_AT + 10, safe_at=None))
    assert value(server, LAST, pool=POOL) == 70
    assert value(server, "rrdns_pool_last_failover_timestamp_seconds", pool=POOL) == STARTED_AT + 9


async def test_of_a_pool_that_is_gone_nothing_is_told(server: Server) -> None:
    [pool] = server.loaded.pools
    server.steward.incidents.begin(pool, pool.members[0], OUTAGE)
    server.loaded = replace(server.loaded, pools=())
    assert families(server)[LAST].samples == []
