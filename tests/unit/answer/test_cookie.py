"""Held here: a cookie is good for the address that got it, as long as it may be, and made by us."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.answer.cookie import (
    MOST_HASHES,
    CookieJar,
    Secrets,
    is_well_formed,
    siphash,
)

# The reference outputs for the key 00..0f and the messages "", 00, 00 01 and so on, in order
# (Aumasson and Bernstein, "SipHash: a fast short-input PRF", reference code).
REFERENCE_HASHES = bytes.fromhex("""
310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785 b7877127e09427cf
8da699cd64557618 cee3fe586e46c9cb 37d1018bf50002ab 6224939a79f5f593 b0e4a90bdf82009e
f3b9dd94c5bb5d7a a7ad6b22462fb3f4 fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7
e545be4961ca29a1 db9bc2577fcc2a3f 9447be2cf5e99a69
""")

SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
OTHER_SECRET = bytes(range(16))
V4, V6 = "198.51.100.100", "2001:db8:220:1:59de:d0f4:8769:82b8"
CLIENT = bytes.fromhex("2464c4abcf10c957")
TIME = 1559731985

addresses = st.ip_addresses().map(str)
clients = st.binary(min_size=8, max_size=8)


@dataclass
class Clock:
    """A time that the test sets."""

    now: float = TIME

    def __call__(self) -> float:
        return self.now


def jar_at(
    now: float | Callable[[], float], current: bytes = SECRET, previous: bytes = OTHER_SECRET
) -> CookieJar:
    return CookieJar(Secrets(current, previous), now if callable(now) else Clock(now))


@pytest.mark.parametrize("length", range(len(REFERENCE_HASHES) // 8))
def test_siphash_is_that_of_its_authors(length: int) -> None:
    expected = REFERENCE_HASHES[length * 8 : length * 8 + 8]
    assert siphash(bytes(range(16)), bytes(range(length))) == expected


def test_a1_a_client_learns_its_first_cookie() -> None:
    cookie = "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
    assert jar_at(TIME).bake(CLIENT, V4).hex() == cookie


def test_a2_a_cookie_of_forty_minutes_is_renewed() -> None:
    old = bytes.fromhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")
    new = "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"
    assert jar_at(1559734385).bake(old, V4).hex() == new


def test_a3_reserved_octets_are_hashed_as_they_came_and_never_made() -> None:
    cookie = bytes.fromhex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5")
    assert jar_at(1559727985).bake(cookie, "203.0.113.203") == cookie
    new = "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"
    assert jar_at(1559734700).bake(cookie, "203.0.113.203").hex() == new


def test_a4_a_cookie_of_the_previous_secret_is_good_and_new_ones_are_made_with_the_current() -> (
    None
):
    current = bytes.fromhex("445536bcd2513298075a5d379663c962")
    previous = bytes.fromhex("dd3bdf9344b678b185a6f5cb60fca715")
    jar = jar_at(1559741961, current, previous)
    old = bytes.fromhex("22681ab97d52c298010000005cf7c57926556bd0934c72f8")
    assert jar.bake(old, V6) == old
    assert jar.bake(old[:8], V6).hex() == "22681ab97d52c298010000005cf7c609a6bb79d16625507a"


@given(clients, addresses, st.integers(0, 2**32 - 1), st.integers(-300, 1800))
def test_a_cookie_comes_back_as_it_is_until_half_an_hour_has_gone(
    client: bytes, address: str, made: int, age_s: int
) -> None:
    cookie = jar_at(made).bake(client, address)
    assert cookie[:8] == client
    assert len(cookie) == 24
    assert jar_at(made + age_s).bake(cookie, address) == cookie


@pytest.mark.parametrize("made", [TIME, 0, 100, 2**32 - 1], ids=["now", "1970", "1970+", "2106"])
@pytest.mark.parametrize("age_s", [-(2**31), -86400, -301, 1801, 86400, 2**31 - 1])
def test_a_cookie_too_old_or_of_the_future_is_renewed(made: int, age_s: int) -> None:
    cookie = jar_at(made).bake(CLIENT, V4)
    renewed = jar_at(made + age_s).bake(cookie, V4)
    assert renewed == jar_at(made + age_s).bake(CLIENT, V4) != cookie


@given(st.integers(0, 24 * 8 - 1), st.sampled_from([V4, V6]))
def test_a_cookie_with_any_bit_changed_is_not_ours(bit: int, address: str) -> None:
    jar = jar_at(TIME)
    cookie = jar.bake(CLIENT, address)
    forged = (int.from_bytes(cookie, "big") ^ 1 << bit).to_bytes(24, "big")
    baked = jar_at(TIME + 1).bake(forged, address)
    assert baked != forged
    assert baked[:8] == forged[:8]
    assert jar_at(TIME + 1).bake(baked, address) == baked


@given(addresses, addresses)
def test_a_cookie_is_good_for_one_address(mine: str, theirs: str) -> None:
    cookie = jar_at(TIME).bake(CLIENT, mine)
    assert (jar_at(TIME + 1).bake(cookie, theirs) == cookie) is (mine == theirs)


@pytest.mark.parametrize("octets", [16, 23, 25, 40])
def test_a_server_cookie_of_another_length_is_not_ours(octets: int) -> None:
    jar = jar_at(TIME)
    cookie = jar.bake(CLIENT, V4)
    assert jar.bake((cookie + bytes(16))[:octets], V4) == cookie


@pytest.mark.parametrize("scope", ["eth0", "2", "a%b"])
def test_the_scope_of_a_link_local_address_does_not_matter(scope: str) -> None:
    assert jar_at(TIME).bake(CLIENT, f"fe80::1%{scope}") == jar_at(TIME).bake(CLIENT, "fe80::1")


def test_a_cookie_outlives_one_rotation_and_not_two() -> None:
    clock = Clock()
    jar = jar_at(clock)
    cookie = jar.bake(CLIENT, V4)
    clock.now += 1
    jar.rotate(b"n" * 16)
    assert jar.secrets == Secrets(current=b"n" * 16, previous=SECRET)
    assert jar.bake(cookie, V4) == cookie
    assert jar.bake(CLIENT, V4) == jar_at(clock, b"n" * 16).bake(CLIENT, V4)
    jar.rotate(b"m" * 16)
    assert jar.bake(cookie, V4) != cookie


def test_jars_with_the_same_secrets_know_each_others_cookies() -> None:
    cookie = jar_at(TIME).bake(CLIENT, V4)
    jar = jar_at(TIME + 5, OTHER_SECRET, SECRET)
    assert jar.secrets == (OTHER_SECRET, SECRET)
    assert jar.bake(cookie, V4) == cookie


def test_a_stranger_can_not_fill_the_memory() -> None:
    jar = jar_at(TIME)
    for number in range(MOST_HASHES + 10):
        jar.bake(number.to_bytes(8, "big"), V4)
    assert jar._keys[0].hash.cache_info().currsize == MOST_HASHES


@pytest.mark.parametrize("octets", range(48))
def test_a_client_cookie_has_8_octets_and_a_server_cookie_8_to_32(octets: int) -> None:
    assert is_well_formed(bytes(octets)) is (octets == 8 or 16 <= octets <= 40)
