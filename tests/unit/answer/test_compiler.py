"""Negative answers are compiled once for all names that they are equal for, and for no others."""

from random import Random

import dns.message
import pytest

from rrdns.answer.compiler import compile_table
from rrdns.answer.reference import Transport, respond
from rrdns.answer.snapshot import Cursors, Snapshot
from rrdns.zone.name import from_text, leading
from rrdns.zone.tree import RRset, RRType, Zone

APEX = from_text("lab.example")
# The SOA's names share labels with some of the owners, which compression sees.
MNAME, RNAME = from_text("ns1.lab.example"), from_text("all.mail.lab.example")
SOA = RRset(APEX, RRType.SOA, 60, (MNAME + RNAME + bytes(20),))
ALIKE = ("www", "ftp")
OWNERS = (*ALIKE, "ns1", "mail", "news", "x.mail", "x.news", "all.mail", "one.news")


def zone() -> Zone:
    addresses = [RRset(from_text(o, APEX), RRType.A, 60, (bytes(4),)) for o in OWNERS]
    return Zone.of(APEX, [SOA, *addresses])


@pytest.mark.parametrize("owner", OWNERS)
def test_a_shared_negative_answer_is_that_of_the_reference(owner: str) -> None:
    snapshot, cursors = Snapshot({APEX: zone()}), Cursors(Random(1))
    packet = dns.message.make_query(f"{owner}.lab.example", "MX").to_wire()
    played = compile_table(snapshot, cursors).play(packet, Transport.UDP)
    reference = respond(packet, snapshot, cursors, Transport.UDP)
    assert played is not None
    assert reference is not None
    assert played[0] == reference.octets


def test_names_of_one_length_share_their_negative_answer() -> None:
    table = compile_table(Snapshot({APEX: zone()}), Cursors(Random(1)))
    one, other = (table.otherwise[from_text(owner, APEX)] for owner in ALIKE)
    assert one is other
    assert table.otherwise[MNAME] is not one


def test_the_leading_name_ends_at_its_root_label() -> None:
    with_a_zero_octet = from_text("a\\000b.example")
    assert leading(with_a_zero_octet + RNAME + bytes(20)) == with_a_zero_octet
