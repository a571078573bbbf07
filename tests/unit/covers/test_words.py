"""What an agent says is understood as it is meant, and whatever else somebody sends is refused with
a reason of one line.
"""

import json
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.covers.words import MOST_VIPS, NonsenseError, word_of
from rrdns.health.result import MAX_REASON
from rrdns.pool.cover import Claim, Word

VIP = "192.168.0.127"

# The example of the documentation, as it stands there.
EXAMPLE = """
{"host": "hertz", "version": "0.1.0",
 "vips": {"192.168.0.127": {"owner": "marconi", "rank": 1, "state": "holding",
                            "reason": "owner does not answer", "since": "2026-11-27T14:00:00Z",
                            "holds": true, "contested": null}}}
"""


def status(**of_vip: Any) -> dict[str, Any]:
    """The example, but for what is said of its address."""
    said: dict[str, Any] = json.loads(EXAMPLE)
    said["vips"][VIP] |= of_vip
    return said


def read(said: object) -> Word:
    return word_of(json.dumps(said).encode())


def test_the_example_is_understood() -> None:
    claim = Claim("marconi", 1, holds=True, reason="owner does not answer")
    assert word_of(EXAMPLE.encode()) == Word("hertz", {ip_address(VIP): claim})


def test_what_is_not_said_is_nothing() -> None:
    said = {"host": "hertz", "vips": {"2001:DB8::127": {"owner": "m", "rank": 0, "holds": False}}}
    assert read(said) == Word("hertz", {ip_address("2001:db8::127"): Claim("m", 0, holds=False)})
    assert read({"host": "hertz", "vips": {}}) == Word("hertz", {})
    [claim] = read(status(reason=None, contested="")).claims.values()
    assert (claim.reason, claim.contested) == ("", None)


def test_texts_are_made_fit_for_a_line_of_the_log() -> None:
    said = status(reason="evil\n\x1b[2J" + "x" * 1000, contested="02:aa\r\nCONTESTED", owner="a\tb")
    [claim] = read(said).claims.values()
    assert claim.reason.startswith("evil [2Jx")
    assert len(claim.reason) == MAX_REASON
    assert (claim.contested, claim.owner) == ("02:aa CONTESTED", "a b")


MANY = {f"192.0.2.{number}": status()["vips"][VIP] for number in range(MOST_VIPS + 1)}

NONSENSE = {
    "nothing": (b"", "the whole: Invalid JSON"),
    "a page": (b"<html>", "the whole: Invalid JSON"),
    "half of it": (EXAMPLE[:99].encode(), "the whole: Invalid JSON"),
    "brackets without end": (b"[" * 60_000, "the whole: Invalid JSON"),
    "octets that are no text": (b'{"host": "\xff"}', "the whole: Invalid JSON"),
    "a list": (b"[]", "the whole: Input should be an object"),
    "another program's": (b'{"pools": {}}', "host: Field required"),
    "a host without a name": (b'{"host": "", "vips": {}}', "host: String should have"),
    "too many addresses": (
        json.dumps({"host": "hertz", "vips": MANY}).encode(),
        f"vips: Dictionary should have at most {MOST_VIPS} items",
    ),
    "a name for an address": (
        b'{"host": "h", "vips": {"marconi": {"owner": "m", "rank": 0, "holds": true}}}',
        "vips.marconi.",
    ),
    "a rank below the best": (status(rank=-1), "rank: Input should be greater than"),
    "a rank of a fraction": (status(rank=0.5), "rank: Input should be a valid integer"),
    "a rank in words": (status(rank="1"), "rank: Input should be a valid integer"),
    "a rank beyond all hosts": (status(rank=10**30), "rank: "),
    "maybe": (status(holds="maybe"), "holds: Input should be a valid boolean"),
    "yes in a number": (status(holds=1), "holds: Input should be a valid boolean"),
    "a reason in numbers": (status(reason=5), "reason: Input should be a valid string"),
    "a list of who contests it": (status(contested=[]), "contested: Input should be a valid"),
}


@pytest.mark.parametrize(("said", "reason"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense(said: object, reason: str) -> None:
    with pytest.raises(NonsenseError, match="not an agent's status: ") as refused:
        word_of(said if isinstance(said, bytes) else json.dumps(said).encode())
    assert reason in str(refused.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
keys = st.sampled_from(["owner", "rank", "holds", "reason", "contested", "since"])


@given(st.dictionaries(keys, values) | values, st.sampled_from([VIP, "::1", "fe80::1%a", "x"]))
def test_whatever_there_is_of_an_address_is_a_claim_or_nonsense(said: Any, address: str) -> None:
    told = {**status()["vips"][VIP], **said} if isinstance(said, dict) else said
    try:
        word = read({"host": "hertz", "vips": {address: told}})
    except NonsenseError:
        return
    [claim] = word.claims.values()
    assert isinstance(claim.holds, bool)
    assert claim.rank >= 0
    assert all(text.isprintable() for text in (claim.owner, claim.reason, claim.contested or ""))


@given(st.binary(max_size=99))
def test_any_octets_are_a_word_or_nonsense(body: bytes) -> None:
    with pytest.raises(NonsenseError):
        word_of(body)
