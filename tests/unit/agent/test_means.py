"""What can not be done on the link is told, and logged when it is new."""

from ipaddress import ip_address
from typing import cast

import pytest

from rrdns.agent.means import RealMeans
from rrdns.health.check import Address
from rrdns.takeover.link import Link, LinkDownError, LinkError
from rrdns.takeover.netlink import Netlink

IPV4, IPV6 = ip_address("10.0.0.127"), ip_address("fd00::127")


class FakeLink:
    """A link that refuses what it is told to."""

    def __init__(self) -> None:
        self.refuses: dict[Address, LinkError] = {}

    def ask(self, address: Address) -> None:
        if address in self.refuses:
            raise self.refuses[address]

    def announce(self, address: Address, mac: str | None) -> None:
        self.ask(address)


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def means(link: FakeLink) -> RealMeans:
    return RealMeans("eth0", cast(Link, link), cast(Netlink, None))


def test_a_problem_is_logged_when_it_begins(
    means: RealMeans, link: FakeLink, caplog: pytest.LogCaptureFixture
) -> None:
    link.refuses[IPV6] = LinkError("eth0 has no IPv6 address to ask from")
    for _ in range(3):
        assert means.ask(IPV4) is None
        assert means.ask(IPV6) == "eth0 has no IPv6 address to ask from"
        means.announce(IPV6, None)
    assert len(caplog.messages) == 1
    problem = link.refuses.pop(IPV6)
    assert means.ask(IPV6) is None
    link.refuses[IPV6] = problem
    assert means.ask(IPV6)
    assert caplog.messages == [str(problem)] * 2


def test_a_link_that_is_down_is_told_and_not_logged(
    means: RealMeans, link: FakeLink, caplog: pytest.LogCaptureFixture
) -> None:
    link.refuses[IPV4] = LinkDownError("eth0 is down")
    assert means.ask(IPV4) == "eth0 is down"
    assert not caplog.messages
