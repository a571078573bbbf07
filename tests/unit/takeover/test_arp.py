"""An ARP packet says what RFC 826 has it say; whatever else arrives is none, and harms nobody."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.takeover.arp import Arp, Operation, announcements, parse, probe

MAC, OTHER, NOBODY = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "00:00:00:00:00:00"
VIP, NOWHERE = IPv4Address("10.0.0.127"), IPv4Address("0.0.0.0")
FRAME_PADDING = bytes(18)  # the shortest Ethernet frame has room for 46 octets

macs = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
packets = st.builds(
    Arp, st.sampled_from(Operation), macs, st.ip_addresses(v=4), macs, st.ip_addresses(v=4)
)


def test_a_packet_is_laid_out_as_rfc_826_has_it() -> None:
    header = "0001 0800 06 04 0002"
    fields = "02000000000a 0a00007f 02000000000b 0a000001"
    packet = Arp(Operation.REPLY, MAC, VIP, OTHER, IPv4Address("10.0.0.1"))
    assert packet.encode() == bytes.fromhex(header + fields)


def test_a_probe_tells_nobody_where_the_address_is() -> None:
    """RFC 5227 section 2.1.1: the sender's address is zero, or it would poison caches."""
    assert probe(VIP, MAC) == Arp(Operation.REQUEST, MAC, NOWHERE, NOBODY, VIP)


def test_an_announcement_comes_as_a_request_and_as_a_reply() -> None:
    """Both have the address as sender and target. Linux takes a reply for gratuitous only if the
    MACs are the same too."""
    request, reply = announcements(VIP, MAC)
    assert request == Arp(Operation.REQUEST, MAC, VIP, NOBODY, VIP)
    assert reply == Arp(Operation.REPLY, MAC, VIP, MAC, VIP)


@given(packets)
def test_what_is_encoded_is_read_the_same(packet: Arp) -> None:
    assert parse(packet.encode()) == packet
    assert parse(packet.encode() + FRAME_PADDING) == packet


VALID = announcements(VIP, MAC)[1].encode()


@pytest.mark.parametrize(
    ("place", "octets"),
    [
        pytest.param(0, "0006", id="hardware that is no Ethernet"),
        pytest.param(2, "86dd", id="protocol that is not IPv4"),
        pytest.param(4, "08", id="hardware address of 8 octets"),
        pytest.param(5, "10", id="protocol address of 16 octets"),
        pytest.param(6, "0000", id="operation 0"),
        pytest.param(6, "0003", id="RARP"),
        pytest.param(6, "ffff", id="operation that nobody knows"),
    ],
)
def test_other_kinds_of_packets_are_none(place: int, octets: str) -> None:
    wrong = bytes.fromhex(octets)
    assert parse(VALID) is not None
    assert parse(VALID[:place] + wrong + VALID[place + len(wrong) :]) is None


def test_a_packet_that_ends_too_early_is_none() -> None:
    assert {parse(VALID[:length]) for length in range(len(VALID))} == {None}


@given(st.binary(max_size=80))
def test_any_octets_are_a_packet_or_none(octets: bytes) -> None:
    parse(octets)


@given(st.integers(0, len(VALID) - 1), st.integers(0, 255))
def test_a_damaged_packet_is_a_packet_or_none(place: int, octet: int) -> None:
    """What is read of it is what it says."""
    damaged = VALID[:place] + bytes([octet]) + VALID[place + 1 :]
    packet = parse(damaged)
    assert packet is None or packet.encode() == damaged
