"""RFC 1035 section 4.1.4, RFC 3597 section 4: names are compressed, but not in every data.

That pointers only go backwards and that a message ends where its records end is held for every
reply by `harness/audit.py` (N05).
"""

import dns.message
import dns.rdata
import pytest
from dns.rdatatype import RdataType

from harness.audit import take_apart
from harness.ways import Way, query

COMPRESSED = {
    "N04 forty addresses": ("forty", "A", 700),
    "N04 thirteen name servers with glue": ("x.many", "A", 1100),
    "N04 a long alias chain": ("chain30", "A", 512),
}


@pytest.mark.parametrize(("qname", "qtype", "most"), COMPRESSED.values(), ids=COMPRESSED)
def test_names_in_replies_are_compressed(ask: Way, qname: str, qtype: str, most: int) -> None:
    reply = ask.exchange(query(qname, qtype, edns=1232).to_wire())
    assert take_apart(reply).sections[0] or take_apart(reply).sections[1]
    assert len(reply) <= most


UNCOMPRESSED = {
    "N06 SRV": ("_http._tcp", "SRV"),
    "N06 SVCB": ("svc", "SVCB"),
    "N06 HTTPS": ("alt", "HTTPS"),
    "N06 CAA": ("@", "CAA"),
    "N06 NAPTR": ("@", "NAPTR"),
    "N06 DNAME": ("d", "DNAME"),
    "N06 an unknown type": ("pointers", "TYPE65280"),
}


@pytest.mark.parametrize(("qname", "qtype"), UNCOMPRESSED.values(), ids=UNCOMPRESSED)
def test_data_of_newer_types_is_not_compressed(ask: Way, qname: str, qtype: str) -> None:
    reply = ask.raw(query(qname, qtype, edns=1232).to_wire())
    assert reply.sections[0]
    for record in reply.sections[0]:
        plain = dns.rdata.from_wire(
            "IN", RdataType(record.rtype), record.rdata, 0, len(record.rdata)
        )
        assert plain.to_wire() == record.rdata


@pytest.mark.parametrize(
    "qname", ["host", "c1", "x.wild", "nowhere", "x.sub", "host.d", "mx"], ids=lambda q: f"N05 {q}"
)
def test_pointers_go_backwards(ask: Way, qname: str) -> None:
    ask(qname, "MX" if qname == "mx" else "A", edns=1232)


def test_n05_messages_beyond_the_reach_of_pointers_are_well_formed(ask_tcp: Way) -> None:
    """A pointer has 14 bits: what stands beyond 16 KiB can not be pointed to."""
    packet = query("huge", "PTR").to_wire()
    reply = ask_tcp.exchange(packet)
    assert len(reply) > 0x4000 + 4096
    answer = dns.message.from_wire(reply).answer
    assert {rdata.to_text() for rdata in answer[0]} == {
        f"pointed-at-{number}.tricky.example." for number in range(1, 1001)
    }
