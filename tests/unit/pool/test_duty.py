"""An order is in force until it is replaced, its time is over, or its member is gone; whoever has
none is ready.
"""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from rrdns.pool.duty import Assignment, Duty, Roster
from rrdns.pool.member import Member, Pool
from rrdns.zone.name import from_text

ONE, TWO = Member(ip_address("192.0.2.1")), Member(ip_address("2001:db8::1"))
WWW = Pool(from_text("www.example"), (ONE, TWO))
FTP = Pool(from_text("ftp.example"), (ONE,))
DRAIN = Assignment(Duty.DRAIN, since=1.0)


def roster_of(*known: tuple[Pool, Member, Assignment]) -> Roster:
    roster = Roster()
    for pool, member, assignment in known:
        roster.assign(pool, member, assignment)
    return roster


def test_whoever_has_no_order_is_ready() -> None:
    assert Roster().duty(WWW, ONE) is Duty.READY
    assert Roster().next_end() is None


def test_an_order_is_about_one_address_in_one_pool() -> None:
    roster = roster_of((WWW, ONE, DRAIN))
    assert roster.duty(WWW, ONE) is Duty.DRAIN
    assert roster.duty(FTP, ONE) is roster.duty(WWW, TWO) is Duty.READY


def test_an_order_replaces_the_one_before_and_ready_ends_it() -> None:
    maint = Assignment(Duty.MAINT, since=2.0, until=9.0)
    roster = roster_of((WWW, ONE, DRAIN), (WWW, ONE, maint))
    assert roster.assignments == {(WWW.owner, ONE.address): maint}
    roster.assign(WWW, ONE, Assignment(Duty.READY, since=3.0))
    assert roster.assignments == {}
    roster.assign(WWW, ONE, Assignment(Duty.READY, since=4.0))  # nothing was ordered
    assert roster.assignments == {}


def test_ready_is_not_an_order_that_is_remembered() -> None:
    assert not Roster({(WWW.owner, ONE.address): Assignment(Duty.READY, since=1.0)}).assignments


def test_orders_of_members_that_are_gone_are_dropped_and_told() -> None:
    roster = roster_of((WWW, ONE, DRAIN), (FTP, ONE, DRAIN))
    assert roster.forget_all_but([WWW]) == {(FTP.owner, ONE.address): DRAIN}
    assert roster.forget_all_but([WWW]) == {}
    assert roster.duty(WWW, ONE) is Duty.DRAIN


@given(st.lists(st.none() | st.floats(0, 100), max_size=9), st.floats(0, 100))
def test_exactly_those_whose_time_is_over_end(ends: list[float | None], now: float) -> None:
    owners = [from_text(f"{number}.example") for number in range(len(ends))]
    roster = Roster(
        {
            (owner, ONE.address): Assignment(Duty.DRAIN, since=0.0, until=until)
            for owner, until in zip(owners, ends, strict=True)
        }
    )
    timed = [until for until in ends if until is not None]
    assert roster.next_end() == min(timed, default=None)
    ended = roster.end_due(now)
    assert sorted(each.until or 0.0 for each in ended.values()) == sorted(
        until for until in timed if until <= now
    )
    assert not ended.keys() & roster.assignments.keys()
    assert len(ended) + len(roster.assignments) == len(ends)
    assert roster.end_due(now) == {}
