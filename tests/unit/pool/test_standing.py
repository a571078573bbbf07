"""Each change of a member's state is told once, with the state before it."""

from ipaddress import ip_address

from rrdns.health.verdict import State
from rrdns.pool.member import Member, Pool
from rrdns.pool.standing import Standings
from rrdns.zone.name import from_text

ONE, TWO = Member(ip_address("192.0.2.1")), Member(ip_address("192.0.2.2"))
POOL = Pool(from_text("www.example"), (ONE, TWO))


def test_a_new_member_is_a_change_from_nothing() -> None:
    [change, _] = Standings().review([POOL], lambda *_: State.UP, now=1.0)
    assert (change.member, change.before, change.after) == (ONE, None, State.UP)


def test_a_change_is_told_once_and_dated() -> None:
    standings = Standings()
    standings.review([POOL], lambda *_: State.UP, now=1.0)

    def only_two_is_up(_: Pool, member: Member) -> State:
        return State.UP if member is TWO else State.DOWN

    [change] = standings.review([POOL], only_two_is_up, now=2.0)
    assert (change.member, change.before, change.after) == (ONE, State.UP, State.DOWN)
    assert standings.review([POOL], only_two_is_up, now=3.0) == []
    assert (standings.since(POOL, ONE), standings.since(POOL, TWO)) == (2.0, 1.0)


def test_a_member_that_went_and_came_back_is_new() -> None:
    standings = Standings()
    standings.review([POOL], lambda *_: State.UP, now=1.0)
    standings.forget_all_but([Pool(POOL.owner, (TWO,))])
    [change] = standings.review([POOL], lambda *_: State.UP, now=2.0)
    assert (change.member, change.before) == (ONE, None)
