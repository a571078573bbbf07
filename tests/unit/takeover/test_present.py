"""Ours is what carries our tag as we put it there; everything else on this host is somebody's."""

from ipaddress import ip_address

import pytest

from rrdns.takeover.present import TAG, Held, Interface, Mark, Place, Present

VIP, MAIN = ip_address("10.0.0.127"), ip_address("10.0.0.12")
VIP6 = ip_address("fd00::127")
ETH0, ETH1 = 2, 3
OURS, THEIRS = Mark(TAG, "eth0:marc"), Mark(0, "eth0")


@pytest.fixture
def present() -> Present:
    """Two interfaces, the first with a main address."""
    present = Present()
    present.set_interface(ETH0, Interface("eth0", carrier=True))
    present.set_interface(ETH1, Interface("eth1", carrier=False))
    present.set_address(Place(MAIN, ETH0, 24), THEIRS)
    return present


@pytest.mark.parametrize(
    ("place", "mark", "ours"),
    [
        pytest.param(Place(VIP, ETH0, 32), OURS, True, id="tagged /32"),
        pytest.param(Place(VIP6, ETH0, 128), Mark(TAG, None), True, id="tagged /128"),
        pytest.param(Place(VIP, ETH0, 32), THEIRS, False, id="no tag"),
        pytest.param(Place(VIP, ETH0, 32), Mark(TAG + 1, None), False, id="another's tag"),
        pytest.param(Place(VIP, ETH0, 24), OURS, False, id="our tag on a network"),
    ],
)
def test_ours_is_alone_and_tagged(present: Present, place: Place, mark: Mark, ours: bool) -> None:
    present.set_address(place, mark)
    assert present.is_ours(place) is ours
    assert present.others(place.address) == ([] if ours else [place])
    assert [held.address for held in present.held()] == ([place.address] if ours else [])


def test_an_address_may_be_ours_here_and_somebody_elses_there(present: Present) -> None:
    present.set_address(Place(VIP, ETH0, 32), OURS)
    present.set_address(Place(VIP, ETH1, 24), Mark(0, "eth1"))
    assert present.is_ours(Place.alone(VIP, ETH0))
    assert present.others(VIP) == [Place(VIP, ETH1, 24)]


def test_the_interface_s_own_name_is_no_label(present: Present) -> None:
    present.set_address(Place.alone(VIP, ETH0), Mark(TAG, "eth0"))
    assert present.held() == [Held(VIP, "eth0", None)]
    present.set_address(Place.alone(VIP, ETH0), OURS)
    assert present.held() == [Held(VIP, "eth0", "eth0:marc")]


def test_only_what_is_different_is_a_change(present: Present) -> None:
    """A renewed lease is told as well, and is none."""
    place = Place.alone(VIP, ETH0)
    assert present.set_address(place, OURS)
    assert not present.set_address(place, OURS)
    assert present.set_address(place, THEIRS)
    assert present.forget_address(place)
    assert not present.forget_address(place)
    assert not present.set_interface(ETH1, Interface("eth1", carrier=False))
    assert present.set_interface(ETH1, Interface("eth1", carrier=True))


def test_addresses_go_with_their_interface(present: Present) -> None:
    present.set_address(Place.alone(VIP, ETH0), OURS)
    present.set_address(Place.alone(VIP6, ETH1), Mark(TAG, None))
    assert present.forget_interface(ETH0)
    assert [held.address for held in present.held()] == [VIP6]
    assert present.index("eth0") is None
    assert not present.carrier("eth0")
    assert not present.forget_interface(ETH0)


def test_carrier_is_told_by_name(present: Present) -> None:
    assert present.carrier("eth0")
    assert not present.carrier("eth1")
    assert not present.carrier("eth9")
    present.set_interface(ETH0, Interface("wan0", carrier=True))
    assert present.carrier("wan0")
    assert not present.carrier("eth0")


@pytest.mark.parametrize(
    ("release", "keeps"),
    [
        ("5.17.15", False),
        ("5.18.0", True),
        ("6.1.0-18-amd64", True),
        ("4.19.0", False),
        ("10.0", True),
        ("unknown", False),
    ],
)
def test_linux_keeps_tags_since_5_18(present: Present, release: str, keeps: bool) -> None:
    """Or earlier, where a distributor has brought that back: then the kernel's own addresses
    have some."""
    assert present.keeps_tags(release) is keeps
    present.set_address(Place(ip_address("::1"), 1, 128), Mark(1, None))
    assert present.keeps_tags(release)


def test_a_host_knows_the_macs_of_all_its_interfaces() -> None:
    present = Present()
    present.set_interface(1, Interface("lo", True))
    present.set_interface(2, Interface("eth0", True, "02:00:00:00:00:01"))
    present.set_interface(3, Interface("eth1", False, "02:00:00:00:00:02"))
    assert present.macs() == {"02:00:00:00:00:01", "02:00:00:00:00:02"}
