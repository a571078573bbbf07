"""A name is folded wire format: equal names are equal bytes, whatever their letter case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.names import from_labels
from rrdns.zone.name import (
    ROOT,
    ancestry,
    from_text,
    is_at_or_below,
    labels,
    parent,
    to_text,
    wildcard_of,
)

any_label = st.binary(min_size=1, max_size=63)
any_labels = st.lists(any_label, max_size=3)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        pytest.param("www.linux.example.", b"\3www\5linux\7example\0", id="with its final dot"),
        pytest.param("www.linux.example", b"\3www\5linux\7example\0", id="relative to the root"),
        pytest.param("WwW.LINUX.example", b"\3www\5linux\7example\0", id="letters are folded"),
        pytest.param(".", b"\0", id="the root"),
        pytest.param("_sip._tcp.a", b"\4_sip\4_tcp\1a\0", id="underscores"),
        pytest.param(r"a\.b.c", b"\3a.b\1c\0", id="an escaped dot is in the label"),
        pytest.param(r"\032\000\255", b"\3 \0\xff\0", id="octets in decimal"),
        pytest.param("münchen", b"\x0exn--mnchen-3ya\0", id="IDNA 2008"),
        pytest.param("straße", b"\x0dxn--strae-oqa\0", id="IDNA 2008 keeps the sharp s"),
        pytest.param("*.a", b"\1*\1a\0", id="a wildcard"),
    ],
)
def test_text_becomes_folded_wire(text: str, wire: bytes) -> None:
    assert from_text(text) == wire


def test_a_relative_name_is_completed_by_the_origin() -> None:
    origin = from_text("linux.example")
    assert from_text("www", origin) == from_text("www.linux.example")
    assert from_text("@", origin) == origin


@pytest.mark.parametrize(
    "text", ["a..b", "a" * 64, ".".join(["a" * 63] * 4), r"\999", "a\u00a0b", "\\"]
)
def test_what_is_no_name_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is not a domain name"):
        from_text(text)


@given(any_labels)
def test_labels_come_back_folded(given_labels: list[bytes]) -> None:
    assert labels(from_labels(given_labels)) == tuple(label.lower() for label in given_labels)


@given(any_labels)
def test_text_form_comes_back_whatever_the_octets(given_labels: list[bytes]) -> None:
    name = from_labels(given_labels)
    assert from_text(to_text(name)) == name


@given(any_labels, any_labels)
def test_below_means_label_by_label(above: list[bytes], more: list[bytes]) -> None:
    ancestor = from_labels(above)
    name = from_labels(more + above)
    assert is_at_or_below(name, ancestor)
    assert is_at_or_below(ancestor, name) == (not more)


def test_a_label_that_looks_like_the_ancestor_is_not_below_it() -> None:
    inside_a_label = from_labels([b"x\5linux\7example"])
    assert inside_a_label.endswith(from_text("linux.example"))
    assert not is_at_or_below(inside_a_label, from_text("linux.example"))


def test_ancestry_ends_at_the_root() -> None:
    name = from_text("a.b")
    assert list(ancestry(name)) == [name, from_text("b"), ROOT]
    assert parent(name) == from_text("b")
    assert wildcard_of(name) == from_text("*.a.b")
