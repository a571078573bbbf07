"""RFC 1035, 2782, 3596, 8659, 9460: the data of the types that are in use."""

import struct

import pytest

from harness.expect import Case
from harness.ways import Way, query

CASES = [
    Case("T13 AAAA", "mail", "AAAA", answer="mail AAAA 2001:db8::25"),
    Case(
        "T13 MX",
        "x.wild",
        "MX",
        answer="x.wild MX 10 mail",
        additional="mail A 192.0.2.25\nmail AAAA 2001:db8::25",
    ),
    Case("T13 SRV", "_sip._udp", "SRV", answer="_sip._udp SRV 0 0 5060 ns1.sub"),
    Case(
        "T13 CAA",
        "@",
        "CAA",
        answer='@ CAA 0 issue "ca.example"\n@ CAA 128 iodef "mailto:security@tricky.example"',
    ),
    Case(
        "T13 TXT of several strings, one empty, of any octets",
        "txts",
        "TXT",
        answer=r'txts TXT "" "two strings" "\000\255\"\\"',
    ),
    Case("T13 PTR", "ptr", "PTR", answer="ptr PTR www"),
    Case(
        "T13 NAPTR",
        "@",
        "NAPTR",
        answer='@ NAPTR 10 10 "u" "E2U+sip" "!^.*$!sip:info@tricky.example!" .',
    ),
    Case("T13 SOA", "@", "SOA", answer="@ SOA ns1 hostmaster 2024010101 7200 900 1209600 300"),
    Case(
        "T14 SVCB",
        "svc",
        "SVCB",
        answer="svc SVCB 1 svc4.tricky.example. alpn=h2 port=8443 "
        "ipv4hint=192.0.2.4 ipv6hint=2001:db8::4",
    ),
    Case("T14 HTTPS in alias mode", "alt", "HTTPS", answer="alt HTTPS 0 www"),
    Case("T14 HTTPS at the apex", "@", "HTTPS", answer="@ HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_data_is_served_as_written(ask: Way, case: Case) -> None:
    case.check(ask)


def test_t14_parameters_are_in_the_order_of_their_keys(ask: Way) -> None:
    """They are not in the zone file (RFC 9460 section 2.2)."""
    reply = ask.raw(query("params", "HTTPS").to_wire())
    (record,) = reply.sections[0]
    at = 2 + 1  # behind priority and the root as target
    keys = []
    while at < len(record.rdata):
        key, length = struct.unpack_from("!HH", record.rdata, at)
        keys.append(key)
        at += 4 + length
    assert keys == [0, 1, 3, 6]
