"""When all are down each rung is taken in turn, and answers tell which; doubt shortens the TTL."""

from pathlib import Path

from harness.awaiting import until
from harness.site import ADDRESSES, ONE, THREE, TTL, TWO, ZONE, Site, site, told

BACKUP = f", members: {{{THREE}: {{backup: true}}}}"
STALE, OTHER = 3, 0


def test_the_rungs_are_taken_one_by_one(tmp_path: Path) -> None:
    more = f", all_down: [last-good, backup, nodata], last_good_age: 5s{BACKUP}"
    with site(tmp_path, more) as lab:
        assert told(lab.ask()) == []
        lab.mirrors.kill(ONE)
        lab.await_state("down", ONE)
        assert lab.answer() == {TWO}

        lab.mirrors.kill(TWO)
        lab.await_state("down", TWO)
        assert lab.pool()["fallback"] == "last-good"
        reply = lab.ask()
        assert {record.address for record in reply.answer[0]} == {ONE, TWO}
        assert told(reply) == [(STALE, "no member is up: those last seen up are given")]

        until(lambda: lab.pool()["fallback"] == "backup")
        assert lab.answer() == {THREE}
        assert told(lab.ask()) == [(OTHER, "no member is up: the backup is given")]

        lab.mirrors.kill(THREE)
        until(lambda: lab.pool()["fallback"] == "nodata")
        assert_nodata(lab)

        lab.mirrors.start(ONE)
        until(lambda: lab.answer() == {ONE})
        assert told(lab.ask()) == []


def assert_nodata(lab: Site) -> None:
    """An empty answer, with an SOA that has caches keep it no longer than an address."""
    reply = lab.ask()
    assert (reply.rcode(), reply.answer) == (0, [])
    [soa] = reply.authority
    assert soa.ttl <= TTL
    assert told(reply) == [(OTHER, "no member is up: none is given")]


def test_the_last_rung_is_all(tmp_path: Path) -> None:
    with site(tmp_path, f", all_down: [backup, all]{BACKUP}") as lab:
        lab.mirrors.kill(*ADDRESSES)
        lab.await_state("down", *ADDRESSES)
        until(lambda: lab.answer() == set(ADDRESSES))
        assert told(lab.ask()) == [(OTHER, "no member is up: all are given")]
        explained = lab.rrdns("explain", "www.lab.example").stdout
        assert "no member is up: all are given" in explained
        assert "ALL DOWN (A): fallback `all`" in lab.rrdns("status").stdout


def test_the_ttl_shrinks_in_doubt_and_grows_back(tmp_path: Path) -> None:
    def ttl(lab: Site) -> int:
        return int(lab.ask().answer[0].ttl)

    zone = ZONE.replace(f"$TTL {TTL}", "$TTL 4")
    with site(tmp_path, ", ttl_floor: 1s", zone=zone) as lab:
        assert ttl(lab) == 4
        lab.mirrors.kill(ONE)
        until(lambda: ttl(lab) == 1)
        until(lambda: ttl(lab) == 2)
        until(lambda: ttl(lab) == 4)
        assert lab.member(ONE)["state"] == "down"
        lab.mirrors.start(ONE)
        until(lambda: ttl(lab) < 4)
        lab.await_state("up", ONE)
