"""RFC 1035 section 4.1.1, 3425, 2136, 1996: opcodes that are not QUERY."""

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.update
import pytest

from harness.expect import parsed, rrsets
from harness.ways import ORIGIN, Way, query

UNASSIGNED = (3, *range(7, 16))

CASES = {
    **{f"H04 H06 opcode {opcode} is NOTIMP": (opcode, dns.rcode.NOTIMP) for opcode in UNASSIGNED},
    "H05 IQUERY is NOTIMP": (1, dns.rcode.NOTIMP),
    "H05 STATUS is NOTIMP": (2, dns.rcode.NOTIMP),
    "C12 DSO is NOTIMP": (6, dns.rcode.NOTIMP),
    "H08 NOTIFY to a primary is REFUSED": (4, dns.rcode.REFUSED),
    "H07 UPDATE is REFUSED": (5, dns.rcode.REFUSED),
}


@pytest.mark.parametrize("edns", [None, 1232], ids=["plain", "with EDNS"])
@pytest.mark.parametrize(("opcode", "rcode"), CASES.values(), ids=CASES)
def test_other_opcodes_are_turned_down(
    ask: Way, opcode: int, rcode: dns.rcode.Rcode, edns: int | None
) -> None:
    packet = bytearray(query("host", edns=edns).to_wire())
    packet[2] = opcode << 3
    reply = ask.raw(bytes(packet))
    assert reply.rcode == rcode
    assert reply.flags >> 11 & 0xF == opcode
    assert not reply.flags & dns.flags.AA
    assert not reply.records
    assert len(reply.opts) == (edns is not None)
    assert ask("host").answer, "the server lives on"


def test_h07_an_update_changes_nothing(ask: Way) -> None:
    update = dns.update.UpdateMessage(ORIGIN)
    update.add("added", 60, "A", "192.0.2.250")
    update.delete("host")
    reply = ask.raw(update.to_wire())
    assert reply.rcode == dns.rcode.REFUSED
    assert ask("added").rcode() == dns.rcode.NXDOMAIN
    assert rrsets(ask("host").answer) == rrsets(parsed("host A 192.0.2.20"))


def test_h08_a_notify_is_survived(ask: Way) -> None:
    notify = query("@", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    notify.flags |= dns.flags.AA
    notify.answer = [dns.rrset.from_text(ORIGIN, 60, "IN", "SOA", "ns1.test. h.test. 9 9 9 9 9")]
    reply = ask.raw(notify.to_wire())
    assert reply.rcode == dns.rcode.REFUSED
    assert reply.flags >> 11 & 0xF == dns.opcode.NOTIFY
    assert not reply.records
