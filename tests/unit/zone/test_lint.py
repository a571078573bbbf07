"""What makes answers wrong is an error; what is only suspicious is a warning, and is loaded."""

import pytest

from rrdns.errors import BadInputError

from .conftest import HEAD, Read

MISSING = "add it, correct it, or end it with a dot if it is a name elsewhere"
ALIAS = "point to the name that has the addresses (RFC 2181 section 10.3)"
HIDDEN = "put it into the delegated zone"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "@ SOA ns1 hostmaster 2 1h 15m 1w 5m",
            "z:5:1: the zone has several SOA records, the first at z:2:1; keep one of them",
            id="two SOA records",
        ),
        pytest.param(
            "a SOA ns1 hostmaster 2 1h 15m 1w 5m",
            "z:5:1: a.linux.example. has an SOA record, which only the apex linux.example. has; "
            "remove it, or give it a zone file of its own",
            id="an SOA below the apex",
        ),
        pytest.param(
            "a CNAME ns1\na A 192.0.2.1",
            "z:6:1: a.linux.example. has a CNAME record, and A beside it; "
            "keep either the CNAME or the other data",
            id="a CNAME and other data",
        ),
        pytest.param(
            "a NS ns.other.\na CNAME ns1",
            "z:5:1: a.linux.example. has a CNAME record, and NS beside it; "
            "keep either the CNAME or the other data",
            id="a CNAME and NS",
        ),
        pytest.param(
            "a CNAME ns1\na CNAME x.other.",
            "z:6:1: a.linux.example. has several CNAME records, the first at z:5:1; "
            "keep one of them",
            id="several CNAMEs",
        ),
        pytest.param(
            "a DNAME x.other.\na DNAME y.other.",
            "z:6:1: a.linux.example. has several DNAME records, the first at z:5:1; "
            "keep one of them",
            id="several DNAMEs",
        ),
        pytest.param(
            "a CNAME ns1\na DNAME x.other.",
            "z:6:1: a.linux.example. has a CNAME record, and DNAME beside it; "
            "keep either the CNAME or the other data",
            id="a CNAME and a DNAME",
        ),
        pytest.param(
            "a DNAME x.other.\na NS ns.other.",
            "z:6:1: a.linux.example. has a DNAME record, and NS beside it; "
            "keep the DNAME or the delegation (RFC 6672 section 2.3)",
            id="a DNAME at a cut",
        ),
        pytest.param(
            "a DNAME x.other.\nb.c.a A 192.0.2.1",
            "z:6:1: b.c.a.linux.example. is below the DNAME record at a.linux.example., "
            "which replaces it; remove it, or the DNAME (RFC 6672 section 2.4)",
            id="data below a DNAME",
        ),
        pytest.param(
            "@ NS ns2",
            "z:5:1: the NS record points to ns2.linux.example., which does not exist; " + MISSING,
            id="NS to nothing",
        ),
        pytest.param(
            "@ NS ns2\nns2 TXT a",
            "z:5:1: the NS record points to ns2.linux.example., which has no address here; "
            + MISSING,
            id="NS to a name without an address",
        ),
        pytest.param(
            "@ NS ns2\nns2 CNAME ns1",
            "z:5:1: the NS record points to ns2.linux.example., which is an alias; " + ALIAS,
            id="NS to a CNAME",
        ),
        pytest.param(
            "@ NS ns2.d\nd DNAME x.other.",
            "z:5:1: the NS record points to ns2.d.linux.example., which is an alias; " + ALIAS,
            id="NS to a name below a DNAME",
        ),
        pytest.param(
            "a NS ns.a",
            "z:5:1: the NS record points to ns.a.linux.example., which has no glue address; "
            "add an A or AAAA record for that name (RFC 9471)",
            id="missing glue",
        ),
        pytest.param(
            "a NS nowhere",
            "z:5:1: the NS record points to nowhere.linux.example., which does not exist; "
            + MISSING,
            id="a delegation to nothing",
        ),
    ],
)
def test_an_error(read: Read, text: str, problem: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(HEAD + text)
    assert [str(found) for found in caught.value.problems] == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "$TTL 1h\n@ NS ns1\nns1 A 192.0.2.53\n",
            "z: the zone linux.example. has no SOA record; "
            "begin it with 'linux.example. SOA ns1 hostmaster 1 1h 15m 1w 5m'",
            id="no SOA",
        ),
        pytest.param(
            "$TTL 1h\n@ SOA ns1.other. h 1 1h 15m 1w 5m\n",
            "z: the zone linux.example. has no NS record at its apex; "
            "add 'linux.example. NS' with the name of each name server",
            id="no NS",
        ),
    ],
)
def test_what_the_apex_must_have(read: Read, text: str, problem: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(text)
    assert [str(found) for found in caught.value.problems] == [problem]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "ns1 A 192.0.2.53",
            "z:5:1: warning: ns1.linux.example. A has this record twice, first at z:4:1; "
            "remove one of the two",
            id="a record twice",
        ),
        pytest.param(
            "a MX 10 NS1\na MX 10 ns1",
            "z:6:1: warning: a.linux.example. MX has this record twice, first at z:5:1; "
            "remove one of the two",
            id="a record twice in other letters",
        ),
        pytest.param(
            "a 60 A 192.0.2.1\na 90 A 192.0.2.2\na 30 A 192.0.2.3",
            "z:5:1: warning: a.linux.example. A has TTL 60 here and 30 at z:7:1; "
            "write one TTL for all of them; 30 is served",
            id="TTLs that differ",
        ),
        pytest.param(
            "@ MX 10 mail",
            "z:5:1: warning: the MX record points to mail.linux.example., which does not exist; "
            + MISSING,
            id="MX to nothing",
        ),
        pytest.param(
            "@ MX 10 mail\nmail TXT a",
            "z:5:1: warning: the MX record points to mail.linux.example., "
            "which has no address here; " + MISSING,
            id="MX to a name without an address",
        ),
        pytest.param(
            "@ MX 10 mail\nmail CNAME ns1",
            "z:5:1: warning: the MX record points to mail.linux.example., which is an alias; "
            + ALIAS,
            id="MX to a CNAME",
        ),
        pytest.param(
            "_x._tcp SRV 0 0 1 nowhere",
            "z:5:1: warning: the SRV record points to nowhere.linux.example., "
            "which does not exist; " + MISSING,
            id="SRV to nothing",
        ),
        pytest.param(
            "@ MX 10 192.0.2.1",
            "z:5:1: warning: the MX record points to a name that looks like an address, "
            "192.0.2.1.linux.example.; "
            "give the address a name with an A or AAAA record, and point to that",
            id="MX to an address",
        ),
        pytest.param(
            "a CNAME b\nb CNAME c",
            "z:5:1: warning: the CNAME record leads to c.linux.example., which does not exist; "
            + MISSING,
            id="a CNAME to nothing, in the end",
        ),
        pytest.param(
            "a CNAME a",
            "z:5:1: warning: the CNAME record leads in a circle through a.linux.example.; "
            "let it end at a name with data",
            id="a CNAME to itself",
        ),
        pytest.param(
            "a NS ns.other.\nb.a TXT x",
            "z:6:1: warning: b.a.linux.example. TXT is never answered, "
            "as a.linux.example. is delegated; " + HIDDEN,
            id="data below a cut",
        ),
        pytest.param(
            "a NS ns.other.\nb.a A 192.0.2.1",
            "z:6:1: warning: b.a.linux.example. A is never answered, "
            "as a.linux.example. is delegated; " + HIDDEN,
            id="an address below a cut that is not glue",
        ),
        pytest.param(
            "a NS ns.other.\na MX 10 ns1",
            "z:6:1: warning: a.linux.example. MX is never answered, "
            "as a.linux.example. is delegated; " + HIDDEN,
            id="data at a cut",
        ),
        pytest.param(
            "*.a NS ns1",
            "z:5:1: warning: *.a.linux.example. is a wildcard and has NS records; "
            "delegate each name (RFC 4592 section 4.2)",
            id="NS at a wildcard",
        ),
    ],
)
def test_a_warning(read: Read, text: str, warning: str) -> None:
    assert str(read(HEAD + text).warnings[0]) == warning


def test_a_mail_address_with_an_at(read: Read) -> None:
    text = HEAD.replace("hostmaster", "hostmaster@linux.example.")
    assert [str(problem) for problem in read(text).warnings] == [
        "z:2:1: warning: the mail address of the SOA record has an '@'; write a dot in its place"
    ]


def test_of_several_ttls_the_least_is_served(read: Read) -> None:
    zone = read(HEAD + "ns1 30 A 192.0.2.54\n").zone
    assert [rrset.ttl for node in zone.nodes.values() for rrset in node.values()][-1] == 30


def test_a_duplicate_is_served_once(read: Read) -> None:
    zone = read(HEAD + "@ SOA NS1 Hostmaster 1 3600 900 1w 300\nns1 A 192.0.2.53\n").zone
    assert [len(rrset.rdatas) for node in zone.nodes.values() for rrset in node.values()] == [1] * 3


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a NS ns.a\nns.a A 192.0.2.1", id="glue"),
        pytest.param("a NS ns.a\nns.a AAAA 2001:db8::1", id="glue of IPv6"),
        pytest.param("a NS a\na A 192.0.2.1", id="glue at the cut itself"),
        pytest.param("a NS ns.b\nb NS ns.other.", id="a server in another delegated zone"),
        pytest.param("a NS ns.b\nb NS ns.b\nns.b A 192.0.2.1", id="sibling glue"),
        pytest.param("a NS ns.other.\na DS 1 8 2 " + "00" * 32, id="DS at a cut"),
        pytest.param("@ NS ns2.w\n*.w A 192.0.2.1", id="NS to a name of a wildcard"),
        pytest.param("@ MX 10 m.w\n*.w AAAA 2001:db8::1", id="MX to a name of a wildcard"),
        pytest.param("@ MX 0 .", id="a null MX (RFC 7505)"),
        pytest.param("_x._tcp SRV 0 0 0 .", id="a service that there is not (RFC 2782)"),
        pytest.param("@ MX 10 mail.other.", id="a target elsewhere"),
        pytest.param("a CNAME b.w\n*.w TXT x", id="a CNAME to a name of a wildcard"),
        pytest.param("a CNAME b.d\nd DNAME x.other.", id="a CNAME through a DNAME"),
        pytest.param("a CNAME ent\nb.ent A 192.0.2.1", id="a CNAME to an empty non-terminal"),
        pytest.param(
            "a CNAME ns1\na RRSIG CNAME 8 2 3600 20300101000000 20200101000000 1 a. AAAA",
            id="the signature of a CNAME",
        ),
        pytest.param(
            "a A 192.0.2.1\na 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 a. AAAA\n"
            "a 90 RRSIG TXT 8 2 90 20300101000000 20200101000000 1 a. AAAA",
            id="signatures with the TTLs of what they sign",
        ),
        pytest.param("@ DNAME x.other.", id="a DNAME beside the NS of the apex"),
        pytest.param("4.3.2.1 PTR ns1\na PTR 4.3.2.1", id="a reverse name"),
    ],
)
def test_what_is_well_is_left_alone(read: Read, text: str) -> None:
    if text.startswith("@ DNAME"):
        head = HEAD.replace("NS ns1", "NS ns.other.").replace("ns1 A 192.0.2.53\n", "")
        assert read(head + text).warnings == ()
        return
    assert read(HEAD + text).warnings == ()


def test_nothing_is_called_missing_where_something_was_not_readable(read: Read) -> None:
    with pytest.raises(BadInputError) as caught:
        read("$TTL 1h\n@ NS ns1\n@ MX 10 mail\na NS ns.a\n..ns1 A 192.0.2.53\n")
    assert [str(problem).split(";")[0] for problem in caught.value.problems] == [
        "z:5:1: '..ns1' has an empty label"
    ]
