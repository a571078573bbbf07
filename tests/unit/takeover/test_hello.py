"""A hello says the same after its way over the network, and nothing else is taken for one."""

import json
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.health.check import Address
from rrdns.takeover.hello import (
    MOST_ADDRESSES,
    MOST_OCTETS,
    Hello,
    HelloError,
    Saying,
    decode,
    encode,
)
from rrdns.takeover.machine.seen import Says

MAC = "02:00:00:00:00:01"
VIP = ip_address("10.0.0.127")
HELLO = Hello("marconi", MAC, 1_767_225_600_000, 7, 1.0, {VIP: Saying(Says.HOLDS, 0)})

addresses = st.one_of(st.builds(IPv4Address, st.binary(min_size=4, max_size=4)), st.ip_addresses())
hellos = st.builds(
    Hello,
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":")),
    st.integers(0, 1 << 50),
    st.integers(0, 1 << 50),
    st.floats(0.05, 60.0),
    st.dictionaries(
        addresses,
        st.builds(Saying, st.sampled_from(Says), st.integers(0, 99), st.booleans(), st.booleans()),
    ),
)


@given(hellos)
def test_what_is_said_is_heard(hello: Hello) -> None:
    assert decode(encode(hello)) == hello


@given(st.binary(max_size=200))
def test_any_octets_are_a_hello_or_nothing(octets: bytes) -> None:
    with suppress(HelloError):
        assert isinstance(decode(octets), Hello)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["rrdns-takeover", "host", "mac", "run", "number", "interval", "vips"]),
    json_values,
)
def test_any_value_in_a_hello_is_refused_or_understood(key: str, value: object) -> None:
    message = json.loads(encode(HELLO)) | {key: value}
    with suppress(HelloError):
        assert isinstance(decode(json.dumps(message).encode()), Hello)


def said(**other: Any) -> bytes:
    return json.dumps(json.loads(encode(HELLO)) | other).encode()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"null",
        b"[]",
        b'"hello"',
        b"[" * 20_000,
        said(interval="soon"),
        said(interval=10**400),
        said(mac="marconi"),
        said(mac="02:00:00:00:01"),
        said(mac=7),
        said(host=None),
        said(run="yesterday"),
        said(number=1.5),
        said(vips=[]),
        said(vips={"marconi": ["holds", 0, 0, 0]}),
        said(vips={"10.0.0.127": ["wishes", 0, 0, 0]}),
        said(vips={"10.0.0.127": ["holds"]}),
        said(vips={"10.0.0.127": ["holds", "first", 0, 0]}),
        said(vips={"10.0.0.127": "holds"}),
    ],
)
def test_what_is_no_hello_is_nothing(octets: bytes) -> None:
    with pytest.raises(HelloError, match="nothing that an agent says"):
        decode(octets)


@pytest.mark.parametrize("version", [2, "\x1b[2J", None])
def test_another_version_is_told_as_one(version: object) -> None:
    said_of = r"speaks version [^\x1b]+ of what agents say, and this one version 1"
    with pytest.raises(HelloError, match=said_of):
        decode(said(**{"rrdns-takeover": version}))


def test_no_hello_is_longer_than_a_datagram_can_be() -> None:
    many: dict[Address, Saying] = {
        IPv6Address(number): Saying(Says.ABLE, 99, True, True) for number in range(MOST_ADDRESSES)
    }
    octets = encode(Hello("m" * 63, MAC, 1 << 50, 1 << 50, 59.999, many))
    assert len(octets) <= MOST_OCTETS
    assert decode(octets)
    more = many | {VIP: Saying(Says.ABLE, 1)}
    for too_much in (encode(Hello("m", MAC, 1, 1, 1.0, more)), octets + b" " * MOST_OCTETS):
        with pytest.raises(HelloError):
            decode(too_much)


@pytest.mark.parametrize(
    ("run", "number", "is_after"),
    [(1, 6, False), (1, 7, False), (1, 8, True), (2, 1, True), (0, 9, False)],
)
def test_of_two_hellos_one_was_said_after_the_other(run: int, number: int, is_after: bool) -> None:
    before = Hello("marconi", MAC, 1, 7, 1.0, {})
    hello = Hello("marconi", MAC, run, number, 1.0, {})
    assert hello.is_after(before) is is_after
    assert hello.is_after(None)
