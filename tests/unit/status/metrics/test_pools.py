"""Of pools and members it is told who is handed out, what is believed, and what was ordered."""

import time
from dataclasses import replace

from rrdns.pool.duty import Assignment, Duty
from rrdns.status.metrics import taken_down

from ..conftest import CONFIG, ERROR, FAIL, STARTED_AT, MakeServer, Server
from .scraping import POOL, families, value

ONE = {"pool": POOL, "address": "192.0.2.1", "name": "marconi"}
TWO = {"pool": POOL, "address": "192.0.2.2", "name": ""}
THREE = {"pool": POOL, "address": "2001:db8::1", "name": ""}


async def test_members_are_up_or_down_or_absent_where_nobody_knows(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.findings.say("192.0.2.1", ERROR)
    server.findings.say("192.0.2.2", FAIL)
    await server.start()
    one = {"pool": POOL, "address": "192.0.2.1", "name": "marconi"}
    two = {"pool": POOL, "address": "192.0.2.2", "name": ""}
    three = {"pool": POOL, "address": "2001:db8::1", "name": ""}
    up = [value(server, "rrdns_member_up", **labels) for labels in (one, two, three)]
    out = [value(server, "rrdns_member_in_rotation", **labels) for labels in (one, two, three)]
    assert up == [None, 0, 1]
    assert out == [1, 0, 1]


async def test_the_rung_that_is_taken_is_told_by_family(make_server: MakeServer) -> None:
    server = make_server()
    server.findings.say("2001:db8::1", FAIL)
    await server.start()
    taken = {
        (s.labels["type"], s.labels["rung"])
        for s in families(server)["rrdns_pool_fallback"].samples
        if s.value
    }
    assert taken == {("AAAA", "all")}
    assert len(families(server)["rrdns_pool_fallback"].samples) == 4


async def test_what_is_doubted_restored_and_flapping_is_told(server: Server) -> None:
    [pool] = server.loaded.pools
    target = pool.targets(pool.members[0])[0]
    watch = server.steward.monitor._watched[target]
    downs = (1.0, time.time() - 3, time.time() - 2, time.time() - 1)
    verdict = replace(watch.health.verdict, streak=1)
    watch.health = replace(watch.health, verdict=verdict, downs=downs, restored=True)
    assert [value(server, f"rrdns_{name}_members") for name in ("suspect", "restored")] == [1, 1]
    names = ("recent_downs", "needed_passes")
    told = {
        name: [value(server, f"rrdns_member_{name}", **m) for m in (ONE, TWO)] for name in names
    }
    assert told == {"recent_downs": [3, None], "needed_passes": [8, None]}


async def test_each_member_has_one_duty(server: Server) -> None:
    [pool] = server.loaded.pools
    server.steward.order(pool, pool.members[0], Assignment(Duty.MAINT, STARTED_AT))
    samples = families(server)["rrdns_member_duty"].samples
    assert {(s.labels["address"], s.labels["duty"], s.value) for s in samples} == {
        ("192.0.2.1", "maint", 1),
        ("192.0.2.2", "ready", 1),
        ("2001:db8::1", "ready", 1),
    }


async def test_a_drill_is_told_while_it_lasts(server: Server) -> None:
    [pool] = server.loaded.pools
    server.steward.drill(pool, pool.members[0], STARTED_AT + 60)
    assert [value(server, "rrdns_member_drilled", **m) for m in (ONE, TWO)] == [1, None]
    server.steward.drill(pool, pool.members[0], STARTED_AT, force=True)
    assert value(server, "rrdns_member_drilled", **ONE) is None


async def test_each_family_has_its_numbers_and_its_ttl(make_server: MakeServer) -> None:
    server = make_server(CONFIG.replace("    checks:", "    ttl_floor: 5s\n    checks:"))
    full = "rrdns_pool_full_ttl_seconds"
    assert value(server, "rrdns_pool_ttl_seconds", pool=POOL, type="A") == 60, "before it answers"
    await server.start()
    [pool] = server.loaded.pools
    server.steward.order(pool, pool.members[0], Assignment(Duty.DRAIN, STARTED_AT))
    four, six = {"pool": POOL, "type": "A"}, {"pool": POOL, "type": "AAAA"}
    told = {
        name: [value(server, f"rrdns_pool_{name}", **family) for family in (four, six)]
        for name in ("members", "members_in_rotation", "ttl_seconds")
    }
    assert told == {"members": [2, 1], "members_in_rotation": [1, 1], "ttl_seconds": [5, 60]}
    assert [value(server, full, **family) for family in (four, six)] == [60, 60]


async def test_the_promises_of_a_pool_are_told(server: Server) -> None:
    [pool] = server.loaded.pools
    budget = value(server, "rrdns_pool_failover_budget_seconds", pool=POOL)
    assert budget == pool.failover_budget_s == 63.5
    assert value(server, "rrdns_pool_min_up", pool=POOL) == 1


async def test_a_pool_without_checks_promises_nothing(make_server: MakeServer) -> None:
    server = make_server(CONFIG.replace("    checks: [alive, web]\n", ""))
    await server.start()
    assert families(server)["rrdns_pool_failover_budget_seconds"].samples == []
    assert value(server, "rrdns_member_in_rotation", **ONE) == 1


async def test_a_pool_may_go_while_others_have_their_turn(server: Server) -> None:
    scrape = taken_down(server)
    found = []
    for metric in scrape:
        if metric is None:
            server.loaded = replace(server.loaded, pools=(), zones={})
            server.steward.monitor.watch(())
            await server.steward.publisher.publish({}, (), server.loaded.settings.dns.identity)
        else:
            found.append(metric.name)
    assert len(found) == len(set(found))
    assert {"rrdns_member_up", "rrdns_pool_ttl_seconds", "rrdns_suspect_members"} <= set(found)
