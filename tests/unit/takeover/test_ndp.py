"""Neighbor Discovery says what RFC 4861 has it say; what is not valid harms nobody."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.takeover.ndp import Advertisement, parse, solicitation, solicited_node

MAC = "02:00:00:00:00:0a"
VIP = IPv6Address("fd00::127")
VIP_WIRE = "fd00000000000000 0000000000000127"
UNICAST = st.ip_addresses(v=6).filter(lambda address: not address.is_multicast)
macs = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))


def message(options: str, *, kind: int = 136, code: int = 0, target: str = VIP_WIRE) -> bytes:
    """A message with no flags, and a checksum that is the kernel's business."""
    return bytes([kind, code]) + bytes.fromhex("abcd 00000000" + target + options)


def test_a_solicitation_is_laid_out_as_section_4_3_has_it() -> None:
    """It carries where the answer is to go: what answers a multicast must know."""
    header = "87 00 0000 00000000"
    assert solicitation(VIP, MAC) == bytes.fromhex(header + VIP_WIRE + "01 01 02000000000a")


def test_an_advertisement_is_laid_out_as_section_4_4_has_it() -> None:
    """Override alone is set: it is no answer, and no router speaks."""
    header = "88 00 0000 20000000"
    expected = bytes.fromhex(header + VIP_WIRE + "02 01 02000000000a")
    assert Advertisement(VIP, MAC).encode() == expected


@pytest.mark.parametrize(
    ("target", "group"),
    [
        ("fd00::127", "ff02::1:ff00:127"),
        ("4037::01:800:200e:8c6c", "ff02::1:ff0e:8c6c"),  # the example of RFC 4291 section 2.7.1
        ("fe80::ffff:ffff", "ff02::1:ffff:ffff"),
    ],
)
def test_the_group_of_an_address_has_its_last_24_bits(target: str, group: str) -> None:
    assert solicited_node(IPv6Address(target)) == IPv6Address(group)


@given(UNICAST, macs)
def test_what_is_encoded_is_read_the_same(target: IPv6Address, mac: str) -> None:
    assert parse(Advertisement(target, mac).encode()) == Advertisement(target, mac)


TARGET_MAC = "02 01 02000000000a"
NONCE = "0e 01 112233445566"


@pytest.mark.parametrize(
    ("octets", "mac"),
    [
        pytest.param(message(TARGET_MAC), MAC, id="the MAC alone"),
        pytest.param(message(NONCE + TARGET_MAC), MAC, id="the MAC after an option of no interest"),
        pytest.param(message(TARGET_MAC + NONCE), MAC, id="the MAC before one"),
        pytest.param(message(TARGET_MAC + "02 01 02000000000b"), MAC, id="two: the first"),
        pytest.param(message(""), None, id="no option"),
        pytest.param(message("01 01 02000000000a"), None, id="the source's MAC"),
        pytest.param(message("02 02" + "00" * 14), None, id="an address that is no Ethernet's"),
        pytest.param(message("02 00 02000000000a"), None, id="an option of length 0"),
        pytest.param(message(TARGET_MAC + "0e 02 11"), None, id="an option beyond the end"),
        pytest.param(message(TARGET_MAC + "0e"), None, id="half an option"),
        pytest.param(message(TARGET_MAC, kind=135), None, id="a solicitation"),
        pytest.param(message(TARGET_MAC, code=1), None, id="code 1"),
        pytest.param(message(TARGET_MAC, target="ff02" + "00" * 13 + "01"), None, id="multicast"),
        pytest.param(message("")[:-1], None, id="too short"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_what_is_valid_tells_a_mac(octets: bytes, mac: str | None) -> None:
    """Section 7.1.2: all options are looked at, also those of which nothing is wanted."""
    assert parse(octets) == (Advertisement(VIP, mac) if mac else None)


@given(st.binary(max_size=120))
def test_any_octets_are_an_advertisement_or_none(octets: bytes) -> None:
    parse(octets)
    parse(message("") + octets)


@given(st.data())
def test_a_damaged_advertisement_is_one_or_none(data: st.DataObject) -> None:
    octets = bytearray(message(NONCE + TARGET_MAC))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    found = parse(bytes(octets))
    assert found is None or found.target.packed == bytes(octets[8:24])
