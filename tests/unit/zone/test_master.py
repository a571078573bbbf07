"""A master file of any form becomes the zone that it writes (RFC 1035 section 5)."""

import threading
from ipaddress import ip_address
from pathlib import Path

import dns.rdata
import dns.rdatatype
import pytest
from dns.rdatatype import RdataType

from rrdns.zone.master import LoadedZone, read_zone
from rrdns.zone.name import from_text, to_text

from .conftest import APEX, HEAD, Read


def records_of(loaded: LoadedZone) -> set[tuple[str, int, str, str]]:
    """Every record in presentation format: owner, TTL, type, data."""
    return {
        (
            to_text(rrset.owner),
            rrset.ttl,
            dns.rdatatype.to_text(RdataType.make(rrset.rtype)),
            dns.rdata.from_wire("IN", RdataType.make(rrset.rtype), rdata, 0, len(rdata)).to_text(),
        )
        for node in loaded.zone.nodes.values()
        for rrset in node.values()
        for rdata in rrset.rdatas
    }


def added(loaded: LoadedZone) -> set[tuple[str, int, str, str]]:
    """The records without those of HEAD."""
    names = ("linux.example.", "ns1.linux.example.")
    return {record for record in records_of(loaded) if record[0] not in names}


@pytest.mark.parametrize(
    ("text", "record"),
    [
        pytest.param("www A 192.0.2.1", (3600, "A", "192.0.2.1"), id="the TTL of $TTL"),
        pytest.param("www 60 A 192.0.2.1", (60, "A", "192.0.2.1"), id="its own TTL"),
        pytest.param("www 1h30m A 192.0.2.1", (5400, "A", "192.0.2.1"), id="TTL units"),
        pytest.param("www 60 IN A 192.0.2.1", (60, "A", "192.0.2.1"), id="TTL and class"),
        pytest.param("www IN 60 A 192.0.2.1", (60, "A", "192.0.2.1"), id="class and TTL"),
        pytest.param("www class1 60 a 192.0.2.1", (60, "A", "192.0.2.1"), id="CLASS1 is IN"),
        pytest.param("www 0 A 192.0.2.1", (0, "A", "192.0.2.1"), id="TTL 0"),
        pytest.param("WWW AAAA 2001:DB8::1", (3600, "AAAA", "2001:db8::1"), id="folded"),
        pytest.param("www ( 60\n A\n192.0.2.1 )", (60, "A", "192.0.2.1"), id="parentheses"),
        pytest.param("www A 192.0.2.1 ; mine", (3600, "A", "192.0.2.1"), id="a comment"),
        pytest.param(
            "www A (192.0.2.1 ; mine )\n)", (3600, "A", "192.0.2.1"), id="a ) in a comment"
        ),
        pytest.param("www TXT a;b", (3600, "TXT", '"a"'), id="a comment without white space"),
        pytest.param(r'www TXT "a;(b" c\;d', (3600, "TXT", '"a;(b" "c;d"'), id="text and escapes"),
        pytest.param('www TXT "a""b"', (3600, "TXT", '"a" "b"'), id="adjacent strings"),
        pytest.param(r"www A \# 4 c0000201", (3600, "A", "192.0.2.1"), id="RFC 3597 for A"),
        pytest.param(r"www TYPE1 \# 4 c0000201", (3600, "A", "192.0.2.1"), id="A as TYPE1"),
        pytest.param(
            r"www TYPE65280 \# 3 ab ( cd\n ef )".replace(r"\n", "\n"),
            (3600, "TYPE65280", r"\# 3 abcdef"),
            id="an unknown type",
        ),
        pytest.param(
            "www MX 10 ns1.LINUX.Example.", (3600, "MX", "10 ns1.linux.example."), id="MX"
        ),
        pytest.param("www RP a.B. c.", (3600, "RP", "a.b. c."), id="RFC 4034 folds RP"),
        pytest.param(
            'www HTTPS 1 CDN.example. alpn="h2,h3"',
            (3600, "HTTPS", '1 CDN.example. alpn="h2,h3"'),
            id="HTTPS keeps its letter case",
        ),
        pytest.param('www TXT "é"', (3600, "TXT", r'"\195\169"'), id="UTF-8 in text"),
    ],
)
def test_a_record(read: Read, text: str, record: tuple[int, str, str]) -> None:
    assert added(read(HEAD + text)) == {("www.linux.example.", *record)}


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("www.linux.example.", "www.linux.example."),
        ("_443._tcp.www", "_443._tcp.www.linux.example."),
        (r"a\.b", r"a\.b.linux.example."),
        (r"\032x", r"\032x.linux.example."),
        ("münchen", "xn--mnchen-3ya.linux.example."),
        ("*.a", "*.a.linux.example."),
        ("IN", "in.linux.example."),
        ("10", "10.linux.example."),
    ],
)
def test_an_owner_name(read: Read, owner: str, name: str) -> None:
    assert added(read(f"{HEAD}{owner} A 192.0.2.1")) == {(name, 3600, "A", "192.0.2.1")}


def test_types_that_dnspython_lacks_are_read_like_their_kin(read: Read) -> None:
    zone = read(HEAD + "www MINFO a.X. b.\nwww MB c.\n").zone
    www = from_text("www", APEX)
    assert zone.nodes[www][14].rdatas == (b"\1a\1x\0\1b\0",)
    assert zone.nodes[www][7].rdatas == (b"\1c\0",)


def test_the_owner_and_the_order_of_addresses_are_kept(read: Read) -> None:
    loaded = read(HEAD + "www 60 A 192.0.2.3\n\tA 192.0.2.1\n    60 A 192.0.2.2\n")
    rrset = loaded.zone.rrset(from_text("www", APEX), 1)
    assert rrset is not None
    assert [str(ip_address(rdata)) for rdata in rrset.rdatas] == [
        "192.0.2.3",
        "192.0.2.1",
        "192.0.2.2",
    ]


def test_origin_and_ttl_directives(read: Read) -> None:
    text = (
        "$origin Sub\na A 192.0.2.1\n"
        "$ORIGIN x.linux.example.\n$ttl 5\na A 192.0.2.2\n@ A 192.0.2.3\n"
    )
    assert added(read(HEAD + text)) == {
        ("a.sub.linux.example.", 3600, "A", "192.0.2.1"),
        ("a.x.linux.example.", 5, "A", "192.0.2.2"),
        ("x.linux.example.", 5, "A", "192.0.2.3"),
    }


@pytest.mark.parametrize("text", [HEAD.replace("\n", "\r\n"), "\ufeff" + HEAD, HEAD.rstrip()])
def test_line_ends_marks_and_a_missing_last_line_end_do_not_matter(read: Read, text: str) -> None:
    assert records_of(read(text)) == records_of(read(HEAD))


def test_the_root_zone(read: Read) -> None:
    zone = read(". 60 SOA a. b. 1 2 3 4 5\n. NS a.\na A 192.0.2.1\ncom NS a.\n", ".").zone
    assert zone.soa.ttl == 60
    assert zone.rrset(from_text("a."), 1) is not None


def test_generate(read: Read) -> None:
    text = '$GENERATE 1-3/2 n${0,2,d}-${10} 60 A 192.0.2.$\n$GENERATE 0-0 m$$ TXT "a $ ${31,0,X}"\n'
    assert added(read(HEAD + text)) == {
        ("n01-11.linux.example.", 60, "A", "192.0.2.1"),
        ("n03-13.linux.example.", 60, "A", "192.0.2.3"),
        (r"m\$.linux.example.", 3600, "TXT", '"a" "0" "1F"'),
    }


def test_generate_in_nibbles(read: Read) -> None:
    text = "$GENERATE 26-26 ${0,5,n} A 192.0.2.1\n$GENERATE 26-26 ${0,0,N}.x A 192.0.2.1\n"
    assert {record[0] for record in added(read(HEAD + text))} == {
        "a.1.0.linux.example.",
        "A.1.x.linux.example.".lower(),
    }


def test_include_and_what_it_leaves_as_it_was(read: Read, tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "a").write_text("$TTL 5\nh A 192.0.2.1\n$INCLUDE b\n$ORIGIN y.\n")
    (tmp_path / "inc" / "b").write_text("i A 192.0.2.2\n")
    loaded = read(HEAD + 'www A 192.0.2.3\n$INCLUDE "inc/a" sub\n A 192.0.2.4\nx A 192.0.2.5\n')
    assert added(loaded) == {
        ("www.linux.example.", 3600, "A", "192.0.2.3"),
        ("www.linux.example.", 3600, "A", "192.0.2.4"),
        ("h.sub.linux.example.", 5, "A", "192.0.2.1"),
        ("i.sub.linux.example.", 5, "A", "192.0.2.2"),
        ("x.linux.example.", 3600, "A", "192.0.2.5"),
    }
    assert {tmp_path / "z", tmp_path / "inc" / "a", tmp_path / "inc" / "b"} <= loaded.files


def test_places_of_sets_of_several_addresses(read: Read) -> None:
    places = read(HEAD + "www A 192.0.2.1\n A 192.0.2.2\nx A 192.0.2.1\n").places
    assert {key: str(place) for key, place in places.items()} == {
        (from_text("www", APEX), 1): "z:5:1"
    }


def test_zones_are_read_in_threads_at_the_same_time(tmp_path: Path) -> None:
    results: dict[int, LoadedZone] = {}
    for number in range(4):
        text = HEAD + f"$GENERATE 1-500 n$ 60 TXT {number}\n"
        (tmp_path / str(number)).write_text(text)

    def read_one(number: int) -> None:
        results[number] = read_zone(tmp_path / str(number), APEX)

    threads = [threading.Thread(target=read_one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        rrset = results[number].zone.rrset(from_text("n500", APEX), 16)
        assert rrset is not None
        assert rrset.rdatas == (f"\1{number}".encode(),)


def test_the_example_zone_has_nothing_to_mend() -> None:
    path = Path(__file__).parents[3] / "zones" / "linux.example.zone"
    loaded = read_zone(path, APEX)
    assert loaded.warnings == ()
    www = loaded.zone.rrset(from_text("www", APEX), 1)
    assert www is not None
    assert (www.ttl, len(www.rdatas)) == (60, 3)
