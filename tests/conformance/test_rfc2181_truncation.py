"""RFC 1035 section 4.2.1, RFC 2181 section 9, RFC 6891 section 6.2: how large a reply may be.

That no reply is larger than it may be is held for every one by `harness/audit.py` too.
"""

import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.ways import Way, query

LARGE = {
    "a large TXT set": ("big", "TXT"),
    "a set of between 512 and 1232 octets": ("medium", "TXT"),
    "forty addresses": ("forty", "A"),
    "a referral with much glue": ("www.many", "A"),
    "a set beyond 16 KiB": ("huge", "PTR"),
}
SIZES = [512, 513, 600, *range(640, 1300, 20), 1231, 1232, 1233, 1400, 1472, 4096, 65535]


@pytest.mark.parametrize(("qname", "qtype"), LARGE.values(), ids=[f"E11 {what}" for what in LARGE])
def test_without_edns_512_octets_are_the_most(ask_udp: Way, qname: str, qtype: str) -> None:
    packet = query(qname, qtype).to_wire()
    octets = ask_udp.exchange(packet)
    reply = dns.message.from_wire(octets)
    assert len(octets) <= 512
    assert reply.flags & dns.flags.TC
    assert bool(reply.flags & dns.flags.AA) is (qname != "www.many")
    assert reply.question == query(qname, qtype).question
    assert reply.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(("qname", "qtype"), LARGE.values(), ids=[f"E12 {what}" for what in LARGE])
def test_a_reply_is_whole_or_cut_at_every_size(ask_udp: Way, qname: str, qtype: str) -> None:
    whole_at = None
    for size in SIZES:
        packet = query(qname, qtype, edns=size).to_wire()
        octets = ask_udp.exchange(packet)
        reply = ask_udp.raw(packet)
        assert len(octets) <= min(size, 1232)
        assert len(reply.opts) == 1
        if reply.flags & dns.flags.TC:
            assert whole_at is None, f"whole at {whole_at}, and cut at {size}"
        else:
            whole_at = whole_at or size
    assert (whole_at is None) is (qname in ("big", "huge"))


@pytest.mark.parametrize("size", [0, 1, 100, 511], ids=lambda size: f"E13 {size} counts as 512")
def test_sizes_below_512_count_as_512(ask_udp: Way, size: int) -> None:
    assert ask_udp("host", edns=size).answer
    at_512 = ask_udp.raw(query("mx", "MX", edns=512).to_wire())
    assert ask_udp.raw(query("mx", "MX", edns=size).to_wire()).sections == at_512.sections
    assert ask_udp("medium", "TXT", edns=size).flags & dns.flags.TC


def test_e14_additional_data_left_out_does_not_set_tc(ask_udp: Way) -> None:
    small = ask_udp("mx", "MX", edns=512)
    large = ask_udp("mx", "MX", edns=1232)
    assert not small.flags & dns.flags.TC
    assert len(small.answer[0]) == len(large.answer[0]) == 10
    assert len(small.additional) < len(large.additional) == 20


@pytest.mark.parametrize("qname", ["mx", "x.many"], ids=["E14 MX", "E14 a referral"])
def test_rrsets_of_the_additional_section_are_never_cut_in_two(ask_udp: Way, qname: str) -> None:
    whole = {r for r in ask_udp.raw(query(qname, "MX", edns=1232).to_wire()).records}
    for size in SIZES:
        reply = ask_udp.raw(query(qname, "MX", edns=size).to_wire())
        assert set(reply.records) <= whole


@pytest.mark.parametrize(("qname", "qtype"), LARGE.values(), ids=[f"C01 {what}" for what in LARGE])
def test_over_tcp_nothing_is_cut(ask_tcp: Way, qname: str, qtype: str) -> None:
    for size in (None, 512, 1232):
        reply = ask_tcp(qname, qtype, edns=size)
        assert not reply.flags & dns.flags.TC
        assert reply.answer or reply.authority
