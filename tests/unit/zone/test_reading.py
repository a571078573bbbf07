"""Any octets are a zone or say what is wrong; what is read is what dnspython reads."""

from collections.abc import Iterable
from pathlib import Path

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.tokenizer
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrdns.errors import BadInputError, Severity
from rrdns.zone.findings import FaultError
from rrdns.zone.lexer import entries
from rrdns.zone.master import LoadedZone, read_zone
from rrdns.zone.name import to_text
from rrdns.zone.rdata import rdata_wire

from .conftest import APEX, HEAD, Read

scraps = st.sampled_from(
    [
        *'()";\\@$*.é \t\n\0\ufeff',
        *HEAD.splitlines(keepends=True),
        *[" A ", " AAAA ", " NS ", " SOA ", " CNAME ", " DNAME ", " TXT ", " TYPE"],
        *("www", "192.0.2.1", "1.2.3.400", "9" * 11, "a" * 64, "xn--", r"\#", "$TTL", "$ORIGIN "),
        *("$GENERATE 0-2 a$ A 192.0.2.${0,1,d}\n", "$INCLUDE any\n"),
    ]
)


def outcome_of(path: Path, content: bytes) -> LoadedZone | BadInputError:
    path.write_bytes(content)
    try:
        return read_zone(path, APEX, "z")
    except BadInputError as error:
        return error


@given(st.one_of(st.text(), st.lists(scraps).map("".join), st.binary()))
def test_any_file_is_a_zone_or_says_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    octets = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    path = tmp_path_factory.getbasetemp() / "any"
    outcome = outcome_of(path, octets)
    if isinstance(outcome, BadInputError):
        assert any(problem.severity is Severity.ERROR for problem in outcome.problems)
        assert list(outcome.problems) == sorted(outcome.problems)
    after_head = outcome_of(path, HEAD.encode() + octets)
    if isinstance(after_head, LoadedZone):
        assert after_head.zone.apex == APEX


words = st.text(st.sampled_from('ab.-\\"; \t()\n0é'), max_size=30)


@given(words)
def test_words_are_those_that_dnspython_sees(text: str) -> None:
    try:
        expected = list(dnspython_words(text))
    except dns.exception.DNSException:
        return
    read = list(entries(text))
    if any(entry.fault for entry in read):  # nested parentheses, which NSD and Knot refuse too
        return
    assert [[(word.ttype, word.value) for word in entry.words] for entry in read] == expected


def dnspython_words(text: str) -> Iterable[list[tuple[int, str]]]:
    """The words of each line that has any."""
    tokenizer = dns.tokenizer.Tokenizer(text)
    line: list[tuple[int, str]] = []
    while True:
        token = tokenizer.get()
        if not token.is_eol_or_eof():
            line.append((token.ttype, token.value))
            continue
        if line:
            yield line
        line = []
        if token.is_eof():
            return


octet_texts = st.text(st.sampled_from("0123456789abf.:%"), min_size=1, max_size=20)


@given(
    st.one_of(octet_texts, st.ip_addresses().map(str), st.ip_addresses().map(lambda a: a.exploded)),
    st.sampled_from([dns.rdatatype.A, dns.rdatatype.AAAA]),
)
def test_the_short_way_for_addresses_is_that_of_dnspython(
    address: str, rtype: dns.rdatatype.RdataType
) -> None:
    try:
        expected = dns.rdata.from_text("IN", rtype, address).to_wire()
    except dns.exception.DNSException:
        expected = None
    (entry,) = entries(address)
    try:
        wire = rdata_wire(rtype, entry.words, entry.end, dns.name.root)
    except FaultError:
        wire = None
    assert wire == expected


def test_a_whole_zone_is_what_dnspython_reads(read: Read) -> None:
    text = HEAD + (
        "a 60 A 192.0.2.1\n A 192.0.2.2\n$ORIGIN b\n@ MX 10 c.linux.example.\n_x._tcp SRV 0 0 1 a\n"
        "$ORIGIN linux.example.\nc AAAA 2001:db8::1\nsub NS ns.sub\nns.sub A 192.0.2.9\n"
        'd CAA 0 issue "ca.example"\nd NAPTR 1 1 S SIP+D2U "" _sip._udp\nd LOC 1 2 3 N 4 5 6 E 7m\n'
        "$GENERATE 1-20 g$ A 192.0.2.$\n"
    )
    expected = {
        (name.to_text(), rdata.rdtype, rdata.to_digestable())
        for name, _, rdata in dns.zone.from_text(
            text, "linux.example.", relativize=False
        ).iterate_rdatas()
    }
    found = {
        (to_text(rrset.owner), rrset.rtype, rdata)
        for node in read(text).zone.nodes.values()
        for rrset in node.values()
        for rdata in rrset.rdatas
    }
    assert found == expected
